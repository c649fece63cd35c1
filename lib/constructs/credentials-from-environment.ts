/**
 * Stands in for `@aws-sdk/credential-provider-node` in Lambda bundles. Lambda hands its role's credentials over in the
 * environment; the package's other sources (profiles, single sign-on, containers, web identities) are 112 kB that never run.
 */

import { PlimsollError } from '../../core/errors.ts';

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The provider that AWS clients call for credentials. Rejects with `CREDENTIALS_MISSING` outside Lambda. */
export const defaultProvider = () => async (): Promise<Credentials> => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new PlimsollError(
      'CREDENTIALS_MISSING',
      'there are no AWS credentials in the environment',
      'run this bundle in Lambda, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    );
  }
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  };
};
