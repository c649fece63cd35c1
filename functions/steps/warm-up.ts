/** History for an account that is new: its strategies move over it and are not asked, so that they are warm at the first decision. */
import { definitionOf, streamOf, universeOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration } from '../../core/configuration/schema.ts';
import type { EngineDefinition } from '../../core/engine/engine.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import { barOpenAt, type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import type { MarketDataPort } from '../../core/ports/market-data.ts';
import type { RunningStrategy } from '../../core/strategies/runner.ts';
import { type CycleDocument, KEYS } from './account-state.ts';
import { type GatheredBars, gatherBars } from './gather.ts';
import { openAccount, openCycles } from './ingest.ts';
import type { StepPorts } from './ports.ts';

export const WARM_UP_BOUNDS = {
  /** At least so many cycles, so that a chart has something to show. */
  fewest: 300,
  most: 5_000,
  /** Cycles that are fetched, kept and opened at a time. */
  perPart: 500,
} as const;

export interface WarmUpRequest {
  readonly ports: StepPorts;
  readonly account: AccountConfiguration;
  readonly venue: MarketDataPort;
  /** As the venue lists them, or as the account was opened with. */
  readonly instruments: readonly Instrument[];
  /** The first live cycle, ms UTC: history ends before it. */
  readonly before: number;
  /** Stores bars in the lake, as known at a time (ms UTC). */
  readonly keep: (cycles: readonly GatheredBars[], knownAt: number) => Promise<void>;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Wall-clock ms UTC after which no further part is begun; the next call goes on where this one ended. */
  readonly until: number;
}

/**
 * Opens an account's history part by part, oldest first, and the account with the first of it. Says whether the history is whole:
 * it then reaches up to `before` without a hole, and the live cycles may follow. An account that is trading has it.
 */
export async function warmUp(request: WarmUpRequest): Promise<boolean> {
  const { ports, account, venue, instruments, before } = request;
  const stream = streamOf(ports.configuration, account);
  const last = await lastCycle(ports.ledger, stream);
  if (last && !last.warmUp) return true;
  const times = timesOf(request, last);
  for (let from = 0; from < times.length; from += WARM_UP_BOUNDS.perPart) {
    if (from > 0 && ports.now() > request.until) return false;
    await openPart(request, times.slice(from, from + WARM_UP_BOUNDS.perPart));
  }
  await openAccount(ports, account, instruments, venue.provenance, before);
  return true;
}

/** The latest cycle of a stream that was opened. */
export async function lastCycle(ledger: LedgerPort, stream: string): Promise<CycleDocument | undefined> {
  const [last] = await ledger.documents(stream, { prefix: KEYS.cyclePrefix, reverse: true, limit: 1 });
  return last?.value as unknown as CycleDocument | undefined;
}

/** A bar that is not out is not waited for: all of them have been closed for long. */
async function openPart(request: WarmUpRequest, times: readonly number[]): Promise<void> {
  const { ports, account, venue, instruments, before, sleep, keep } = request;
  const { timeframe } = universeOf(ports.configuration, account);
  const gathered = await gatherBars({
    venue,
    instruments,
    timeframe: timeframe as Timeframe,
    times,
    waitUntil: 0,
    now: ports.now,
    sleep,
  });
  const cycles = gathered.filter(({ bars }) => bars.size > 0);
  if (cycles.length === 0) return;
  await openAccount(ports, account, instruments, venue.provenance, cycles[0].asOf);
  await keep(cycles, before);
  const history = cycles.map((cycle) => ({ ...cycle, warmUp: true as const }));
  await openCycles(ports, account, history);
}

/** The logical times of what is missing of the history, oldest first: from what was opened, or as far back as is wanted. */
function timesOf({ ports, account, venue, instruments, before }: WarmUpRequest, last?: CycleDocument): number[] {
  const { configuration, registry } = ports;
  const { provenance } = venue;
  const definition = definitionOf({ configuration, account, instruments, provenance, registry, openedAt: before });
  const interval = timeframeMs(definition.timeframe);
  const latest = barOpenAt(before - 1, definition.timeframe);
  const wanted = last ? Math.round((latest - last.asOf) / interval) : cyclesWanted(definition, interval);
  const count = Math.max(0, Math.min(WARM_UP_BOUNDS.most, wanted));
  return Array.from({ length: count }, (_, k) => latest - (count - 1 - k) * interval);
}

const cyclesWanted = ({ strategies }: EngineDefinition, interval: number): number =>
  Math.max(WARM_UP_BOUNDS.fewest, ...strategies.map((running) => barsWanted(running, interval)));

/** Bars of `interval` ms that a strategy and its indicators want before they are asked, whole bars of longer timeframes first. */
function barsWanted({ definition, params, timeframe }: RunningStrategy, interval: number): number {
  const own = timeframeMs(timeframe);
  const spans = Object.values(
    definition.indicators(params) as Record<string, { warmUp: number; timeframe?: string }>,
  ).map((spec) => (spec.warmUp + 1) * timeframeMs(spec.timeframe ?? timeframe));
  return Math.ceil(Math.max(((definition.warmUp?.(params as never) ?? 1) + 1) * own, ...spans) / interval);
}
