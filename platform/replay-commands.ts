/** What people did in the middle of a cycle, done again where the ledger has it: each command is one commit between two steps. */
import { cancel, pauseStrategy } from '../core/engine/bookkeeping.ts';
import type { Engine } from '../core/engine/engine.ts';
import type { LedgerEvent } from '../core/ledger/events.ts';
import { closeByHand } from '../core/risk/close-by-hand.ts';
import { halt, reduce, resume } from '../core/risk/kill-switch.ts';
import type { TradingState } from '../core/risk/trading-state.ts';
import type { SequencedEvent } from '../operations/support/ledger-events.ts';

const SWITCH = { Active: resume, Reducing: reduce, Halted: halt } as const satisfies Record<TradingState, unknown>;

/** The events of the commit that begins here: a command's own, where one was done here. */
export function commitAt(events: readonly SequencedEvent[], at: number): LedgerEvent[] {
  const commit = events[at]?.commit;
  let end = at;
  while (events[end]?.commit === commit && end < events.length) end++;
  return events.slice(at, end).map(({ event }) => event);
}

/** Does again what `commit` says a person did; false where it does not say so. The engine may then be half changed. */
export function redoCommand(engine: Engine, commit: readonly LedgerEvent[]): boolean {
  const said = textsOf(engine, commit);
  const event = commit.find(({ kind }) => kind !== 'TextDefined');
  if (event === undefined) return false;
  const reason = said.get(event.reason as number) ?? '';
  switch (event.kind) {
    case 'TradingStateChanged':
      SWITCH[event.to as TradingState](engine, reason);
      return true;
    case 'StrategyPaused':
      pauseStrategy(engine, event.strategy as number, event.paused as boolean, reason);
      return true;
    case 'OrderCanceled':
      return cancelAll(engine, commit, said);
    case 'OrderInitialized':
      return event.purpose === 'manual' && close(engine, event, reason);
    default:
      return false;
  }
}

/** Texts by their numbers: those that the engine remembers, and those that the commit defines. */
function textsOf(engine: Engine, commit: readonly LedgerEvent[]): Map<number, string> {
  const texts = new Map(engine.texts.snapshot().known.map(([text, index]) => [index, text]));
  for (const { kind, body } of commit) {
    if (kind !== 'TextDefined') continue;
    const { index, text } = body as { index: number; text: string };
    texts.set(index, text);
  }
  return texts;
}

function cancelAll(engine: Engine, commit: readonly LedgerEvent[], said: ReadonlyMap<number, string>): boolean {
  for (const { kind, order: id, reason } of commit) {
    if (kind !== 'OrderCanceled') continue;
    const working = engine.markets.flatMap(({ orders, held }) => [...orders, ...held]);
    const order = working.find((candidate) => candidate.id === id);
    // Legs end with their entry.
    if (order && order.state !== 'Canceled') cancel(engine, order, said.get(reason as number) ?? '');
  }
  return true;
}

/** A position that was closed by hand; what waits for execute goes on waiting. */
function close(engine: Engine, { strategy, instrument }: LedgerEvent, reason: string): boolean {
  const market = engine.markets[instrument as number];
  if (engine.position(strategy as number, market.index).quantity === 0) return false;
  closeByHand(engine, strategy as number, market, reason);
  return true;
}
