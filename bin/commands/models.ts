/** Models: the table that they learn from, their training, and which version decides. */
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { readBarFile } from '../../adapters/files/bar-file.ts';
import { dataDirectoryOf, loadConfiguration } from '../../adapters/files/configuration.ts';
import { writeFeatureTable } from '../../adapters/files/feature-table.ts';
import type { ModelVersion } from '../../adapters/models/registry.ts';
import { PlimsollError } from '../../core/errors.ts';
import { formatInstant } from '../../core/market/civil.ts';
import { timeframeMs } from '../../core/market/timeframe.ts';
import { featureSet, STANDARD_FEATURES } from '../../core/models/features/feature-set.ts';
import { featureTable, type LabelSpec, labelSchema } from '../../core/models/table.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { train } from '../../platform/models/training.ts';
import { progressLine } from './progress.ts';

export interface ModelsArguments {
  readonly config: string;
  readonly data?: string;
  readonly json?: boolean;
}

export interface TableArguments {
  readonly bars: string;
  readonly symbol?: string[];
  readonly features?: string;
  readonly label?: string;
  readonly lockedFrom?: number;
  readonly out: string;
  readonly json?: boolean;
}

export interface TrainArguments extends ModelsArguments {
  readonly table: string;
  readonly set: Record<string, string | number | boolean>;
  readonly within: number;
  readonly reason: string;
}

export interface DeedArguments extends ModelsArguments {
  readonly reason: string;
}

const MINUTE_MS = 60_000;
const DEFAULT_LABEL: LabelSpec = labelSchema.parse({ kind: 'triple-barrier', bars: 24, width: 3 });

/** Writes features and labels of recorded bars, and locks a period away. */
export async function table(given: TableArguments): Promise<void> {
  const label = given.label === undefined ? DEFAULT_LABEL : labelOf(given.label);
  const set = featureSet(given.features?.split(',').map((name) => name.trim()) ?? STANDARD_FEATURES);
  const file = await readBarFile(given.bars, { symbols: given.symbol ?? 'all' });
  const series = [...file.bars].map(([symbol, bars]) => ({ symbol, bars }));
  const timeframes = new Set(file.timeframes.values());
  const [timeframe] = timeframes;
  if (timeframe === undefined || timeframes.size > 1)
    throw new PlimsollError(
      'USAGE',
      `the bars of ${given.bars} are of ${timeframes.size === 0 ? 'no known timeframe' : 'several timeframes'}`,
      'name symbols of one timeframe with --symbol',
    );
  const made = featureTable(set, label, series, {
    intervalMs: timeframeMs(timeframe),
    ...(given.lockedFrom === undefined ? {} : { lockedFrom: given.lockedFrom }),
  });
  const { provenance } = file;
  const written = await writeFeatureTable(given.out, made, {
    features: set.names,
    label,
    timeframe,
    symbols: series.map(({ symbol }) => symbol),
    sources: [{ file: provenance.file, sha256: provenance.sha256, provenance: provenance.source }],
    ...(given.lockedFrom === undefined ? {} : { lockedFrom: given.lockedFrom }),
  });
  if (given.json) return say(JSON.stringify({ ...written, leftOut: made.leftOut }));
  say(`${written.rows} rows of ${set.names.length} features in ${given.out}/train, SHA-256 ${written.sha256}`);
  if (written.locked)
    say(
      `${written.locked.rows} rows from ${formatInstant(given.lockedFrom ?? 0)} on are locked away in ${given.out}/locked, SHA-256 ${written.locked.sha256}`,
    );
  say(`${made.leftOut} bars are in neither: the warm-up of features, and bars without a label.`);
}

/** Trains a model on a table; it is a candidate then. */
export async function trainModel(name: string, given: TrainArguments): Promise<void> {
  const progress = progressLine('Training');
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop);
  const { version, run, notes } = await train({
    directory: directoryOf(given),
    name,
    table: resolve(given.table),
    hyperparameters: given.set,
    by: userInfo().username,
    reason: given.reason,
    withinMs: given.within * MINUTE_MS,
    onProgress: ({ step, of }) => progress(step, of),
    signal: stopping.signal,
    environment: process.env,
    now: () => Date.now(),
  }).finally(() => {
    progress.end();
    process.removeListener('SIGINT', stop);
  });
  if (given.json) return say(JSON.stringify(summaryOf(version, 'candidate')));
  for (const note of notes) say(note);
  say(`${name} ${version.version} is trained, in ${Math.round(run.wall_seconds)} s, and waits as a candidate.`);
  sayCard(version);
}

/** Every model and which version of it decides. */
export async function list(given: ModelsArguments): Promise<void> {
  const registry = modelsIn(directoryOf(given), { readOnly: true });
  const models = [];
  for (const name of await registry.names()) {
    const { versions, champion } = await registry.standing(name);
    const version = await registry.version(name);
    models.push({
      ...summaryOf(version, versions.get(version.version)),
      champion: champion ?? null,
      versions: versions.size,
    });
  }
  if (given.json) return say(JSON.stringify(models));
  if (models.length === 0)
    say('There is no model yet. Write a table with `plimsoll models table`, then `plimsoll models train`.');
  for (const { name, version, status, versions, score, baseline } of models)
    say(
      `${name}  ${version} (${status}, ${versions} version${versions === 1 ? '' : 's'})  log loss ${score} beside ${baseline} of the baseline`,
    );
}

