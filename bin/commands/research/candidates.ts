/** Strategies with parameters that are run on the same bars, each with the whole account. */
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { type GridAxis, type GridPoint, gridPoints } from '../../../core/research/sweep/grid.ts';
import { findStrategy, parseParams, type StrategyRegistry } from '../../../core/strategies/registry.ts';
import { prepareRecordedRun, type RecordedRun } from '../../../platform/recorded-run.ts';
import { strategiesFor } from '../strategies-for.ts';
import { type RunArguments, recordedRunOptions } from '../run-arguments.ts';

export interface Candidate {
  readonly strategy: string;
  /** As given; defaults are filled in in the definition. */
  readonly params: GridPoint;
}

export interface Candidates {
  readonly prepared: RecordedRun;
  /** Of the candidates, in their order. */
  readonly definitions: readonly EngineDefinition[];
}

/** One definition a candidate, alike but for the strategy. Throws where the strategy refuses parameters. */
export async function prepareCandidates(given: RunArguments, candidates: readonly Candidate[]): Promise<Candidates> {
  const registry = await strategiesFor(process.cwd());
  for (const candidate of candidates) checked(registry, candidate);
  return prepared(given, registry, candidates);
}

export interface GridCandidates extends Candidates {
  /** Of the definitions, in their order. */
  readonly points: readonly GridPoint[];
  /** Combinations that the strategy refuses, and why it refuses the first of them. */
  readonly refused: number;
  readonly why: string;
}

/** The combinations of a grid of one strategy, over `--set`; those that it refuses are left out, unless it refuses all. */
export async function prepareGrid(given: RunArguments, axes: readonly GridAxis[]): Promise<GridCandidates> {
  const points = gridPoints(axes);
  const [strategy] = given.strategy;
  if (given.strategy.length > 1)
    throw new PlimsollError('USAGE', 'a grid was given with several strategies', 'sweep one strategy at a time');
  const twice = axes.find(({ name }) => Object.hasOwn(given.set, name));
  if (twice)
    throw new PlimsollError('USAGE', `"${twice.name}" is in --set and in --grid`, 'take it out of one of them');
  const registry = await strategiesFor(process.cwd());
  const refusals = points.map((point) => refusalOf(registry, { strategy, params: { ...given.set, ...point } }));
  const taken = points.filter((_, k) => refusals[k] === undefined);
  const first = refusals.find((refusal) => refusal !== undefined);
  if (taken.length === 0) throw first;
  const candidates = taken.map((point) => ({ strategy, params: { ...given.set, ...point } }));
  const { prepared: recorded, definitions } = await prepared(given, registry, candidates);
  const refused = points.length - taken.length;
  return { prepared: recorded, definitions, points: taken, refused, why: first?.message ?? '' };
}

function refusalOf(registry: StrategyRegistry, candidate: Candidate): PlimsollError | undefined {
  try {
    checked(registry, candidate);
    return undefined;
  } catch (error) {
    if (error instanceof PlimsollError && error.code === 'STRATEGY_PARAMS_INVALID') return error;
    throw error;
  }
}

const checked = (registry: StrategyRegistry, { strategy, params }: Candidate): Record<string, unknown> =>
  parseParams(findStrategy(registry, strategy).definition, params);

async function prepared(
  given: RunArguments,
  registry: StrategyRegistry,
  candidates: readonly Candidate[],
): Promise<Candidates> {
  // The limits follow from `short`: one that may not sell short is run under the same limits, and does not.
  const { strategy, params } = candidates.find((each) => each.params.short === true) ?? candidates[0];
  const options = recordedRunOptions({ ...given, strategy: [strategy], set: params });
  const recorded = await prepareRecordedRun(registry, options);
  const [running] = recorded.definition.strategies;
  const definitions = candidates.map((candidate): EngineDefinition => {
    const { definition, codeHash } = findStrategy(registry, candidate.strategy);
    const own = { id: candidate.strategy, definition, codeHash, params: parseParams(definition, candidate.params) };
    return { ...recorded.definition, strategies: [{ ...running, ...own }] };
  });
  return { prepared: recorded, definitions };
}
