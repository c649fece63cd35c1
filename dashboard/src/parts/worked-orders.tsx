import { memo } from 'react';
import type { ApiClient } from '../api/client.ts';
import type { Order, Shortfall } from '../api/types.ts';
import { decimal, money, number } from '../format.ts';
import { useQuery } from '../hooks.ts';
import { Decimal, Time } from './figure.tsx';
import { isWorking } from './orders.tsx';
import { Panel, Table } from './panel.tsx';

interface WorkedOrdersProps {
  readonly client: ApiClient;
  readonly orders: readonly Order[];
  readonly account: string;
}

/** Orders that are shown: all at work, then those that ended last. */
const SHOWN = 8;

/** Orders that an algorithm works: how far each is, in which parts, and at what cost; nothing where there are none. */
export const WorkedOrders = memo(function WorkedOrders({ client, orders, account }: WorkedOrdersProps) {
  const worked = orders.filter(({ algorithm }) => algorithm !== null);
  if (worked.length === 0) return null;
  const byNumber = worked.sort((a, b) => Number(isWorking(b)) - Number(isWorking(a)) || b.id - a.id);
  return <Worked client={client} worked={byNumber.slice(0, SHOWN)} orders={orders} account={account} />;
});

function Worked({ client, worked, orders, account }: WorkedOrdersProps & { readonly worked: readonly Order[] }) {
  // Asked again where one of them has filled further or ended.
  const key = worked.map(({ id, filled, state }) => `${id} ${filled} ${state}`).join();
  const { answer, problem } = useQuery(
    () => client.query('orders.shortfall', { account, limit: 1_000 }),
    `${account} ${key}`,
  );
  const costs = new Map(answer?.orders.map((shortfall) => [shortfall.order, shortfall]));
  return (
    <Panel
      title="Worked orders"
      aside={<span className="count">{worked.filter(isWorking).length} at work, by an algorithm</span>}
    >
      {problem && <p className="problem">What they cost is not known: {problem}</p>}
      <ul className="worked">
        {worked.map((order) => (
          <li key={order.id} data-worked={order.id}>
            <WorkedOrder
              order={order}
              parts={orders.filter(({ partOf }) => partOf === order.id).sort((a, b) => b.id - a.id)}
              cost={costs.get(order.id)}
            />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

interface WorkedOrderProps {
  readonly order: Order;
  readonly parts: readonly Order[];
  readonly cost: Shortfall | undefined;
}

const ALGORITHMS: Readonly<Record<string, string>> = { twap: 'TWAP', vwap: 'VWAP', iceberg: 'Iceberg', peg: 'Peg' };

function WorkedOrder({ order, parts, cost }: WorkedOrderProps) {
  const { id, side, symbol, algorithm, quantity, filled } = order;
  // Of an order for money, what it would buy at the price of the decision.
  const wanted = quantity ?? cost?.wanted;
  const share = wanted === undefined ? undefined : Math.min(1, Number(filled) / Number(wanted));
  return (
    <details>
      <summary>
        <span className="worked-what">
          <span className={`side ${side === 'buy' ? 'up' : 'down'}`}>{side}</span> <b>{symbol}</b>{' '}
          <span className="algorithm">{ALGORITHMS[algorithm ?? ''] ?? algorithm}</span>{' '}
          <span className="quiet">no. {id}</span>
        </span>
        <progress max={1} value={share ?? 0} aria-label={`Filled of order ${id}`} />
        <span className="worked-filled">
          <Decimal text={filled} /> of {wholeOf(order, wanted)}
        </span>
        <span className="worked-cost">
          <span className="quiet">shortfall</span> {cost ? <BasisPoints of={cost.bps.total} /> : '–'}
        </span>
        <span className="worked-state">{isWorking(order) ? 'at work' : order.state}</span>
      </summary>
      {cost && <Cost cost={cost} />}
      <Table
        label={`Parts of order ${id}`}
        head={['No.', 'Quantity', 'Filled', 'Price', 'State', 'Sent']}
        numeric={[0, 1, 2, 3]}
        isTall
        empty="No part has been sent yet, or those that were have left the list of orders."
      >
        {parts.map((part) => (
          <tr key={part.id} data-part={part.id} data-ended={!isWorking(part) || undefined}>
            <th scope="row" className="numeric">
              {part.id}
            </th>
            <td className="numeric">
              {part.quantity === null ? <>for {money(part.budget ?? '')}</> : <Decimal text={part.quantity} />}
            </td>
            <td className="numeric">
              <Decimal text={part.filled} />
            </td>
            <td className="numeric">
              <Decimal text={part.price} />
            </td>
            <td>{part.state}</td>
            <td>
              <Time ms={part.createdAt} />
            </td>
          </tr>
        ))}
      </Table>
    </details>
  );
}

function wholeOf({ quantity, budget }: Order, wanted: string | undefined): string {
  if (wanted === undefined) return `${money(budget ?? '')} in money`;
  return quantity === null ? `about ${decimal(wanted)}` : decimal(wanted);
}

const PARTS = [
  ['delay', 'Delay'],
  ['execution', 'Execution'],
  ['fees', 'Fees'],
  ['opportunity', 'Not filled'],
  ['total', 'Shortfall'],
] as const;

/** Implementation shortfall, in the parts that come to it. */
function Cost({ cost }: { readonly cost: Shortfall }) {
  return (
    <dl className="outcome">
      {PARTS.map(([part, name]) => (
        <div key={part}>
          <dt>{name}</dt>
          <dd data-cost={part} title={cost.money[part]}>
            <BasisPoints of={cost.bps[part]} />
          </dd>
        </div>
      ))}
      <div>
        <dt>Decided at</dt>
        <dd>
          <Decimal text={cost.decisionPrice} />
        </dd>
      </div>
    </dl>
  );
}

/** Beside the price of the decision: what is positive was lost. */
function BasisPoints({ of }: { readonly of: number }) {
  const text = number(of, 1);
  const tone = /[1-9]/.test(text) ? (of > 0 ? 'down' : 'up') : undefined;
  return (
    <data value={of} className={tone}>
      {text} bp
    </data>
  );
}
