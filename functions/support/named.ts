import { PlimsollError } from '../../core/errors.ts';

/** Step Functions chooses by the name of an error what to do; ours is its code. */
export function named(error: unknown): unknown {
  if (!(error instanceof PlimsollError)) return error;
  return Object.assign(new Error(error.sentence), { name: error.code });
}
