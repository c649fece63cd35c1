/** A sweep as its starter puts it into the bucket, over bars that go up and down by chance, in a folder. */
import * as z from 'zod';
import { EmbeddedObjectStore } from '../../../../adapters/embedded/objects.ts';
import { sma } from '../../../../core/indicators/index.ts';
import type { BarColumns } from '../../../../core/market/bars.ts';
import { type GridAxis, gridPoints } from '../../../../core/research/sweep/grid.ts';
import { runAll, type Tried, type TriedAll } from '../../../../core/research/sweep/sweep.ts';
import { barsHashOf } from '../../../../core/research/trials.ts';
import { strategy } from '../../../../core/strategies/contract.ts';
import { parseParams, type StrategyRegistry } from '../../../../core/strategies/registry.ts';
import type { AnyStrategy } from '../../../../core/strategies/runner.ts';
import { barsToBytes } from '../../../../functions/support/sweep/bars-object.ts';
import { barsKey, planKey, planObject, type SweepPlan } from '../../../../functions/support/sweep/plan.ts';
import { temporaryDirectory } from '../../../adapters/embedded/temporary.ts';
import { definitionOf, wavingBars } from '../../../core/research/support.ts';

export const VERSION = '1.2.3';
export const CODE_HASH = 'c'.repeat(64);

/** Long above its average. With `fault` it does what a strategy should not: it throws as it begins, or never comes back. */
export const above: AnyStrategy = strategy({
  name: 'above',
  params: z.strictObject({
    length: z.int().min(2).max(500),
    fault: z.enum(['none', 'throw', 'hang']).default('none'),
  }),
  indicators: ({ length, fault }) => {
    if (fault === 'throw') throw new TypeError('planted');
    return { mean: sma(length) };
  },
  onBar({ bar, mean, params, target }) {
    if (params.fault === 'hang') for (;;);
    return target(bar.close > mean.value ? 1 : 0, 'above or below its average');
  },
});

export interface PlannedSweep {
  readonly objects: EmbeddedObjectStore;
  readonly registry: StrategyRegistry;
  readonly sweep: string;
  readonly plan: SweepPlan;
  readonly bars: ReadonlyMap<string, BarColumns>;
  /** The same grid on this machine alone: what a sweep that is not spread comes to, by place. */
  here(): TriedAll & { readonly byPlace: ReadonlyMap<number, Tried> };
}

export async function plannedSweep({
  grid = [{ name: 'length', values: [3, 5, 8, 13, 21, 34] }] as readonly GridAxis[],
  of = above,
  change = {} as Partial<SweepPlan>,
  length = 400,
} = {}): Promise<PlannedSweep> {
  const objects = new EmbeddedObjectStore(temporaryDirectory());
  const registry: StrategyRegistry = new Map([[of.name, { definition: of, codeHash: CODE_HASH, origin: 'test' }]]);
  const bars = new Map([['A/USD', wavingBars(length)]]);
  const points = gridPoints(grid);
  const taken = points.flatMap((point, place) => (of.params.safeParse(point).success ? [{ point, place }] : []));
  const { strategies, ...definition } = definitionOf(of, ['A/USD'], taken[0].point);
  const [{ definition: _, params: __, codeHash: ___, ...running }] = strategies;
  const plan: SweepPlan = {
    version: 1,
    platform: VERSION,
    strategy: of.name,
    codeHash: CODE_HASH,
    set: {},
    grid: grid.map(({ name, values }) => ({ name, values: [...values] })),
    runs: taken.length,
    bars: barsHashOf(bars),
    definition,
    running,
    ...change,
  };
  const { sweep, bytes } = planObject(plan);
  await objects.put(planKey(sweep), bytes);
  await objects.put(barsKey(plan.bars), barsToBytes(bars));
  const here = () => {
    const definitions = taken.map(({ point }) => ({
      ...definition,
      strategies: [{ ...running, definition: of, codeHash: CODE_HASH, params: parseParams(of, point) }],
    }));
    const all = runAll(definitions, bars);
    return { ...all, byPlace: new Map(taken.map(({ place }, k) => [place, all.tried[k]])) };
  };
  return { objects, registry, sweep, plan, bars, here };
}
