/** The tree that SageMaker gives a training job under /opt/ml, in a folder of one's own. */
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';
import { type FileLock, lockFile } from '../embedded/file-lock.ts';

const MARK = '.plimsoll-training';
const CHANNEL = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const REASON_LIMIT = 2_000;
const HOST = 'algo-1';

export interface TrainingInput {
  /** Name to the folder that holds its files, which are read where they are. */
  readonly channels: Readonly<Record<string, string>>;
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
}

/**
 * Clears what an earlier job left in `folder`, its checkpoints apart, lays out the input of the next, and keeps other
 * processes out of it until `release` is called or this process ends.
 *
 * Throws `TRAINING_FOLDER_TAKEN` where the folder holds other things, `TRAINING_FOLDER_IN_USE` where a job runs in it, and
 * `TRAINING_CHANNEL_MISSING`; nothing has been changed then.
 */
export function layOut(folder: string, { channels, hyperparameters }: TrainingInput): FileLock {
  for (const [name, source] of Object.entries(channels)) checkChannel(name, source);
  takeOver(folder);
  const lock = lockFolder(folder);
  try {
    for (const name of ['input', 'model', 'output']) rmSync(join(folder, name), { recursive: true, force: true });
    for (const name of ['input/config', 'input/data', 'model', 'output/data', 'checkpoints']) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    for (const [name, source] of Object.entries(channels)) {
      symlinkSync(resolve(source), join(folder, 'input/data', name), 'junction');
    }
    const strings = Object.entries(hyperparameters).map(([name, value]) => [name, String(value)]);
    const data = Object.keys(channels).map((name) => [name, { TrainingInputMode: 'File' }]);
    writeConfig(folder, 'hyperparameters', Object.fromEntries(strings));
    writeConfig(folder, 'inputdataconfig', Object.fromEntries(data));
    writeConfig(folder, 'resourceconfig', { current_host: HOST, hosts: [HOST] });
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

export const modelFolder = (folder: string): string => join(folder, 'model');

export const recordFile = (folder: string): string => join(folder, 'output/data/run.json');

/** Why the job failed, in its own words. */
export function reasonIn(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'output/failure'), 'utf8').slice(0, REASON_LIMIT).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** What of the work is still there, for an error. */
export function keptIn(folder: string): string {
  const units = globSync('checkpoints/*/*.checkpoint', { cwd: folder }).length;
  if (units === 0) return 'no unit of work was finished, so nothing was kept';
  const [noun, pronoun] = units === 1 ? ['unit of work is', 'it'] : ['units of work are', 'them'];
  return `${units} finished ${noun} kept in ${join(folder, 'checkpoints')}: the same job in this folder goes on after ${pronoun}`;
}

function checkChannel(name: string, source: string): void {
  const isFolder = statSync(source, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (CHANNEL.test(name) && isFolder) return;
  throw new PlimsollError(
    'TRAINING_CHANNEL_MISSING',
    isFolder ? `a channel cannot be called ${name}` : `the channel ${name} is no folder: ${source}`,
    isFolder ? 'use letters, digits, "_", "." and "-", at most 64' : 'name the folder that holds its files',
    { kept: 'nothing was started' },
  );
}

/** What is cleared must be ours. */
function takeOver(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (existsSync(join(folder, MARK))) return;
  if (readdirSync(folder).length > 0) {
    throw new PlimsollError(
      'TRAINING_FOLDER_TAKEN',
      `${folder} holds files that are no training job's`,
      'name an empty folder, or one that does not exist yet',
      { kept: 'nothing in it was changed' },
    );
  }
  writeFileSync(join(folder, MARK), '');
}

function lockFolder(folder: string): FileLock {
  const lock = lockFile(join(folder, MARK));
  if (lock) return lock;
  throw new PlimsollError(
    'TRAINING_FOLDER_IN_USE',
    `a training job already runs in ${folder}`,
    'wait until it is over, or name another folder',
    { kept: 'nothing was started' },
  );
}

function writeConfig(folder: string, name: string, value: object): void {
  writeFileSync(join(folder, 'input/config', `${name}.json`), JSON.stringify(value));
}
