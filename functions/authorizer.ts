/** Who may call the HTTP API: a bearer token becomes a principal, which the API's function reads from its context. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda';
import { clientSettings } from '../adapters/aws/client-settings.ts';
import { awsEnvironment } from '../adapters/aws/environment.ts';
import { SecretIdentity } from '../adapters/aws/identity.ts';
import { SecretsManagerSecrets } from '../adapters/aws/secrets-manager.ts';
import type { Principal } from '../core/ports/identity.ts';
import { failure, logger } from './support/observe.ts';

/** What the API's function finds under `event.requestContext.authorizer.lambda`; roles are joined by commas. */
export type PrincipalContext = {
  readonly id: string;
  readonly name: string;
  readonly roles: string;
  readonly admins: number;
} | null;
type Verdict = APIGatewaySimpleAuthorizerWithContextResult<PrincipalContext>;

const { secretPrefix, identitiesSecret } = awsEnvironment(process.env, {
  settings: ['secretPrefix', 'identitiesSecret'],
});
const identity = new SecretIdentity(
  new SecretsManagerSecrets(new SecretsManagerClient(clientSettings()), { prefix: secretPrefix }),
  { reference: identitiesSecret, now: Date.now },
);

export const handler = middy<APIGatewayRequestAuthorizerEventV2, Verdict>()
  .use(injectLambdaContext(logger))
  .handler(async ({ headers }) => verdict(await principalOf(headers?.authorization)));

/** Fails closed: what cannot be checked lets nobody in. */
async function principalOf(authorization: string | undefined): Promise<Principal | undefined> {
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return undefined;
  try {
    return await identity.authenticate(token);
  } catch (error) {
    logger.error('a token could not be checked', failure(error));
    return undefined;
  }
}

const verdict = (principal: Principal | undefined): Verdict => ({
  isAuthorized: principal !== undefined,
  context: principal
    ? { id: principal.id, name: principal.name, roles: principal.roles.join(','), admins: principal.admins ?? 1 }
    : null,
});
