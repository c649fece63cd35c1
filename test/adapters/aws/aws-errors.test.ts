import { describe, expect, it } from 'vitest';
import { awsError } from '../../../adapters/aws/aws-errors.ts';
import { PlimsollError } from '../../../core/errors.ts';

const failure = (name: string, extra: object = {}) =>
  Object.assign(new Error('arn:aws:iam::123456789012:user/x AKIAEXAMPLE'), { name, ...extra });

describe('an AWS error as people see it', () => {
  it.each([
    ['AccessDeniedException', {}, 'AWS_ACCESS_DENIED'],
    ['ExpiredTokenException', {}, 'AWS_CREDENTIALS_INVALID'],
    ['CredentialsProviderError', {}, 'AWS_CREDENTIALS_INVALID'],
    ['ResourceNotFoundException', {}, 'AWS_RESOURCE_MISSING'],
    ['ThrottlingException', {}, 'AWS_THROTTLED'],
    ['TimeoutError', {}, 'AWS_UNAVAILABLE'],
    ['Error', { code: 'ECONNREFUSED' }, 'AWS_UNAVAILABLE'],
    ['InternalError', { $metadata: { httpStatusCode: 503 } }, 'AWS_UNAVAILABLE'],
    ['ValidationException', { $metadata: { httpStatusCode: 400 } }, 'AWS_REQUEST_REFUSED'],
  ])('named %s %j has the code %s and nothing of its text', (name, extra, code) => {
    const error = awsError('read a thing', failure(name, extra));
    expect(error.code).toBe(code);
    expect(error.message).toContain('could not read a thing');
    expect(error.message).toContain(name);
    expect(error.sentence + String(error.stack)).not.toMatch(/123456789012|AKIA/);
    expect(error.cause).toBeUndefined();
  });

  it('names the request, which AWS support asks for', () => {
    expect(awsError('do it', failure('InternalError', { $metadata: { requestId: 'R-1' } })).message).toContain(
      'request R-1',
    );
  });

  it('leaves our own errors as they are', () => {
    const ours = new PlimsollError('A', 'b', 'c');
    expect(awsError('do it', ours)).toBe(ours);
  });

  it.each([undefined, null, 'text', 5])('takes %j, which is no error', (thrown) => {
    expect(awsError('do it', thrown).code).toBe('AWS_REQUEST_REFUSED');
  });
});
