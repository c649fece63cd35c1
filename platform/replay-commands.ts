/** What people did in the middle of a cycle, done again where the ledger has it: each command is one commit between two steps. */
import { cancel, haltInstrument, pauseStrategy } from '../core/engine/bookkeeping.ts';
import type { Engine } from '../core/engine/engine.ts';
import type { MarketState } from '../core/engine/market-state.ts';
import type { LedgerEvent } from '../core/ledger/events.ts';
import { closeNow } from '../core/risk/close-by-hand.ts';
import { halt, haltMarket, haltStrategy, reduce, resume } from '../core/risk/kill-switch.ts';
import type { TradingState } from '../core/risk/trading-state.ts';
import type { SequencedEvent } from '../operations/support/ledger-events.ts';

/** The events of the commit that begins here: a command's own, where one was done here. */
export function commitAt(events: readonly SequencedEvent[], at: number): LedgerEvent[] {
  const commit = events[at]?.commit;
  let end = at;
  while (events[end]?.commit === commit && end < events.length) end++;
  return events.slice(at, end).map(({ event }) => event);
}

const SWITCH = { Active: resume, Reducing: reduce, Halted: halt } as const satisfies Record<TradingState, unknown>;

/** Does again what `commit` says a person did; false where it does not say so. The engine may then be half changed. */
export function redoCommand(engine: Engine, commit: readonly LedgerEvent[]): boolean {
  const said = textsOf(engine, commit);
  const redone = commit.map((event) => redo(engine, event, said.get(event.reason as number) ?? '', commit));
  return redone.includes('done') && !redone.includes('not by a person');
}

/** `follows`: it comes with another event of the commit, which was done again before it. */
type Redone = 'done' | 'follows' | 'not by a person';

function redo(engine: Engine, event: LedgerEvent, reason: string, commit: readonly LedgerEvent[]): Redone {
  switch (event.kind) {
    case 'TradingStateChanged':
      SWITCH[event.to as TradingState](engine, reason);
      return 'done';
    case 'StrategyPaused':
      if (event.paused && commit.some(endsSomething)) haltStrategy(engine, event.strategy as number, reason);
      else pauseStrategy(engine, event.strategy as number, event.paused as boolean, reason);
      return 'done';
    case 'InstrumentHalted':
      return haltAgain(engine, engine.markets[event.instrument as number], event.halted as boolean, reason);
    case 'OrderCanceled':
      return cancelAgain(engine, event.order as number, reason);
    case 'OrderDenied':
      return denyAgain(engine, event, reason);
    case 'OrderInitialized':
      return closeAgain(engine, event, reason);
    case 'TextDefined':
    case 'OrderSubmitted':
    case 'OrderAccepted':
      return 'follows';
    default:
      return 'not by a person';
  }
}

/** A strategy that is only paused keeps its orders, and what it has proposed. */
const endsSomething = ({ kind }: LedgerEvent): boolean => kind === 'OrderCanceled' || kind === 'OrderDenied';

function haltAgain(engine: Engine, market: MarketState, halted: boolean, reason: string): Redone {
  if (halted) haltMarket(engine, market, reason);
  else haltInstrument(engine, market, false, reason);
  return 'done';
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

function cancelAgain(engine: Engine, id: number, reason: string): Redone {
  const working = engine.markets.flatMap(({ orders, held }) => [...orders, ...held]);
  const order = [...working, ...engine.intents].find((candidate) => candidate.id === id);
  // Legs end with their entry.
  if (!order || order.state === 'Canceled') return 'follows';
  cancel(engine, order, reason);
  engine.intents = engine.intents.filter(({ state }) => state !== 'Canceled');
  return 'done';
}

/** What a strategy that a person halted had proposed; or a position that is too small to be flattened. */
function denyAgain(engine: Engine, { strategy, instrument, denial }: LedgerEvent, reason: string): Redone {
  const of = strategy as number;
  if (denial !== 'TRADING_HALTED') {
    closeNow(engine, of, engine.markets[instrument as number], reason, 'flatten');
    return 'done';
  }
  if (engine.proposals.every((signal) => signal.strategy !== of)) return 'follows';
  haltStrategy(engine, of, reason);
  return 'done';
}

/** A position that was closed by hand or flattened; what waits for execute goes on waiting. */
function closeAgain(engine: Engine, { strategy, instrument, purpose }: LedgerEvent, reason: string): Redone {
  if (purpose !== 'manual' && purpose !== 'flatten') return 'not by a person';
  const market = engine.markets[instrument as number];
  if (engine.position(strategy as number, market.index).quantity === 0) return 'not by a person';
  closeNow(engine, strategy as number, market, reason, purpose);
  return 'done';
}
