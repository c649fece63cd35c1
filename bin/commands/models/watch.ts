/** A model that is watched by itself: drift, decay, retraining, a challenger, its promotion or its end, and the way back. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedObjectStore } from '../../../adapters/embedded/objects.ts';
import { loadConfiguration } from '../../../adapters/files/configuration.ts';
import { createLake } from '../../../adapters/lake/lake.ts';
import { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';
import { universeOf } from '../../../core/configuration/definition.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import type { Timeframe } from '../../../core/market/timeframe.ts';
import { sharesOf, type Transition } from '../../../core/models/monitoring/lifecycle.ts';
import { type LifecycleLimits, lifecycleLimitsSchema } from '../../../core/models/monitoring/limits.ts';
import { rounded } from '../../../operations/models/rounded.ts';
import { type ChampionFigures, ModelWatch } from '../../../platform/models/model-watch.ts';
import { modelsAt } from '../../../platform/models/models-at.ts';
import { modelsIn } from '../../../platform/models/strategies-at-hand.ts';
import { trainNext } from '../../../platform/models/training-worker.ts';
import { type WatchedSeries, type WatchedSource, watchedBars } from '../../../platform/models/watched-bars.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { percent, say } from './print.ts';

export interface WatchArguments extends ModelsArguments {
  readonly bars: string;
  readonly symbol?: string;
  /** Whose bars in the lake go on where the file ends. */
  readonly account?: string;
  /** File of limits, as JSON. */
  readonly limits?: string;
  /** Minutes between two looks; one look alone without it. */
  readonly every?: number;
  readonly set: Record<string, string | number | boolean>;
  /** Minutes that a training may take. */
  readonly within: number;
  /** The latest rows that a training reads. */
  readonly rows: number;
}

const MINUTE_MS = 60_000;

/** One look, or one every so many minutes until Ctrl-C. A training that is due is done between two looks. */
export async function watch(name: string, given: WatchArguments): Promise<void> {
  const directory = directoryOf(given);
  const registry = modelsIn(directory);
  const objects = new EmbeddedObjectStore(join(directory, 'objects'));
  const queue = new TrainingQueueStore(objects);
  const { manifest } = await registry.version(name);
  const source = { ...sourceOf(given, directory), timeframe: manifest.timeframe as Timeframe };
  const seen = () => watchedBars({ ...source, now: Date.now() });
  const model = new ModelWatch({ name, registry, objects, queue, limits: await limitsOf(given.limits) });
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  while (!stopping.signal.aborted) {
    await look(model, await seen(), given.json === true);
    const done = await trainNext({
      directory,
      registry,
      queue,
      worker: `watch-${process.pid}`,
      barsOf: seen,
      mostRows: given.rows,
      hyperparameters: given.set,
      withinMs: given.within * MINUTE_MS,
      environment: process.env,
      signal: stopping.signal,
      now: Date.now,
    });
    if (done)
      say(given.json ? JSON.stringify({ training: done }) : `The training ${done.wanted.id} is ${done.status}.`);
    if (given.every === undefined) return;
    await sleep(given.every * MINUTE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}

async function look(model: ModelWatch, { symbol, bars }: WatchedSeries, isJson: boolean): Promise<void> {
  const watched = { symbol, bars, now: Date.now() };
  const transitions = await model.look(watched);
  const state = await model.state();
  const figures = await model.figures(watched);
  if (isJson) return say(JSON.stringify({ transitions, state, figures }));
  for (const transition of transitions) say(textOf(transition));
  sayFigures(figures);
  const shares = [...sharesOf(state)].map(([version, share]) => `${version} ${percent(share)}`);
  say(`  ${state.stage.name}; shares: ${shares.join(', ') || 'none'}`);
}

/** What waits, runs and is over. */
export async function queue(given: ModelsArguments): Promise<void> {
  const trainings = await modelsAt(directoryOf(given), { readOnly: true }).queue();
  if (given.json) return say(JSON.stringify(trainings));
  if (trainings.length === 0)
    say('No training has been asked for. `plimsoll models watch` asks for one where there is a reason.');
  for (const { wanted, status, attempts, version, failure } of trainings)
    say(
      `${wanted.id}  ${wanted.model}  ${status}${attempts > 1 ? `, attempt ${attempts}` : ''}  ${wanted.trigger}: ${wanted.reason}${version ? `; left ${version}` : ''}${failure ? `; ${failure}` : ''}`,
    );
}

function sourceOf(given: WatchArguments, directory: string): Pick<WatchedSource, 'file' | 'symbol' | 'lake'> {
  const symbol = given.symbol === undefined ? {} : { symbol: given.symbol };
  if (given.account === undefined) return { file: given.bars, ...symbol };
  const { configuration } = loadConfiguration({
    file: given.config,
    profile: process.env.PLIMSOLL_PROFILE,
    environment: process.env,
  });
  const account = configuration.accounts.find(({ id }) => id === given.account);
  if (!account || given.symbol === undefined)
    throw new PlimsollError(
      'USAGE',
      account ? '--account needs the instrument that is watched' : `there is no account "${given.account}"`,
      account ? 'name it with --symbol' : `use ${configuration.accounts.map(({ id }) => id).join(', ')}`,
    );
  const { venue, timeframe } = universeOf(configuration, account);
  const lake = createLake(new EmbeddedObjectStore(join(directory, 'objects'), { readOnly: true }));
  const series = { provenance: 'live', venue, symbol: given.symbol, timeframe: timeframe as Timeframe } as const;
  return { file: given.bars, symbol: given.symbol, lake: { lake, series } };
}

async function limitsOf(file: string | undefined): Promise<LifecycleLimits> {
  if (file === undefined) return lifecycleLimitsSchema.parse({});
  let given: unknown;
  try {
    given = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new PlimsollError(
      'USAGE',
      `the limits in ${file} cannot be read`,
      'write them as JSON (docs/monitoring.md)',
      {
        cause,
      },
    );
  }
  const read = lifecycleLimitsSchema.safeParse(given);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new PlimsollError(
    'USAGE',
    `the limits in ${file} are not valid (${[...issue.path, issue.message].join(': ')})`,
    'use the limits of docs/monitoring.md',
  );
}

function textOf({ kind, at, reason, figures }: Transition): string {
  const said = Object.entries(figures).map(([name, value]) => `${name} ${rounded(value)}`);
  return `${formatInstant(at)}  ${kind}: ${reason}${said.length > 0 ? ` (${said.join(', ')})` : ''}`;
}

function sayFigures({ version, rows, outcomes, refused, calibration, drift, unlike }: ChampionFigures): void {
  say(`${version}: ${rows} rows since its training, ${outcomes} outcomes, ${refused} without an answer`);
  if (calibration) say(`  calibration error ${percent(calibration.expectedError)}`);
  const [furthest] = drift?.features ?? [];
  if (drift && furthest)
    say(
      `  furthest from what it learned: ${furthest.feature} (PSI ${rounded(furthest.psi)}, ${rounded(furthest.ratio)} of ${rounded(drift.limit)} allowed)`,
    );
  if (unlike !== undefined) say(`  ${percent(unlike)} of the rows are unlike those that it learned from`);
}
