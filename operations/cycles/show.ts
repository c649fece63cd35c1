import { PlimsollError } from '../../core/errors.ts';
import { type CycleDocument, KEYS, type VerdictsDocument } from '../../functions/steps/account-state.ts';
import type { OperationContext } from '../operation.ts';
import { viewIfOpen } from '../support/account.ts';
import { barView } from '../support/bars.ts';
import { cycleView } from '../support/cycles.ts';
import { namedEvents } from '../support/events.ts';
import { eventsOfCycle } from '../support/ledger-events.ts';
import { proposalsOf } from '../support/proposals.ts';

/** Events of one cycle that are shown. */
const EVENTS_SHOWN = 1_000;

export default async function show(context: OperationContext, input: { account?: string | undefined; cycle: number }) {
  const { ledger } = context.steps;
  const view = await viewIfOpen(context, input.account);
  if (!view) throw cycleUnknown(input.cycle);
  const { stream, account, engine } = view;
  const [cycle, verdicts, decision] = await Promise.all(
    [KEYS.cycle(input.cycle), KEYS.verdicts(input.cycle), KEYS.decision(input.cycle)].map((key) =>
      ledger.document(stream, key),
    ),
  );
  if (!cycle) throw cycleUnknown(input.cycle);
  const document = cycle.value as unknown as CycleDocument;
  const bars = Object.entries(document.bars).flatMap(([symbol, row]) => {
    const market = engine.markets.find(({ instrument }) => instrument.symbol === symbol);
    return market ? [[symbol, barView(row, market.instrument.priceDecimals)] as const] : [];
  });
  return {
    cycle: verdicts
      ? cycleView(verdicts.value as unknown as VerdictsDocument, account.moneyDecimals)
      : { cycle: input.cycle, equity: null, missing: [...document.missing], lateByMs: document.lateByMs, steps: [] },
    bars: Object.fromEntries(bars),
    contentHash: document.contentHash,
    proposals: decision ? (proposalsOf(view, decision.value) as unknown[]) : [],
    events: await namedEvents(ledger, view, await eventsOfCycle(ledger, stream, input.cycle, EVENTS_SHOWN)),
  };
}

const cycleUnknown = (cycle: number): PlimsollError =>
  new PlimsollError('CYCLE_UNKNOWN', `there is no cycle ${cycle}`, 'list the cycles to see their times (ms UTC)');
