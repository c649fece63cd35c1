/** What SageMaker refuses, as the sentence that whoever asked for it can act on. */
import { PlimsollError } from '../../core/errors.ts';
import { awsError, awsFailure } from './aws-errors.ts';

const SAID_LIMIT = 500;

/** No such job. SageMaker says so with `ValidationException` for most of its kinds. */
export const isUnknownJob = (error: unknown): boolean => {
  const { name } = awsFailure(error);
  return (
    name === 'ResourceNotFound' ||
    (name === 'ValidationException' && /not (be )?found|does not exist/i.test(said(error)))
  );
};

/** A job of this name is there already. */
export const isTaken = (error: unknown): boolean => awsFailure(error).name === 'ResourceInUse';

/**
 * A refusal of a new job. What SageMaker says of a request goes on to the person whose request it is: no other way tells which of its
 * fields is wrong.
 */
export function refusal(what: string, error: unknown): PlimsollError {
  const { name } = awsFailure(error);
  if (name === 'ResourceLimitExceeded')
    return new PlimsollError(
      'SAGEMAKER_QUOTA',
      `could not ${what}: the account's quota is used up (${said(error)})`,
      'ask for more in the console of Service Quotas, or name another --instance',
      { kept: 'nothing was started' },
    );
  if (name === 'ValidationException' || name === 'ResourceNotFound')
    return new PlimsollError(
      'SAGEMAKER_REQUEST_REFUSED',
      `could not ${what}: ${said(error)}`,
      'correct what it names (--role, --image, --bucket, --instance)',
      { kept: 'nothing was started' },
    );
  return callerError(what, error);
}

/** As {@link awsError}, for who asks from a command line: the rights are of their own credentials. */
export function callerError(what: string, error: unknown): PlimsollError {
  const known = awsError(what, error);
  if (known.code !== 'AWS_ACCESS_DENIED') return known;
  return new PlimsollError(
    known.code,
    `could not ${what}: these credentials may not do that (${awsFailure(error).name})`,
    'give them the rights that docs/models.md names',
  );
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, SAID_LIMIT);
