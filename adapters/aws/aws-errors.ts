import { PlimsollError } from '../../core/errors.ts';

/** What an SDK error tells, whatever its class: name, HTTP status and how often the SDK itself tried. */
export interface AwsFailure {
  readonly name: string;
  readonly code: string;
  readonly status: number | undefined;
  readonly attempts: number;
  readonly requestId: string | undefined;
}

export function awsFailure(error: unknown): AwsFailure {
  const { name, code, $metadata } = (error ?? {}) as {
    name?: unknown;
    code?: unknown;
    $metadata?: { httpStatusCode?: number; attempts?: number; requestId?: string };
  };
  return {
    name: typeof name === 'string' ? name : 'Error',
    code: typeof code === 'string' ? code : '',
    status: $metadata?.httpStatusCode,
    attempts: $metadata?.attempts ?? 1,
    requestId: $metadata?.requestId,
  };
}

const THROTTLED = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'TooManyRequestsException',
  'RequestThrottled',
  'SlowDown',
]);
const NO_ANSWER = new Set([
  'TimeoutError',
  'AbortError',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const DENIED = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'KMSAccessDeniedException',
  'KmsAccessDenied',
  'AWS.SimpleQueueService.AccessDenied',
]);
const UNKNOWN_CALLER = new Set([
  'CredentialsProviderError',
  'UnrecognizedClientException',
  'ExpiredTokenException',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);
const MISSING = new Set([
  'ResourceNotFoundException',
  'NoSuchBucket',
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
]);

export const isThrottled = ({ name, status }: AwsFailure): boolean => THROTTLED.has(name) || status === 429;

/** Nobody knows whether the service did what was asked: no answer came, or one that says nothing about it. */
export const isAmbiguous = ({ name, code, status }: AwsFailure): boolean =>
  NO_ANSWER.has(name) || NO_ANSWER.has(code) || (status !== undefined && status >= 500);

/**
 * An SDK error as the sentence that people see. The SDK's own text stays behind, and so does the error as a cause: they may
 * name account, role, endpoint or key.
 * @param what what was asked, as "read the head of a ledger stream from DynamoDB"
 */
export function awsError(what: string, error: unknown): PlimsollError {
  if (error instanceof PlimsollError) return error;
  const failure = awsFailure(error);
  const [code, message, remedy] = explanation(failure);
  const request = failure.requestId ? `, request ${failure.requestId}` : '';
  return new PlimsollError(code, `could not ${what}: ${message} (${failure.name}${request})`, remedy);
}

function explanation(failure: AwsFailure): readonly [code: string, message: string, remedy: string] {
  const { name } = failure;
  if (DENIED.has(name)) {
    return [
      'AWS_ACCESS_DENIED',
      'the role of this function may not do that',
      'grant it in the stack, then deploy again',
    ];
  }
  if (UNKNOWN_CALLER.has(name)) {
    return [
      'AWS_CREDENTIALS_INVALID',
      'AWS does not accept the credentials',
      'sign in again, or check the role and the region',
    ];
  }
  if (MISSING.has(name)) {
    return [
      'AWS_RESOURCE_MISSING',
      'AWS knows no such resource',
      'deploy the stack, and check the region and the environment variables',
    ];
  }
  if (isThrottled(failure)) {
    return ['AWS_THROTTLED', 'AWS asks for a slower pace', 'wait a moment and try again, or raise the limit'];
  }
  if (isAmbiguous(failure)) {
    return ['AWS_UNAVAILABLE', 'no answer came in time', 'try again, and look at the health of AWS where it stays so'];
  }
  return [
    'AWS_REQUEST_REFUSED',
    'AWS refused the request',
    'look the name of the error up, and report it where it is ours',
  ];
}
