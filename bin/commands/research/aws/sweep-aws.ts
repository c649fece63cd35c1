/** A sweep over many functions on AWS: what it costs is said before it starts, and what is kept of it is never run again. */
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientSettings } from '../../../../adapters/aws/client-settings.ts';
import { S3Objects } from '../../../../adapters/aws/s3-objects.ts';
import { SweepExecutions } from '../../../../adapters/aws/sweep-executions.ts';
import { barsPerYear } from '../../../../core/backtest/metrics.ts';
import { PlimsollError } from '../../../../core/errors.ts';
import type { BarColumns } from '../../../../core/market/bars.ts';
import { assertEvaluatedHere } from '../../../../core/models/evaluated-here.ts';
import type { ObjectStore } from '../../../../core/ports/object-store.ts';
import { type GridAxis, gridSize } from '../../../../core/research/sweep/grid.ts';
import { missingRanges, type PlaceRange, placesIn } from '../../../../core/research/sweep/ranges.ts';
import type { TriedAll } from '../../../../core/research/sweep/sweep.ts';
import { barsHashOf } from '../../../../core/research/trials.ts';
import { barsToBytes } from '../../../../functions/support/sweep/bars-object.ts';
import { SWEEP_BOUNDS, type SweepExecutionInput } from '../../../../functions/support/sweep/bounds.ts';
import {
  barsKey,
  itemsKey,
  planKey,
  planObject,
  runsPrefix,
  type SweepPlan,
  sha256Of,
} from '../../../../functions/support/sweep/plan.ts';
import { SWEEPS_PREFIX } from '../../../../functions/support/sweep/sweeps-prefix.ts';
import manifest from '../../../../package.json' with { type: 'json' };
import { progressLine } from '../../progress.ts';
import type { GridCandidates } from '../candidates.ts';
import { estimateOf, gbSecondsOf, SLOWER } from './cost.ts';
import { sweepDeployment } from './deployment.ts';
import { type Followed, followed } from './follow.ts';
import { mapResultsOf } from './map-results.ts';
import { assertPilots, type Pilot, pilotOf } from './pilot.ts';
import { type Prices, pricesOf } from './prices.ts';
import { collected, keptRanges } from './results.ts';
import { shapeOf } from './shape.ts';
import { assertMayStart, type Consent, dollars, say, sayEstimate, seconds } from './statement.ts';

export interface AwsArguments extends Consent {
  /** What `cdk deploy --outputs-file` has written. */
  readonly outputs?: string;
  readonly config: string;
  /** File of prices. */
  readonly prices?: string;
  /** Runs that are measured here. */
  readonly pilot: number;
  /** Functions at a time. */
  readonly concurrency: number;
}

/** A bar file of a million bars, over a slow line. */
const TRANSFER_MS = 300_000;

/** Throws `USAGE`. Asked before anything is run. */
export function assertAws({ pilot, concurrency }: AwsArguments): void {
  assertPilots(pilot);
  const { mostConcurrency } = SWEEP_BOUNDS;
  if (!(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= mostConcurrency))
    throw new PlimsollError(
      'USAGE',
      `${concurrency} functions at a time were asked for`,
      `ask for 1 to ${mostConcurrency}`,
    );
}

/**
 * What all definitions of a grid come to, as on this machine to the last bit. Takes up what is kept of the same sweep, and an execution of it
 * that runs. Throws `SWEEP_NOT_CONFIRMED`, `SWEEP_TOO_DEAR`, `SWEEP_GOES_ON`, `SWEEP_INCOMPLETE`, and what the parts of it throw.
 */
export async function runAllOnAws(
  given: AwsArguments,
  candidates: GridCandidates,
  { grid, set }: Pick<SweepPlan, 'set'> & { readonly grid: readonly GridAxis[] },
): Promise<TriedAll> {
  const prices = await pricesOf(given.prices);
  const { machine, bucket } = await sweepDeployment(given.outputs, given.config);
  const { prepared, definitions } = candidates;
  assertEvaluatedHere(definitions[0], 'functions on AWS');
  const pilot = pilotOf(definitions, prepared.bars, given.pilot);
  const plan = planOf(candidates, grid, set);
  const { sweep, bytes } = planObject(plan);
  const objects = new S3Objects(new S3Client(clientSettings({ requestTimeoutMs: TRANSFER_MS })), {
    bucket,
    prefix: SWEEPS_PREFIX,
  });
  const executions = new SweepExecutions(new SFNClient(clientSettings({ requestTimeoutMs: 10_000 })), machine);

  const whole = [{ from: 0, to: gridSize(grid) }];
  let kept = await keptRanges(objects, sweep);
  const missing = missingRanges(whole, kept);
  if (missing.length > 0) {
    const prefix = `sweep-${sweep.slice(0, 16)}-`;
    const running = await executions.running(prefix);
    if (running) say('Taken up', 'an execution of this sweep that runs');
    const { arn } =
      running ??
      (await begun({ given, prices, pilot, candidates, missing, sweep, plan: bytes, prefix, objects, executions }));
    const ended = await followed(executions, arn);
    await sayRun(objects, sweep, ended, prices);
    kept = await keptRanges(objects, sweep);
    const left = missingRanges(whole, kept);
    if (left.length > 0) throw await incomplete(objects, sweep, ended, left, whole);
  }
  const progress = progressLine('Reading');
  const collecting = collected({ objects, sweep, ranges: kept, grid: candidates, pilot, onProgress: progress });
  const tried = await collecting.finally(() => progress.end());
  const { barsPerPeriod } = pilot;
  return { tried, barsPerPeriod, periodsPerYear: barsPerYear(definitions[0]) / barsPerPeriod };
}

