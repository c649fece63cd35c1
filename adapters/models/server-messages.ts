/** What a model server is sent and what it answers, whoever carries it: `{"version", "rows"}`, and `{"version", "up"}` by row and member. */
import * as z from 'zod';
import type { ModelAnswers } from '../../core/ports/model-server.ts';

/** Of what a server said, what is shown of it. */
const SHOWN = 80;

/** The body of a question about rows of finite numbers, in the order of the manifest's features. */
export const questionText = (version: string, rows: readonly Float64Array[]): string =>
  JSON.stringify({ version, rows: rows.map((row) => [...row]) });

/** What is wrong with an answer, in words that follow "its answer cannot be used: ". */
export class AnswerInvalid extends Error {}

const answerSchema = z.strictObject({
  version: z.string(),
  up: z.array(z.array(z.number().min(0).max(1)).min(1)),
});

/**
 * The probabilities in a server's answer: each is a number from 0 to 1, of as many rows as were asked about and of the version that was asked.
 * Throws {@link AnswerInvalid}.
 */
export function answersIn(text: string, version: string, rows: number): ModelAnswers {
  const read = answerSchema.safeParse(parsed(text));
  if (!read.success) throw new AnswerInvalid(complaint(read.error.issues[0]));
  const answer = read.data;
  if (answer.version !== version)
    throw new AnswerInvalid(`it is of the version ${shown(answer.version)}, where ${version} was asked`);
  if (answer.up.length !== rows)
    throw new AnswerInvalid(`it is about ${answer.up.length} rows, where ${rows} were asked about`);
  return answer.up;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AnswerInvalid(`it is not JSON (${text === '' ? 'it is empty' : `it begins ${shown(text)}`})`);
  }
}

/** As `up.2.0: Too big: …`, counted from 0 as the server counts. */
function complaint({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}

function shown(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return JSON.stringify(line.length > SHOWN ? `${line.slice(0, SHOWN - 1)}…` : line);
}
