import type { Engine } from '../core/engine/engine.ts';
import { canonicalJson } from '../core/json.ts';
import type { LedgerEvent } from '../core/ledger/events.ts';
import { Journal } from '../core/ledger/journal.ts';

export interface ParityReport {
  readonly identical: boolean;
  readonly events: number;
  /** Head of the chain, when identical; of the backtest, when not. */
  readonly ledgerSha256: string;
  /** Where they part: each side's event, or null where it has ended. */
  readonly firstDifference?: {
    readonly sequence: number;
    readonly backtest: LedgerEvent | null;
    readonly live: LedgerEvent | null;
  };
}

/** Compares a backtest's ledger with the events of a live run, event for event, then by the hash of the chain. */
export async function compareLedgers(backtest: Engine, live: AsyncIterable<LedgerEvent>): Promise<ParityReport> {
  const ledgerSha256 = backtest.journal.head();
  const chain = new Journal();
  const expected = backtest.journal.events();
  let sequence = 0;
  for await (const event of live) {
    sequence++;
    const next = expected.next();
    const mine = next.done ? null : next.value;
    if (mine === null || canonicalJson(mine) !== canonicalJson(event)) {
      return {
        identical: false,
        events: sequence,
        ledgerSha256,
        firstDifference: { sequence, backtest: mine, live: event },
      };
    }
    chain.append(event);
  }
  const left = expected.next();
  if (!left.done) {
    return {
      identical: false,
      events: sequence,
      ledgerSha256,
      firstDifference: { sequence: sequence + 1, backtest: left.value, live: null },
    };
  }
  return { identical: chain.head() === ledgerSha256, events: sequence, ledgerSha256 };
}
