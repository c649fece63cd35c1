import { averagesOf, type Shortfall, type ShortfallAverage, ShortfallFold } from '../execution/shortfall.ts';
import { DOCUMENT_EVENTS, NUMERIC_EVENTS } from '../ledger/events.ts';
import { decodeRecord } from '../ledger/records.ts';
import { codeOf, recordsOf } from './record-fields.ts';
import type { BacktestResult } from './trades.ts';

/** Events that say nothing of what orders cost, and of which a run has many. */
const PASSED_OVER: ReadonlySet<number> = new Set([
  NUMERIC_EVENTS.OrderSubmitted.code,
  NUMERIC_EVENTS.OrderAccepted.code,
  NUMERIC_EVENTS.OrderDenied.code,
  DOCUMENT_EVENTS.TextDefined.code,
]);

/** What the orders of a run cost beside their decisions, by algorithm; only those that have ended. */
export function shortfallOf({ run: { engine } }: BacktestResult): ShortfallAverage[] {
  return averagesOf(endedIn(engine));
}

function* endedIn({ journal, markets }: BacktestResult['run']['engine']): Generator<Shortfall> {
  const fold = new ShortfallFold(markets);
  for (const at of recordsOf(journal)) {
    if (PASSED_OVER.has(codeOf(journal.words[at]))) continue;
    const ended = fold.take(decodeRecord(journal.words, at));
    if (ended) yield ended;
  }
}
