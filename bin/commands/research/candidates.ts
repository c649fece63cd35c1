/** Strategies with parameters that are run on the same bars, each with the whole account. */
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { Json } from '../../../core/json.ts';
import { assertSpace, type SearchAxis } from '../../../core/research/optimise/space.ts';
import { type GridAxis, type GridPoint, gridPoints, MOST_RUNS } from '../../../core/research/sweep/grid.ts';
import { findStrategy, parseParams, type StrategyRegistry } from '../../../core/strategies/registry.ts';
import { prepareRecordedRun, type RecordedRun } from '../../../platform/recorded-run.ts';
import { type RunArguments, recordedRunOptions } from '../run-arguments.ts';
import { strategiesFor } from '../strategies-for.ts';

export interface Candidate {
  readonly strategy: string;
  /** As given; defaults are filled in in the definition. */
  readonly params: Readonly<Record<string, Json>>;
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
  /** Of the points, their places in the grid. */
  readonly places: readonly number[];
  /** Combinations that the strategy refuses, and why it refuses the first of them. */
  readonly refused: number;
  readonly why: string;
}

/** The combinations of a grid of one strategy, over `--set`; those that it refuses are left out, unless it refuses all. */
export async function prepareGrid(
  given: RunArguments,
  axes: readonly GridAxis[],
  most = MOST_RUNS,
): Promise<GridCandidates> {
  const points = gridPoints(axes, most);
  const [strategy] = given.strategy;
  if (given.strategy.length > 1)
    throw new PlimsollError('USAGE', 'a grid was given with several strategies', 'sweep one strategy at a time');
  const twice = axes.find(({ name }) => Object.hasOwn(given.set, name));
  if (twice)
    throw new PlimsollError('USAGE', `"${twice.name}" is in --set and in --grid`, 'take it out of one of them');
  const registry = await strategiesFor(process.cwd());
  const refusals = points.map((point) => refusalOf(registry, { strategy, params: { ...given.set, ...point } }));
  const places = points.flatMap((_, k) => (refusals[k] === undefined ? [k] : []));
  const taken = places.map((place) => points[place]);
  const first = refusals.find((refusal) => refusal !== undefined);
  if (taken.length === 0) throw first;
  const candidates = taken.map((point) => ({ strategy, params: { ...given.set, ...point } }));
  const { prepared: recorded, definitions } = await prepared(given, registry, candidates);
  const refused = points.length - taken.length;
  return { prepared: recorded, definitions, points: taken, places, refused, why: first?.message ?? '' };
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
  return {
    prepared: recorded,
    definitions: candidates.map((candidate) => definitionOf(registry, recorded, candidate)),
  };
}

/** The run of one strategy, its code and parameters those of the candidate. */
function definitionOf(registry: StrategyRegistry, { definition: run }: RecordedRun, candidate: Candidate) {
  const { definition, codeHash } = findStrategy(registry, candidate.strategy);
  const own = { id: candidate.strategy, definition, codeHash, params: parseParams(definition, candidate.params) };
  const [running] = run.strategies;
  return { ...run, strategies: [{ ...running, ...own }] } satisfies EngineDefinition;
}

export interface SpaceCandidates {
  readonly prepared: RecordedRun;
  /** Whether the strategy takes a point of the space, over `--set`. */
  accepts(point: GridPoint): boolean;
  definitionOf(point: GridPoint): EngineDefinition;
}

/** What can be run in a space of parameters of one strategy. Throws `USAGE` where it does not fit `--set`, or nothing in it can be run. */
export async function prepareSpace(given: RunArguments, axes: readonly SearchAxis[]): Promise<SpaceCandidates> {
  assertSpace(axes);
  const [strategy] = given.strategy;
  if (given.strategy.length > 1)
    throw new PlimsollError('USAGE', 'a space was given with several strategies', 'search one strategy at a time');
  const twice = axes.find(({ name }) => Object.hasOwn(given.set, name));
  if (twice)
    throw new PlimsollError('USAGE', `"${twice.name}" is in --set and in --space`, 'take it out of one of them');
  const registry = await strategiesFor(process.cwd());
  const candidateAt = (point: GridPoint): Candidate => ({ strategy, params: { ...given.set, ...point } });
  const [widest] = cornersOf(axes).sort((a, b) => Number(b.short === true) - Number(a.short === true));
  const corners = [widest, ...cornersOf(axes)].map(candidateAt);
  const taken = corners.find((candidate) => refusalOf(registry, candidate) === undefined);
  if (!taken) throw refusalOf(registry, corners[0]);
  const { prepared: recorded } = await prepared(given, registry, [taken]);
  return {
    prepared: recorded,
    accepts: (point) => refusalOf(registry, candidateAt(point)) === undefined,
    definitionOf: (point) => definitionOf(registry, recorded, candidateAt(point)),
  };
}

/** Corners that are looked at at most: where none of so many can be run, the space is taken to be wrong. */
const MOST_CORNERS = 4_096;

/** Each parameter at either end of its range, or at each of its values. */
function cornersOf(axes: readonly SearchAxis[]): GridPoint[] {
  let points: GridPoint[] = [{}];
  for (const axis of axes) {
    const values = axis.kind === 'choice' ? axis.values : [axis.low, axis.high];
    points = points.flatMap((point) => values.map((value) => ({ ...point, [axis.name]: value })));
    points = points.slice(0, MOST_CORNERS);
  }
  return points;
}
