/** A sweep at hand: its plan, its bars and the code of its strategy, ready to run any place of its grid. */
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import { gridPointAt, gridSize } from '../../../core/research/sweep/grid.ts';
import { findStrategy, parseParams, type StrategyRegistry } from '../../../core/strategies/registry.ts';
import { barsFromBytes } from './bars-object.ts';
import { barsKey, planFromBytes, planKey, type SweepPlan } from './plan.ts';

export interface PreparedSweep {
  readonly plan: SweepPlan;
  readonly bars: ReadonlyMap<string, BarColumns>;
  /** Places of the grid. */
  readonly places: number;
  /** The run at a place; undefined where the strategy refuses its parameters. */
  definitionAt(place: number): EngineDefinition | undefined;
}

export interface SweepSources {
  /** Below the prefix of sweeps. */
  readonly objects: Pick<ObjectStore, 'get'>;
  readonly registry: StrategyRegistry;
  /** Of the platform that runs here. */
  readonly version: string;
}

/**
 * Reads plan and bars. Throws `SWEEP_OBJECT_MISSING`, what the objects throw, `STRATEGY_UNKNOWN`, and `SWEEP_CODE_DIFFERS` where what is
 * deployed is not what the sweep was started from.
 */
export async function prepareSweep(
  sweep: string,
  { objects, registry, version }: SweepSources,
): Promise<PreparedSweep> {
  const plan = planFromBytes(await needed(objects, planKey(sweep), 'plan'), sweep);
  if (plan.platform !== version)
    throw codeDiffers(`the deployment is version ${version}, and the sweep was started by ${plan.platform}`);
  const { definition: strategy, codeHash } = findStrategy(registry, plan.strategy);
  if (codeHash !== plan.codeHash)
    throw codeDiffers(`the strategy "${plan.strategy}" is deployed with other code than the sweep was started with`);
  const bars = barsFromBytes(await needed(objects, barsKey(plan.bars), 'bars'), plan.bars);
  const { definition, running } = plan;
  return {
    plan,
    bars,
    places: gridSize(plan.grid),
    definitionAt(place) {
      const params = paramsOf(strategy, { ...plan.set, ...gridPointAt(plan.grid, place) });
      if (params === undefined) return undefined;
      return { ...definition, strategies: [{ ...running, definition: strategy, params, codeHash }] };
    },
  };
}

function paramsOf(strategy: Parameters<typeof parseParams>[0], given: SweepPlan['set']) {
  try {
    return parseParams(strategy, given);
  } catch (error) {
    if (error instanceof PlimsollError && error.code === 'STRATEGY_PARAMS_INVALID') return undefined;
    throw error;
  }
}

async function needed(objects: Pick<ObjectStore, 'get'>, key: string, what: string): Promise<Uint8Array> {
  const bytes = await objects.get(key);
  if (bytes) return bytes;
  throw new PlimsollError(
    'SWEEP_OBJECT_MISSING',
    `the sweep has no ${what} (${key})`,
    'give the command that starts the sweep again, which puts it there',
  );
}

const codeDiffers = (what: string): PlimsollError =>
  new PlimsollError('SWEEP_CODE_DIFFERS', what, 'deploy what you have here, and give the command again', {
    kept: 'nothing was run',
  });
