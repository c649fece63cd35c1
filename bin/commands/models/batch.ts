/** Batch predictions by hand: what `plimsoll start` does by itself after each bar. */
import { resolve } from 'node:path';
import { loadConfiguration } from '../../../adapters/files/configuration.ts';
import type { SeriesId } from '../../../adapters/lake/lake.ts';
import type { Configuration } from '../../../core/configuration/schema.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import {
  batchFileBeside,
  batchNamed,
  type NamedBatch,
  namedBatches,
} from '../../../platform/models/batches/batch-file.ts';
import { assertVenue, seriesOfBatch } from '../../../platform/models/batches/batch-series.ts';
import type { BroughtUp } from '../../../platform/models/batches/bring-up.ts';
import { bringUpHere } from '../../../platform/models/batches/bring-up-here.ts';
import { progressLine } from '../progress.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { say } from './print.ts';

export interface BatchArguments extends ModelsArguments {
  /** Recorded bars, instead of the batch's own and the lake's. */
  readonly bars?: string;
  /** ms UTC. */
  readonly from?: number;
  readonly anew?: boolean;
}

/** Brings up the batch of that name, or all of them in turn; what fails at one ends the command. */
export async function batch(name: string | undefined, given: BatchArguments): Promise<void> {
  const all = namedBatches(batchFileBeside(given.config));
  const wanted = name === undefined ? all : [batchNamed(all, name)];
  if (wanted.length === 0)
    throw new PlimsollError('BATCH_UNKNOWN', 'there is no batch', 'describe one in batches.yaml (docs/models.md)');
  if (given.bars !== undefined && wanted.length > 1)
    throw new PlimsollError('USAGE', '--bars was given with several batches', 'name one of them');
  const directory = directoryOf(given);
  const configuration = given.bars === undefined ? configurationOf(given) : undefined;
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop);
  try {
    for (const each of wanted) await bringOneUp(each, { given, directory, configuration, signal: stopping.signal });
  } finally {
    process.removeListener('SIGINT', stop);
  }
}

interface Setting {
  readonly given: BatchArguments;
  readonly directory: string;
  /** Without it the bars are those of a file alone. */
  readonly configuration: Configuration | undefined;
  readonly signal: AbortSignal;
}

async function bringOneUp(each: NamedBatch, { given, directory, configuration, signal }: Setting): Promise<void> {
  const { bars, from, anew } = given;
  const series = configuration && seriesIn(each, configuration);
  const progress = progressLine(each.name);
  const made = await bringUpHere({
    ...{ directory, batch: each, signal, now: Date.now(), onProgress: progress },
    ...(bars === undefined ? {} : { file: resolve(bars) }),
    ...(series ? { series } : {}),
    ...(from === undefined ? {} : { from }),
    ...(anew ? { anew } : {}),
  }).finally(() => progress.end());
  if (given.json) say(JSON.stringify({ batch: each.name, version: each.version, ...made }));
  else sayMade(each, made);
}

/** Where the lake keeps its bars. Throws `BATCH_BARS_NONE` where there are none to be made of. */
function seriesIn(each: NamedBatch, configuration: Configuration): SeriesId | undefined {
  assertVenue(each, configuration);
  const series = seriesOfBatch(each, configuration);
  if (series || each.file !== undefined) return series;
  const { venue, symbol, timeframe } = each.definition;
  throw new PlimsollError(
    'BATCH_BARS_NONE',
    `no account of the configuration keeps ${timeframe} bars of ${symbol} at ${venue}`,
    'name recorded bars with --bars, or as `bars` in batches.yaml',
  );
}

function sayMade({ name, version, entry }: NamedBatch, { added, missing, last, notes }: BroughtUp): void {
  for (const note of notes) say(note);
  const until = last === undefined ? 'it has no row yet' : `it is up to the bar of ${formatInstant(last)}`;
  say(
    `${name} (${entry.name}, version ${version}): ${added} rows were made, ${missing} of them without a value; ${until}.`,
  );
}

const configurationOf = ({ config }: BatchArguments): Configuration =>
  loadConfiguration({ file: config, profile: process.env.PLIMSOLL_PROFILE, environment: process.env }).configuration;
