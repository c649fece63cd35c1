/** What a deployment watches: checked here, where it can be put right, and written for the function that looks at models. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { SeriesId } from '../adapters/lake/lake.ts';
import type { ModelRegistry } from '../adapters/models/registry.ts';
import { universeOf } from '../core/configuration/definition.ts';
import type { Configuration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import { createResampler } from '../core/market/resample.ts';
import { type Timeframe, timeframeMs } from '../core/market/timeframe.ts';
import { isNative } from '../core/models/answers.ts';
import { featureSet } from '../core/models/features/feature-set.ts';
import { trainedReference } from '../core/models/monitoring/champion.ts';
import { nearest, nearestRemedy } from '../core/nearest.ts';
import { barsHashOf } from '../core/research/trials.ts';
import { barsToBytes } from '../functions/support/sweep/bars-object.ts';
import {
  MOST_WATCHED_BARS,
  MOST_WATCHED_MODELS,
  type WatchedModel as WatchedThere,
} from '../functions/support/watch/watched-models.ts';
import type { Card } from '../operations/models/listed.ts';
import { provenanceOf } from '../operations/support/provenance.ts';
import type { WatchedModel } from '../platform/models/watch-file.ts';
import { type WatchedSeries, watchedBars } from '../platform/models/watched-bars.ts';
import { FileImports, versionSource } from './bundled-version-source.ts';
import type { BundledModel } from './deployed-models.ts';
import { type RetrainingJob, retrainingJob } from './deployed-retraining.ts';
import { type TrainingCommands, trainingCommands } from './training-commands.ts';

const root = resolve(import.meta.dirname, '..');
const HASH_CHARACTERS = 16;
/** Limits are drawn by the function; here it only has to be seen that they can be. */
const DRAWS = 20;
/** A look takes half a minute of a processor. */
const LEAST_MINUTES = 15;

/** Loaded by the function that looks alone; a deployment that trains nothing carries nothing of it. */
const RETRAINING_SOURCE = `  retraining: async (variables) => (await import(${JSON.stringify(join(root, 'functions/support/watch/retraining.ts'))})).retrainingPort(variables),`;

/** A model that is looked at by a schedule. */
export interface ScheduledModel {
  readonly name: string;
  /** From one look to the next. */
  readonly everyMinutes: number;
  /** By which a person trains it anew, or takes over what a training left. */
  readonly commands: TrainingCommands;
  /** Where the deployment trains it by itself. */
  readonly retraining?: RetrainingJob;
}

export interface DeployedWatch {
  /** The file behind `plimsoll-watched`. */
  readonly module: string;
  readonly models: readonly ScheduledModel[];
}

export interface WatchSource {
  /** As `watch.yaml` has them. */
  readonly wanted: readonly WatchedModel[];
  readonly models: ModelRegistry;
  readonly configuration: Configuration;
  /** Path of the folder that bars are written to. */
  readonly folder: string;
}

/**
 * Reads the bars, sees that each model can be looked at, and writes the bars for the function; `source` is that of the module.
 * @param bundled the models of the deployment
 * Throws `WATCH_MODEL_UNKNOWN`, `WATCH_NOT_HERE`, `WATCH_INVALID`, `WATCH_BARS`, `WATCH_TOO_MUCH`, and as reading bars, `createResampler`,
 * `trainedReference` and `retrainingJob` do.
 */
export async function deployedWatch(
  bundled: readonly BundledModel[],
  { wanted, models, configuration, folder }: WatchSource,
): Promise<Omit<DeployedWatch, 'module'> & { readonly source: string }> {
  if (wanted.length === 0 || wanted.length > MOST_WATCHED_MODELS)
    throw new PlimsollError(
      'WATCH_TOO_MUCH',
      `${wanted.length} models are to be watched on AWS`,
      `name 1 to ${MOST_WATCHED_MODELS} of them`,
    );
  const imports = new FileImports();
  const versions: string[] = [];
  const watched: string[] = [];
  const told: ScheduledModel[] = [];
  for (const each of wanted) {
    const { name, limits } = each;
    const everyMinutes = minutesOf(each);
    const model = nativeModel(name, bundled);
    const series = seriesOf(each, configuration, model);
    const read = await barsOf(each, model);
    const { card } = await models.version(name, model.version);
    const trained = card as unknown as TrainedOn;
    assertTrainedOn(read, model, trained);
    const bars = new Map([[series.symbol, read.bars]]);
    const hash = barsHashOf(bars);
    const path = writtenBars(folder, hash, barsToBytes(bars));
    const period = { from: trained.period.from, to: trained.period.to };
    const retraining = retrainingJob(each, configuration.instance.name, read.source);
    const about: Omit<WatchedThere, 'bars'> = {
      ...{ name, period, series, limits, everyMinutes },
      ...(retraining ? { retraining: retraining.settings } : {}),
    };
    versions.push(versionSource(model, imports));
    watched.push(`{ ...${JSON.stringify(about)}, bars: { file: ${imports.of(path)}, hash: ${JSON.stringify(hash)} } }`);
    const commands = trainingCommands(model, read.source.file, trained.table?.symbols);
    told.push({ name, everyMinutes, commands, ...(retraining ? { retraining } : {}) });
  }
  const source = [
    ...imports.lines,
    `import { deployedModels } from ${JSON.stringify(join(root, 'functions/support/deployed-models.ts'))};`,
    'export const watch = {',
    `  models: deployedModels([${versions.join(', ')}]),`,
    `  watched: [${watched.join(', ')}],`,
    ...(told.some(({ retraining }) => retraining) ? [RETRAINING_SOURCE] : []),
    '};',
    '',
  ].join('\n');
  return { models: told, source };
}