function planOf(
  { prepared, definitions }: GridCandidates,
  grid: readonly GridAxis[],
  set: SweepPlan['set'],
): SweepPlan {
  const [{ strategies, ...definition }] = definitions;
  const [{ definition: strategy, params: _, codeHash, ...running }] = strategies;
  return {
    version: 1,
    platform: manifest.version,
    strategy: strategy.name,
    codeHash,
    set,
    grid: grid.map(({ name, values }) => ({ name, values: [...values] })),
    runs: definitions.length,
    bars: barsHashOf(prepared.bars),
    definition,
    running,
  };
}

interface Beginning {
  readonly given: AwsArguments;
  readonly prices: Prices;
  readonly pilot: Pilot;
  readonly candidates: GridCandidates;
  readonly missing: readonly PlaceRange[];
  readonly sweep: string;
  readonly plan: Uint8Array;
  readonly prefix: string;
  readonly objects: ObjectStore;
  readonly executions: SweepExecutions;
}

/** Says the cost, and starts an execution where it may. */
async function begun(beginning: Beginning) {
  const { given, prices, pilot, candidates, missing, sweep, plan, prefix, objects, executions } = beginning;
  const { places, prepared } = candidates;
  const runs = places.filter((place) => missing.some(({ from, to }) => place >= from && place < to)).length;
  const { msPerRun, periods } = pilot;
  const shape = shapeOf({ missing, msPerRun: msPerRun * SLOWER, periods, concurrency: given.concurrency });
  const estimate = estimateOf(shape, { msPerRun, runs, periods, barsBytes: bytesOf(prepared.bars) }, prices);
  sayEstimate(runs, places.length, { pilot, shape, estimate, prices });
  assertMayStart(estimate.usd.all, given);

  // Not only where they are absent: they are kept for as long after the last start.
  const { bars } = prepared;
  await objects.put(barsKey(barsHashOf(bars)), barsToBytes(bars));
  await objects.put(planKey(sweep), plan);
  const lines = Buffer.from(shape.lines);
  const items = sha256Of(lines);
  await objects.put(itemsKey(sweep, items), lines);
  const input: SweepExecutionInput = {
    sweep,
    items: SWEEPS_PREFIX + itemsKey(sweep, items),
    runs: SWEEPS_PREFIX + runsPrefix(sweep),
    itemsPerBatch: shape.itemsPerBatch,
    concurrency: shape.concurrency,
  };
  return executions.start(`${prefix}${items.slice(0, 16)}`, input);
}

const bytesOf = (bars: ReadonlyMap<string, BarColumns>): number =>
  [...bars.values()].reduce((sum, { length }) => sum + length * 48, 0);

/** What the functions took, as they say themselves. */
async function sayRun(objects: ObjectStore, sweep: string, { run }: Followed, prices: Prices): Promise<void> {
  const results = run === undefined ? undefined : await mapResultsOf(objects, sweep, run);
  if (!results || results.batches === 0) return;
  const { ms, runs, batches } = results;
  const usd = gbSecondsOf(ms) * prices.lambdaGbSecond;
  say(
    'Took',
    `${seconds(ms)} of functions for ${runs} backtests in ${batches} batches: ${dollars(usd)} of Lambda, without their starts`,
  );
}

async function incomplete(
  objects: ObjectStore,
  sweep: string,
  { execution, run }: Followed,
  left: readonly PlaceRange[],
  whole: readonly PlaceRange[],
): Promise<PlimsollError> {
  const results = run === undefined ? undefined : await mapResultsOf(objects, sweep, run);
  const [reason = execution.why ?? 'it does not say why'] = results?.reasons ?? [];
  return new PlimsollError(
    'SWEEP_INCOMPLETE',
    `${placesIn(left)} of ${placesIn(whole)} combinations were not run (${reason})`,
    'correct that where it needs it, and give the same command again: only these are run then',
    { kept: 'the results of the others, and no trial was counted' },
  );
}
