import { memo } from 'react';
import type { LedgerEvent } from '../api/types.ts';
import type { AccountView } from '../live/view.ts';
import { Time } from './figure.tsx';
import { Panel, Table } from './panel.tsx';

const SHOWN = 60;

/** The tail of the ledger: what happened, in the order in which it is chained. */
export const Ledger = memo(function Ledger({
  events,
  chain,
}: {
  readonly events: readonly LedgerEvent[];
  readonly chain: AccountView['chain'];
}) {
  const tail = events.slice(-SHOWN).reverse();
  return (
    <Panel
      title="Ledger"
      aside={
        <span className="count hash" title={`SHA-256 of the chain up to event ${chain.sequence}: ${chain.hash}`}>
          #{chain.sequence} <code>{chain.hash.slice(0, 12)}</code>
        </span>
      }
    >
      <Table
        label="Ledger"
        head={['Seq.', 'Event', 'What', 'Cycle']}
        numeric={[0]}
        isTall
        empty="The ledger is empty. It begins with the account's first cycle."
      >
        {tail.map((event) => (
          <EventRow key={event.sequence} event={event} />
        ))}
      </Table>
    </Panel>
  );
});

const EventRow = memo(function EventRow({ event }: { readonly event: LedgerEvent }) {
  return (
    <tr data-sequence={event.sequence}>
      <td className="numeric">{event.sequence}</td>
      <th scope="row">{event.kind}</th>
      <td className="what" title={JSON.stringify(event.fields)}>
        {describe(event)}
      </td>
      <td>
        <Time ms={event.cycle} />
      </td>
    </tr>
  );
});

/** Figures that say what an event was about, in the order in which they are told. */
const TOLD = [
  ...['order', 'side', 'instrument', 'purpose', 'quantity', 'budget', 'price', 'trigger', 'from', 'to', 'denial'],
  ...['strategy', 'amount', 'reason', 'text'],
];
const BEFORE: Readonly<Record<string, string>> = {
  order: 'no. ',
  budget: 'for ',
  price: 'at ',
  trigger: 'at ',
  to: '→ ',
};

function describe({ fields }: LedgerEvent): string {
  return TOLD.filter((name) => isTold(fields[name]))
    .map((name) => (BEFORE[name] ?? '') + fields[name])
    .join(' ');
}

/** A quantity or budget of zero stands for none. */
const isTold = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && value !== '' && !/^0(\.0+)?$/.test(value));
