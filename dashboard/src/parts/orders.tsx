import { memo, useState } from 'react';
import type { ApiClient } from '../api/client.ts';
import type { Order } from '../api/types.ts';
import { money } from '../format.ts';
import type { Ask, Question } from './confirmation.tsx';
import { Decimal, Time } from './figure.tsx';
import { Panel, Table } from './panel.tsx';

interface OrdersProps {
  readonly client: ApiClient;
  readonly orders: readonly Order[];
  readonly account: string;
  readonly onAsk: Ask;
}

const ENDED = new Set(['Denied', 'Filled', 'Canceled', 'Expired', 'Rejected', 'Lost']);

export const isWorking = (order: Order): boolean => !ENDED.has(order.state);

const HEAD = [
  'No.',
  'Instrument',
  'Order',
  'Quantity',
  'Filled',
  'Price',
  'State',
  'Strategy',
  'Decided',
  <span key="cancel" className="unseen">
    Cancel
  </span>,
];
const SHOWN = 50;

export const Orders = memo(function Orders({ client, orders, account, onAsk }: OrdersProps) {
  const [showsAll, setShowsAll] = useState(false);
  const working = orders.filter(isWorking);
  const shown = (showsAll ? [...orders].sort((a, b) => b.id - a.id) : working).slice(0, SHOWN);
  return (
    <Panel
      title="Orders"
      aside={
        <>
          <span className="count">{working.length} working</span>
          <label className="toggle">
            <input type="checkbox" checked={showsAll} onChange={(event) => setShowsAll(event.target.checked)} /> with
            ended ones
          </label>
        </>
      }
    >
      <Table
        label="Orders"
        head={HEAD}
        numeric={[0, 3, 4, 5]}
        isTall
        empty={
          showsAll
            ? 'There has been no order yet.'
            : 'No order is working. Market orders fill with the next bar and leave this list; tick the box to see them.'
        }
      >
        {shown.map((order) => (
          <tr key={order.id} data-order={order.id} data-ended={!isWorking(order) || undefined}>
            <td className="numeric">{order.id}</td>
            <th scope="row">{order.symbol}</th>
            <td>
              <span className={`side ${order.side === 'buy' ? 'up' : 'down'}`}>{order.side}</span> {order.type}{' '}
              <span className="quiet">{descriptionOf(order)}</span>
            </td>
            <td className="numeric">
              {order.quantity === null ? <Budget budget={order.budget} /> : <Decimal text={order.quantity} />}
            </td>
            <td className="numeric">
              <Decimal text={order.filled} />
            </td>
            <td className="numeric">
              <Decimal text={order.trigger ?? order.price} />
            </td>
            <td>{order.state}</td>
            <td>{order.strategy}</td>
            <td>
              <Time ms={order.createdAt} />
            </td>
            <td className="action">
              {isWorking(order) && (
                <button
                  type="button"
                  aria-label={`Cancel order ${order.id}`}
                  onClick={() => onAsk(cancelQuestion(client, account, order))}
                >
                  Cancel
                </button>
              )}
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
});

/** What it is for, and what it has to do with an algorithm. */
function descriptionOf({ purpose, algorithm, partOf }: Order): string {
  if (partOf !== null) return `${purpose}, part of ${partOf}`;
  return algorithm === null ? purpose : `${purpose}, worked`;
}

/** An order for money has its quantity from the price; a bracket's leg has it from its entry. */
function Budget({ budget }: { readonly budget: string | null }) {
  if (budget === null) return <span className="quiet">of its entry</span>;
  return <data value={budget}>for {money(budget)}</data>;
}

function cancelQuestion(client: ApiClient, account: string, order: Order): Question {
  const isProtection = order.purpose === 'stop-loss' || order.purpose === 'take-profit';
  return {
    title: `Cancel order ${order.id}?`,
    action: 'Cancel the order',
    isGrave: isProtection,
    consequences: (
      <ul>
        <li>
          The {order.side} {order.type} order for {order.symbol} stops working. What of it has filled stays filled.
        </li>
        {isProtection && <li>It is the {order.purpose} of an open position, which then goes without it.</li>}
      </ul>
    ),
    async act(key) {
      const done = await client.command('orders.cancel', { account, order: order.id }, key);
      return `Order ${done.order} is ${done.state}.`;
    },
  };
}