/** The champion alone: what is on trial beside it is watched where its outcomes decide. */
function nativeModel(name: string, bundled: readonly BundledModel[]): BundledModel {
  const names = bundled.map((model) => model.name);
  const found = bundled.find((model) => model.name === name);
  if (found === undefined)
    throw new PlimsollError(
      'WATCH_MODEL_UNKNOWN',
      `the model "${name}" is to be watched, and no configured strategy asks it`,
      nearestRemedy(name, names, 'leave it out, or name it in a strategy'),
    );
  if (isNative(found.manifest)) return found;
  throw new PlimsollError(
    'WATCH_NOT_HERE',
    `the model "${name}" is answered for elsewhere, and on AWS only what the platform evaluates itself is watched`,
    'leave it out, and watch it with `plimsoll models watch` where you deploy from',
  );
}

/** A schedule knows whole ones. */
function minutesOf({ name, everyMinutes }: WatchedModel): number {
  if (everyMinutes >= LEAST_MINUTES) return Math.ceil(everyMinutes);
  throw new PlimsollError(
    'WATCH_TOO_MUCH',
    `"${name}" is to be looked at every ${everyMinutes} minutes`,
    `write everyMinutes: ${LEAST_MINUTES} or more; drift is looked for anew after every 24 bars`,
  );
}

/** What of the lake the model decides on. */
function seriesOf(
  { name, account: id, symbol }: WatchedModel,
  configuration: Configuration,
  { manifest }: BundledModel,
): SeriesId {
  const { accounts, venues } = configuration;
  const account = accounts.find((each) => each.id === id);
  if (account === undefined || symbol === undefined)
    throw new PlimsollError(
      'WATCH_INVALID',
      id === undefined
        ? `"${name}" is to be watched on AWS, where bars go on in the lake of an account, and no account is named`
        : `"${name}" is to be watched on bars of the account "${id}", which is not in the configuration`,
      `use ${nearest(
        id ?? '',
        accounts.map((each) => each.id),
      )}`,
    );
  const { venue, symbols, timeframe } = universeOf(configuration, account);
  if (!symbols.includes(symbol))
    throw new PlimsollError(
      'WATCH_INVALID',
      `"${name}" is to be watched on ${symbol}, which "${id}" does not trade`,
      `use ${nearest(symbol, symbols)}`,
    );
  if (timeframe !== manifest.timeframe) createResampler(timeframe, manifest.timeframe);
  return { provenance: provenanceOf(venues[venue]), venue, symbol, timeframe: timeframe as Timeframe };
}

async function barsOf({ name, bars, symbol }: WatchedModel, { manifest }: BundledModel): Promise<WatchedSeries> {
  if (bars === undefined)
    throw new PlimsollError(
      'WATCH_BARS',
      `the lake on AWS does not hold what "${name}" learned from`,
      'write bars: a file of what it learned from, and of what came since',
    );
  const timeframe = manifest.timeframe as Timeframe;
  const read = await watchedBars({ file: bars, ...(symbol === undefined ? {} : { symbol }), timeframe, now: 0 });
  if (read.bars.length <= MOST_WATCHED_BARS) return read;
  throw new PlimsollError(
    'WATCH_TOO_MUCH',
    `${basename(bars)} has ${read.bars.length} bars of ${read.symbol}`,
    `leave at most ${MOST_WATCHED_BARS} of them: those that "${name}" learned from, some before for its features, and those since`,
  );
}

/** What of a card says how much was learned from, where it says so. */
interface TrainedOn extends Pick<Card, 'period'> {
  readonly rows?: number;
  readonly table?: { readonly symbols?: readonly string[] };
}

/**
 * The bars have to give the rows that it learned from: all of them, where it learned from one series. Else a look would hold it to rows that
 * it never saw.
 */
function assertTrainedOn(
  { symbol, bars, source }: WatchedSeries,
  { name, manifest: { features, label, timeframe } }: BundledModel,
  { period, rows, table }: TrainedOn,
): void {
  const recipe = { set: featureSet(features), label, symbol, intervalMs: timeframeMs(timeframe) };
  const made = trainedReference(bars, recipe, period, { draws: DRAWS }).rows;
  const isOneOfMany = (table?.symbols?.length ?? 1) > 1;
  if (rows === undefined || made === rows || (isOneOfMany && made < rows)) return;
  throw new PlimsollError(
    'WATCH_BARS',
    `the bars of ${source.file} give ${made} rows of the time in which "${name}" learned, and it learned from ${rows}`,
    'name the file that its table was made from, or one that goes on from there',
  );
}

/** Under a name made from its content, so that two deployments at once do not write over each other. */
function writtenBars(folder: string, hash: string, bytes: Uint8Array): string {
  const path = join(folder, `bars-${hash.slice(0, HASH_CHARACTERS)}.gz`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, gzipSync(bytes, { level: 9 }));
  return path;
}
