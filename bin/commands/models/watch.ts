/** A model that is watched by itself: drift, decay, retraining, a challenger, its promotion or its end, and the way back. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfiguration } from '../../../adapters/files/configuration.ts';
import { universeOf } from '../../../core/configuration/definition.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { Timeframe } from '../../../core/market/timeframe.ts';
import { sharesOf } from '../../../core/models/monitoring/lifecycle.ts';
import { type LifecycleLimits, lifecycleLimitsSchema } from '../../../core/models/monitoring/limits.ts';
import { rounded } from '../../../operations/models/rounded.ts';
import { provenanceOf } from '../../../operations/support/provenance.ts';
import type { ChampionFigures } from '../../../platform/models/model-watch.ts';
import { datedTransition, type Look, waitingText } from '../../../platform/models/watch-look.ts';
import { WatchedModel, type WatchedModelSettings } from '../../../platform/models/watched-model.ts';
import { trainingText } from '../../../platform/models/watcher.ts';
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
  const settings = {
    ...{ name, ...sourceOf(given), limits: await limitsOf(given.limits) },
    training: { hyperparameters: given.set, withinMs: given.within * MINUTE_MS, mostRows: given.rows },
  };
  const model = new WatchedModel(directory, settings, Date.now);
  const stopping = new AbortController();
  const everyMs = given.every === undefined ? undefined : given.every * MINUTE_MS;
  process.once('SIGINT', () => stopping.abort());
  try {
    while (!stopping.signal.aborted) {
      sayLook(await model.look(everyMs && Date.now() + everyMs, stopping.signal), given.json === true);
      const training = await model.trainNext(`watch-${process.pid}`, stopping.signal);
      if (training) say(given.json ? JSON.stringify({ training }) : trainingText(training));
      if (everyMs === undefined) return;
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  } finally {
    model.close();
  }
}

function sayLook({ transitions, state, figures }: Look, isJson: boolean): void {
  if (isJson) {
    say(JSON.stringify({ transitions, state, figures }));
    return;
  }
  for (const transition of transitions) say(datedTransition(transition));
  sayFigures(figures);
  const shares = [...sharesOf(state)].map(([version, share]) => `${version} ${percent(share)}`);
  say(`  ${state.stage.name}; shares: ${shares.join(', ') || 'none'}`);
}

function sourceOf(given: WatchArguments): Pick<WatchedModelSettings, 'file' | 'symbol' | 'series'> {
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
  const provenance = provenanceOf(configuration.venues[venue]);
  const series = { provenance, venue, symbol: given.symbol, timeframe: timeframe as Timeframe };
  return { file: given.bars, symbol: given.symbol, series };
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

function sayFigures({ version, rows, outcomes, refused, waiting, calibration, drift, unlike }: ChampionFigures): void {
  say(`${version}: ${rows} rows since its training, ${outcomes} outcomes, ${refused} without an answer`);
  if (waiting) say(`  ${waitingText(waiting)}`);
  if (calibration) say(`  calibration error ${percent(calibration.expectedError)}`);
  const [furthest] = drift?.features ?? [];
  if (drift && furthest)
    say(
      `  furthest from what it learned: ${furthest.feature} (PSI ${rounded(furthest.psi)}, ${rounded(furthest.ratio)} of ${rounded(drift.limit)} allowed)`,
    );
  if (unlike !== undefined) say(`  ${percent(unlike)} of the rows are unlike those that it learned from`);
}
