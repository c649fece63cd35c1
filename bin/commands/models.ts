/** Models: the table that they learn from, their training, and which version decides. */
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';
import { formatInstant } from '../../core/market/civil.ts';
import { STANDARD_FEATURES } from '../../core/models/features/feature-set.ts';
import { type LabelSpec, labelSchema } from '../../core/models/table.ts';
import { listedVersion } from '../../operations/models/listed.ts';
import type { ModelAction } from '../../operations/models/port.ts';
import { modelsAt } from '../../platform/models/models-at.ts';
import { train } from '../../platform/models/training.ts';
import { writeTrainingTable } from '../../platform/models/training-table.ts';
import { directoryOf, type ModelsArguments } from './models/arguments.ts';
import { sayCard } from './models/card.ts';
import { say } from './models/print.ts';
import { isOnSageMaker, type SageMakerArguments } from './models/sagemaker-arguments.ts';
import { progressLine } from './progress.ts';

export interface TableArguments {
  readonly bars: string;
  readonly symbol?: string[];
  readonly features?: string;
  readonly label?: string;
  readonly lockedFrom?: number;
  readonly out: string;
  readonly json?: boolean;
}

export interface TrainArguments extends ModelsArguments, SageMakerArguments {
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
  const features = given.features?.split(',').map((name) => name.trim()) ?? STANDARD_FEATURES;
  const { bars, symbol: symbols, lockedFrom, out } = given;
  const { leftOut, ...written } = await writeTrainingTable({
    bars,
    ...(symbols === undefined ? {} : { symbols }),
    features,
    label,
    ...(lockedFrom === undefined ? {} : { lockedFrom }),
    out,
  });
  if (given.json) return say(JSON.stringify({ ...written, leftOut }));
  say(`${written.rows} rows of ${features.length} features in ${out}/train, SHA-256 ${written.sha256}`);
  if (written.locked)
    say(
      `${written.locked.rows} rows from ${formatInstant(lockedFrom ?? 0)} on are locked away in ${out}/locked, SHA-256 ${written.locked.sha256}`,
    );
  say(`${leftOut} bars are in neither: the warm-up of features, and bars without a label.`);
}

/** Trains a model on a table, here or on SageMaker; it is a candidate then. */
export async function trainModel(name: string, given: TrainArguments): Promise<void> {
  if (isOnSageMaker(given)) return (await import('./models/train-on-sagemaker.ts')).trainThere(name, given);
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
  if (given.json) return say(JSON.stringify(listedVersion(version, 'candidate')));
  for (const note of notes) say(note);
  say(`${name} ${version.version} is trained, in ${Math.round(run.wall_seconds)} s, and waits as a candidate.`);
  sayCard(version);
}

/** Lets a version decide, goes back to the one before, or takes one out. */
export async function act(
  action: ModelAction,
  name: string,
  wanted: string | undefined,
  given: DeedArguments,
): Promise<void> {
  const { act: actOn } = modelsAt(directoryOf(given));
  const version = await actOn(name, action, wanted, {
    at: Date.now(),
    by: userInfo().username,
    reason: given.reason,
  });
  if (given.json) return say(JSON.stringify({ name, version, action }));
  say(`${name} ${version} is ${action === 'rolled-back' ? 'champion again' : action}.`);
}

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
