import { memo } from 'react';
import type { ApiClient } from '../api/client.ts';
import type { Position } from '../api/types.ts';
import { decimal, signOf } from '../format.ts';
import type { Ask, Question } from './confirmation.tsx';
import { Decimal, Money, Time } from './figure.tsx';
import { Panel, Table } from './panel.tsx';

interface PositionsProps {
  readonly client: ApiClient;
  readonly positions: readonly Position[];
  readonly currency: string;
  readonly account: string;
  readonly onAsk: Ask;
}

const HEAD = [
  'Instrument',
  'Strategy',
  'Quantity',
  'Entry',
  'Last',
  'Value',
  'Unrealised',
  'Realised',
  'Since',
  <span key="close" className="unseen">
    Close
  </span>,
];

export const Positions = memo(function Positions({ client, positions, currency, account, onAsk }: PositionsProps) {
  const open = positions.filter(({ quantity }) => signOf(quantity) !== 0);
  return (
    <Panel title="Positions" aside={<span className="count">{open.length} open</span>}>
      <Table
        label="Positions"
        head={HEAD}
        numeric={[2, 3, 4, 5, 6, 7]}
        empty="No position is open. One appears here when a strategy's order fills."
      >
        {open.map((position) => (
          <tr key={`${position.strategy} ${position.symbol}`} data-position={`${position.strategy} ${position.symbol}`}>
            <th scope="row">{position.symbol}</th>
            <td>{position.strategy}</td>
            <td className="numeric">
              <span className={`side ${signOf(position.quantity) > 0 ? 'up' : 'down'}`}>
                {signOf(position.quantity) > 0 ? 'long' : 'short'}
              </span>{' '}
              <Decimal text={position.quantity} />
            </td>
            <td className="numeric">
              <Decimal text={position.entryPrice} />
            </td>
            <td className="numeric">
              <Decimal text={position.lastPrice} />
            </td>
            <td className="numeric">
              <Money amount={position.value} currency={currency} />
            </td>
            <td className="numeric">
              <Money amount={position.unrealised} currency={currency} signed />
            </td>
            <td className="numeric">
              <Money amount={position.realised} currency={currency} signed />
            </td>
            <td>{position.openedAt === null ? '–' : <Time ms={position.openedAt} />}</td>
            <td className="action">
              <button
                type="button"
                aria-label={`Close ${position.symbol} of ${position.strategy}`}
                onClick={() => onAsk(closeQuestion(client, account, position))}
              >
                Close
              </button>
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
});

function closeQuestion(client: ApiClient, account: string, { strategy, symbol, quantity }: Position): Question {
  const verb = signOf(quantity) > 0 ? 'sells' : 'buys';
  return {
    title: `Close ${symbol} of ${strategy}?`,
    action: 'Close the position',
    isGrave: true,
    consequences: (
      <ul>
        <li>
          A market order {verb} {decimal(quantity.replace('-', ''))} {symbol}. It is matched with the next bar, at its
          price.
        </li>
        <li>The strategy keeps running and may open a position again. Pause it to prevent that.</li>
      </ul>
    ),
    async act(key) {
      const done = await client.command('positions.close', { account, strategy, symbol }, key);
      return `Order ${done.order} closes ${symbol}: it is ${done.state}.`;
    },
  };
}
