/**
 * What was tried to answer one research question, over many sweeps: the best of them all is held against the number of them all. A trial
 * is a strategy's code with parameters on bars; the same one again is no new trial.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { PlimsollError } from '../errors.ts';
import { canonicalJson, type Json } from '../json.ts';
import type { BarColumns } from '../market/bars.ts';

const MOST_QUESTIONS = 1_000;
/** Of all questions of a file together. */
const MOST_TRIALS = 100_000;

const trialsSchema = z.strictObject({
  version: z.literal(1),
  /** By question, by the trial's key: its annualised Sharpe ratio, null where it never traded. */
  questions: z.record(z.string().min(1).max(200), z.record(z.string().regex(/^[0-9a-f]{64}$/), z.number().nullable())),
});
export type TrialsBook = z.infer<typeof trialsSchema>;

export const NO_TRIALS: TrialsBook = { version: 1, questions: {} };

export interface MadeTrial {
  readonly key: string;
  /** Annualised; NaN where the run never traded. */
  readonly sharpe: number;
}

/** SHA-256 of bars, hex: the same for the same values under the same symbols, whatever file they come from. */
export function barsHashOf(bars: ReadonlyMap<string, BarColumns>): string {
  const hash = createHash('sha256');
  for (const [symbol, columns] of bars) {
    const { timestamp, open, high, low, close, volume, length, priceDecimals } = columns;
    hash.update(canonicalJson({ symbol, length, priceDecimals }));
    for (const column of [timestamp, open, high, low, close, volume])
      hash.update(new Uint8Array(column.buffer, column.byteOffset, length * column.BYTES_PER_ELEMENT));
  }
  return hash.digest('hex');
}

export interface TrialIdentity {
  /** SHA-256 of the strategy's source: changed code is another trial. */
  readonly codeHash: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly timeframe: string;
  readonly barsHash: string;
}

export const trialKeyOf = (identity: TrialIdentity): string =>
  createHash('sha256')
    .update(canonicalJson(JSON.parse(JSON.stringify(identity)) as Json))
    .digest('hex');

/** Reads a book. Throws `RESEARCH_TRIALS_INVALID`. */
export function parseTrials(text: string): TrialsBook {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable('it is not JSON');
  }
  const parsed = trialsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable([...issue.path, issue.message].join(': '));
}

const unreadable = (why: string): PlimsollError =>
  new PlimsollError(
    'RESEARCH_TRIALS_INVALID',
    `the file of trials cannot be read (${why})`,
    'restore it, or name another',
    {
      kept: 'the file is as it was',
    },
  );

/** The trials of a question beside those of this run, by their annualised Sharpe ratios; NaN where one never traded. */
export function earlierTrials(book: TrialsBook, question: string, made: readonly string[]): number[] {
  const now = new Set(made);
  const known = Object.hasOwn(book.questions, question) ? book.questions[question] : {};
  return Object.entries(known).flatMap(([key, sharpe]) => (now.has(key) ? [] : [sharpe ?? Number.NaN]));
}

/** The book with the trials of this run. Throws `RESEARCH_TOO_MUCH` where it would be too large. */
export function withTrials(book: TrialsBook, question: string, made: readonly MadeTrial[]): TrialsBook {
  const known = Object.hasOwn(book.questions, question) ? book.questions[question] : {};
  const added = Object.fromEntries(made.map(({ key, sharpe }) => [key, Number.isFinite(sharpe) ? sharpe : null]));
  const questions = { ...book.questions, [question]: { ...known, ...added } };
  const count = Object.values(questions).reduce((sum, trials) => sum + Object.keys(trials).length, 0);
  if (Object.keys(questions).length > MOST_QUESTIONS || count > MOST_TRIALS) {
    throw new PlimsollError(
      'RESEARCH_TOO_MUCH',
      `the file of trials would hold ${count} of ${Object.keys(questions).length} questions`,
      `name another file: one holds ${MOST_TRIALS} trials of ${MOST_QUESTIONS} questions`,
      { kept: 'the file is as it was' },
    );
  }
  return { version: 1, questions };
}