/** A version's card, its parity and where it comes from. */
export async function show(name: string, wanted: string | undefined, given: ModelsArguments): Promise<void> {
  const registry = modelsIn(directoryOf(given), { readOnly: true });
  const version = await registry.version(name, wanted);
  const history = await registry.history(name);
  const { versions } = await registry.standing(name);
  if (given.json)
    return say(
      JSON.stringify({
        ...summaryOf(version, versions.get(version.version)),
        card: version.card,
        manifest: version.manifest,
        about: version.about,
        history,
      }),
    );
  say(`${name} ${version.version} (${versions.get(version.version)})`);
  sayCard(version);
  say('What became of its versions:');
  for (const { action, version: of, at, by, reason } of history)
    say(`  ${formatInstant(at)}  ${of} ${action} by ${by}: ${reason}`);
}

/** Lets a version decide, goes back to the one before, or takes one out. */
export async function act(
  action: 'promoted' | 'rolled-back' | 'retired',
  name: string,
  wanted: string | undefined,
  given: DeedArguments,
): Promise<void> {
  const registry = modelsIn(directoryOf(given));
  const version = await registry.act(name, action, wanted, {
    at: Date.now(),
    by: userInfo().username,
    reason: given.reason,
  });
  if (given.json) return say(JSON.stringify({ name, version, action }));
  say(`${name} ${version} is ${action === 'rolled-back' ? 'champion again' : action}.`);
}

const directoryOf = ({ config, data }: ModelsArguments): string =>
  data === undefined
    ? dataDirectoryOf(
        loadConfiguration({ file: config, profile: process.env.PLIMSOLL_PROFILE, environment: process.env }),
      )
    : resolve(data);

function labelOf(text: string): LabelSpec {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PlimsollError(
      'USAGE',
      '--label is not JSON',
      `write it as in --label '{"kind":"fixed-horizon","bars":12}'`,
      { cause },
    );
  }
  const read = labelSchema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new PlimsollError(
    'USAGE',
    `--label is not valid (${[...issue.path, issue.message].join(': ')})`,
    'use a label of docs/models.md',
  );
}

/** What a list shows of a version. */
function summaryOf({ name, version, card }: ModelVersion, status: string | undefined) {
  const { ensemble, baseline, period, beatsBaseline } = card as unknown as Card;
  return {
    name,
    version,
    status: status ?? 'candidate',
    task: card.task as string,
    served: 'native',
    score: rounded(ensemble.logLoss),
    baseline: rounded(baseline.logLoss),
    beatsBaseline,
    fittedOn: period,
  };
}

interface Card {
  readonly rows: number;
  readonly period: { readonly from: number; readonly to: number };
  readonly ensemble: { readonly logLoss: number; readonly accuracy: number; readonly auc: number };
  readonly baseline: { readonly logLoss: number };
  readonly beatsBaseline: boolean;
  readonly intervals: {
    readonly logLossGained: readonly [number, number];
    readonly accuracy: readonly [number, number];
  };
  readonly sure: { readonly share: number; readonly accuracy: number | null };
  readonly calibration: { readonly error: number };
  readonly limits: readonly string[];
}

function sayCard({ card, about }: ModelVersion): void {
  const { rows, period, ensemble, baseline, intervals, beatsBaseline, sure, calibration, limits } =
    card as unknown as Card;
  const [low, high] = intervals.accuracy;
  const [least, most] = intervals.logLossGained;
  say(
    `  ${rows} rows, ${formatInstant(period.from)} to ${formatInstant(period.to)}; all figures are of rows that the models had not seen`,
  );
  say(
    `  log loss ${rounded(ensemble.logLoss)}, baseline ${rounded(baseline.logLoss)}; gained ${rounded(least)} to ${rounded(most)} (95 %)`,
  );
  say(
    `  accuracy ${percent(ensemble.accuracy)} (${percent(low)} to ${percent(high)}), AUC ${rounded(ensemble.auc)}, calibration error ${percent(calibration.error)}`,
  );
  say(
    `  sure of ${percent(sure.share)} of the rows${sure.accuracy === null ? '' : `, of which ${percent(sure.accuracy)} were right`}`,
  );
  say(
    beatsBaseline
      ? '  It beats the baseline.'
      : '  It does not beat the baseline: there is no evidence that it knows anything.',
  );
  const parities = Object.entries(about.parity);
  const worst = Math.max(...parities.map(([, { largestDifference }]) => largestDifference));
  const exact = parities.filter(([, { unequalScores }]) => unequalScores === 0).map(([member]) => member);
  say(
    `  the same here as in its libraries: probabilities within ${worst.toExponential(1)} on ${parities[0]?.[1].rows} rows; to the last bit ${exact.join(', ') || 'none'}`,
  );
  for (const limit of limits) say(`  limit: ${limit}`);
}

const rounded = (value: number): number => Number(value.toPrecision(5));
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
