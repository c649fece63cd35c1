/** What the fold holds against orders that algorithms work: a ledger that was tampered with is told from one that was written. */
import { describe, expect, test } from 'vitest';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { LedgerFold } from '../../../core/ledger/fold.ts';
import { buy, CALM, trade } from '../execution/trade.ts';

const algorithm = { kind: 'twap', cycles: 4 };
/** Written anew for each test: while files are read, no code of the ledger runs, so that mutants of it are seen by the tests that run them. */
const written = () => trade({ 0: buy({ quantity: 8, algorithm }) }, [CALM, CALM, CALM, CALM, CALM, CALM]).events;

/** The first thing that is wrong with the events, with the kind of the one it is wrong with. */
function wrongWith(changed: readonly LedgerEvent[]): string | undefined {
  const fold = new LedgerFold();
  for (const event of changed) {
    const wrong = fold.apply(event);
    if (wrong) return `${event.kind}: ${wrong.what}`;
  }
  return undefined;
}

type Events = readonly LedgerEvent[];
const at = (events: Events, kind: LedgerEvent['kind'], nth = 0): number =>
  events.flatMap((event, k) => (event.kind === kind ? [k] : []))[nth];
/** The events with other fields in one of them. */
const change =
  (kind: LedgerEvent['kind'], nth: number, fields: object) =>
  (events: Events): Events =>
    events.map((event, k) => (k === at(events, kind, nth) ? { ...event, ...fields } : event));

describe('a ledger with an order that is worked', () => {
  test('holds as it was written', () => {
    expect(wrongWith(written())).toBeUndefined();
  });

  test.each([
    ['a part larger than what is left', change('OrderInitialized', 4, { quantity: '3000' }), 'ChildCarved: quantity'],
    ['a part on the other side', change('OrderInitialized', 1, { side: 'sell' }), 'ChildCarved: side'],
    ['a part that reserves more', change('OrderInitialized', 1, { reserved: '90000' }), 'ChildCarved: reserved'],
    ['a part of an order that none works', change('ChildCarved', 1, { parent: 2 }), 'ChildCarved: parent'],
    [
      'the whole filled by more than its parts',
      change('ParentFilled', 0, { quantity: '8001' }),
      'ParentFilled: quantity',
    ],
    [
      'the whole over while a part is out',
      (events: Events) => [...events.slice(0, at(events, 'OrderFilled', 3)), events[at(events, 'ParentFilled')]],
      'ParentFilled: quantity',
    ],
    [
      'the whole sent',
      (events: Events) => [
        ...events.slice(0, at(events, 'AlgorithmStarted')),
        { ...events[at(events, 'OrderSubmitted')], order: 1 },
      ],
      'OrderSubmitted: order',
    ],
    [
      'an algorithm set for an order that is not new',
      (events: Events) => [...events, { ...events[at(events, 'AlgorithmSet')], cycle: events.at(-1)?.cycle as number }],
      'AlgorithmSet: order',
    ],
  ])('does not hold with %s', (_, changed, wrong) => {
    expect(wrongWith(changed(written()))).toBe(wrong);
  });
});
