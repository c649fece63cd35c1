/** The file in which the trials of research questions add up. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { dataDirectoryOf, loadConfiguration } from '../../../adapters/files/configuration.ts';
import { PlimsollError } from '../../../core/errors.ts';
import {
  earlierTrials,
  type MadeTrial,
  NO_TRIALS,
  parseTrials,
  type TrialsBook,
  withTrials,
} from '../../../core/research/trials.ts';

export interface QuestionArguments {
  /** What is to be answered; without it only the trials of this run are counted. */
  readonly question?: string;
  /** The file; `research/trials.json` in the data directory when left out. */
  readonly trials?: string;
  readonly data?: string;
  readonly config: string;
}

export interface Question {
  /** Annualised Sharpe ratios of its other trials; NaN where one never traded. */
  earlier(made: readonly string[]): readonly number[];
  /** Throws `RESEARCH_TOO_MUCH` where the file has no room for them. */
  assertRoom(keys: readonly string[]): void;
  /** Adds those of this run. */
  keep(made: readonly MadeTrial[]): Promise<void>;
}

const NO_QUESTION: Question = { earlier: () => [], assertRoom: () => undefined, keep: async () => undefined };

/** Throws `USAGE`, and `RESEARCH_TRIALS_INVALID` for a file that is none, before anything is run. */
export async function questionOf({ question, trials, data, config }: QuestionArguments): Promise<Question> {
  if (question === undefined) {
    if (trials === undefined) return NO_QUESTION;
    throw new PlimsollError(
      'USAGE',
      '--trials was given without --question',
      'name the question, as in --question trend',
    );
  }
  if (question.trim() === '' || question.length > 200)
    throw new PlimsollError('USAGE', 'the question has no name, or one of more than 200 characters', 'name it shortly');
  const file = trials === undefined ? join(dataDirectory(data, config), 'research', 'trials.json') : resolve(trials);
  const book = await read(file);
  return {
    earlier: (made) => earlierTrials(book, question, made),
    assertRoom(keys) {
      const untold = keys.map((key) => ({ key, sharpe: Number.NaN }));
      withTrials(book, question, untold);
    },
    // Read once more: another sweep may have added to it meanwhile.
    keep: async (made) => write(file, withTrials(await read(file), question, made)),
  };
}

const dataDirectory = (data: string | undefined, config: string): string =>
  data === undefined
    ? dataDirectoryOf(
        loadConfiguration({ file: config, profile: process.env.PLIMSOLL_PROFILE, environment: process.env }),
      )
    : resolve(data);

async function read(file: string): Promise<TrialsBook> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return NO_TRIALS;
    throw new PlimsollError('FILE_NOT_READ', 'the file of trials could not be read', 'look at its permissions', {
      cause,
    });
  }
  return parseTrials(text);
}

/** Put in place as a whole. */
async function write(file: string, book: TrialsBook): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, `${JSON.stringify(book)}\n`);
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new PlimsollError(
      'FILE_NOT_WRITTEN',
      `the trials could not be kept (${(cause as NodeJS.ErrnoException).code ?? cause})`,
      'name a file in a folder that may be written to (--trials)',
      { kept: 'the trials that were kept before', cause },
    );
  }
}
