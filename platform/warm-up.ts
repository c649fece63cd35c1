/** History for an account that is new: its strategies move over it and are not asked, so that they are warm at the first decision. */
import type { EngineDefinition } from '../core/engine/engine.ts';
import type { Instrument } from '../core/market/instrument.ts';
import { barOpenAt, timeframeMs } from '../core/market/timeframe.ts';
import type { MarketDataPort } from '../core/ports/market-data.ts';
import type { RunningStrategy } from '../core/strategies/runner.ts';
import { type GatheredBars, gatherBars } from '../functions/steps/gather.ts';

export const WARM_UP_BOUNDS = {
  /** At least so many cycles, so that a chart has something to show. */
  fewest: 300,
  most: 5_000,
} as const;

/** The cycles of history before `before` (ms UTC, exclusive) that an account's strategies want, oldest first. */
export async function warmUpCycles(
  definition: Pick<EngineDefinition, 'strategies' | 'timeframe'>,
  venue: MarketDataPort,
  instruments: readonly Instrument[],
  before: number,
  ports: { readonly now: () => number; readonly sleep: (ms: number) => Promise<void> },
): Promise<GatheredBars[]> {
  const interval = timeframeMs(definition.timeframe);
  const latest = barOpenAt(before - 1, definition.timeframe);
  const count = Math.min(
    WARM_UP_BOUNDS.most,
    Math.max(WARM_UP_BOUNDS.fewest, ...definition.strategies.map((running) => barsWanted(running, interval))),
  );
  const times = Array.from({ length: count }, (_, k) => latest - (count - 1 - k) * interval);
  const gathered = await gatherBars({
    venue,
    instruments,
    timeframe: definition.timeframe,
    times,
    waitUntil: 0,
    ...ports,
  });
  return gathered.filter(({ bars }) => bars.size > 0);
}

/** Bars of `interval` ms that a strategy and its indicators want before they are asked, whole bars of longer timeframes first. */
function barsWanted({ definition, params, timeframe }: RunningStrategy, interval: number): number {
  const own = timeframeMs(timeframe);
  const spans = Object.values(
    definition.indicators(params) as Record<string, { warmUp: number; timeframe?: string }>,
  ).map((spec) => (spec.warmUp + 1) * timeframeMs(spec.timeframe ?? timeframe));
  return Math.ceil(Math.max(((definition.warmUp?.(params as never) ?? 1) + 1) * own, ...spans) / interval);
}
