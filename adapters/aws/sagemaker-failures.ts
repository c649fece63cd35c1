/** Why there is no answer of an endpoint that can be used, in its own words as far as they may be repeated: they end in the ledger. */
import { PlimsollError } from '../../core/errors.ts';
import { Redaction } from '../venues/redaction.ts';
import { awsFailure } from './aws-errors.ts';
import type { AskedEndpoint } from './sagemaker-endpoint.ts';

const DOWN = 'MODEL_SERVER_DOWN';

/** What came back, where anything did; a text without a status was found where an endpoint leaves it. */
export interface Heard {
  status?: number;
  text?: string;
}

/** Where servers and SageMaker write what is wrong; the words of the model's own server come first. */
const WORDS = ['OriginalMessage', 'Message', 'message', 'error'];
/** SageMaker quotes the answer of a model's server, which is such a document itself. */
const QUOTED_WITHIN = 3;
/** Accounts, roles and keys, as AWS names them in its errors. */
const PRIVATE: readonly (readonly [RegExp, string])[] = [
  [/arn:[^\s"',]+/g, '[arn]'],
  [/https?:\/\/[^\s"',]+/g, '[address]'],
  [/\b\d{12}\b/g, '[account]'],
  [/\b(AKIA|ASIA)[A-Z0-9]{12,}\b/g, '[key]'],
];
/** What the client of AWS calls the error of a server that gave it no name. */
const NAMELESS = new Set(['Error', 'Unknown', 'UnknownError', 'SyntaxError']);
const CONNECTION = /^E[A-Z_]+$/;

export const endpointSlow = ({ what }: AskedEndpoint, timeoutMs: number): PlimsollError =>
  new PlimsollError(
    'MODEL_SERVER_SLOW',
    `${what} did not answer within ${timeoutMs} ms`,
    'give it more memory or instances, keep a serverless one warm, or raise the time-out',
    { kept: 'nothing rests on it' },
  );

export const invalidAnswer = ({ what }: AskedEndpoint, why: string, cause?: unknown): PlimsollError =>
  new PlimsollError(
    'MODEL_SERVER_ANSWER_INVALID',
    `${what} answered, but not so that it can be used: ${why}`,
    'look at what is deployed under its name, and at its log',
    { kept: 'nothing of the answer is used', cause },
  );

/** The error of an endpoint that is not there, refuses, is overloaded or whose model failed. */
export function endpointDown({ what }: AskedEndpoint, error: unknown, { status, text }: Heard): PlimsollError {
  if (error instanceof PlimsollError && error.code === DOWN) return error;
  const { name, code, attempts } = awsFailure(error);
  const often = attempts > 1 ? ` in ${attempts} attempts` : '';
  const why = text === undefined ? unanswered(error, name, code) : answered(text, name, status);
  return new PlimsollError(
    DOWN,
    `${what} gave no answer${often}: ${why}`,
    'see that it is in service, and read its log',
    { kept: 'nothing rests on it', cause: error },
  );
}

/** As `424 ModelError: “the model cannot be loaded”`. */
function answered(text: string, name: string, status: number | undefined): string {
  const kind = [status, NAMELESS.has(name) ? undefined : name].filter((part) => part !== undefined).join(' ');
  const words = said(wordsIn(text));
  return [kind, words && `“${words}”`].filter(Boolean).join(': ');
}

function unanswered(error: unknown, name: string, code: string): string {
  if (CONNECTION.test(code)) return `there was no connection, or it broke (${code})`;
  if (error instanceof PlimsollError) return error.message;
  return `${name}: ${said(error instanceof Error ? error.message : String(error))}`;
}

function wordsIn(text: string, within = QUOTED_WITHIN): string {
  if (within === 0) return text;
  try {
    const document = JSON.parse(text) as Record<string, unknown>;
    const words = WORDS.map((key) => document[key]).find((value) => typeof value === 'string' && value !== '');
    return words === undefined ? text : wordsIn(words as string, within - 1);
  } catch {
    return text;
  }
}

function said(words: string): string {
  let text = words;
  for (const [what, instead] of PRIVATE) text = text.replace(what, instead);
  return new Redaction([]).said(text);
}
