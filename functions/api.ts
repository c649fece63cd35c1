/** The HTTP API: the same app as on a laptop, on the ports of AWS. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2WithLambdaAuthorizer, APIGatewayProxyResult } from 'aws-lambda';
import type { Context as RequestContext } from 'hono';
import { handle } from 'hono/aws-lambda';
import { configuration, version } from 'plimsoll-deployment';
import { createApp } from '../adapters/http/app.ts';
import { type IdentityPort, type Principal, ROLES, type Role } from '../core/ports/identity.ts';
import type { ObjectStore } from '../core/ports/object-store.ts';
import type { ModelsPort } from '../operations/models/port.ts';
import type { OperationContext } from '../operations/operation.ts';
import type { PrincipalContext } from './authorizer.ts';
import { failure, logger } from './support/observe.ts';
import { queuedJobs } from './support/queued-jobs.ts';
import { stepPorts } from './support/step-ports.ts';

type ApiEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<PrincipalContext>;

const ports = stepPorts(process.env);
const { steps } = ports;
const jobs = queuedJobs(steps, process.env);
/** Its client is loaded where a report of a past day, or what was seen of models, is asked for. */
let opened: Promise<ObjectStore> | undefined;
const reports = (): Promise<ObjectStore> => {
  opened ??= import('./support/report-objects.ts').then(({ reportObjects }) => reportObjects(process.env));
  return opened;
};

/** Read where an operation on models is asked for. */
let told: Promise<ModelsPort> | undefined;
const models = (): Promise<ModelsPort> => {
  told ??= import('./support/models-in-bundle.ts').then(({ modelsInBundle }) => modelsInBundle(reports));
  return told;
};

const runtime = { kind: 'aws', version, startedAt: Date.now() } as const;

/** API Gateway asks the authorizer first; a request that comes around it is nobody's. */
const nobody: IdentityPort = { authenticate: async () => undefined };

const app = createApp({
  about: { name: configuration.instance.name, version },
  context: (principal, idempotencyKey): OperationContext => ({
    steps,
    get queue() {
      return ports.queue;
    },
    jobs,
    models,
    principal,
    idempotencyKey,
    runtime,
    reports: { get: async (key) => (await reports()).get(key) },
  }),
  identity: nobody,
  authenticated: (c) => principalOf(c),
  allowedHosts: 'any',
  live: 'none',
  report: (error) => logger.error('a request failed', failure(error)),
});
const answer = handle(app);

export const handler = middy<ApiEvent, APIGatewayProxyResult>()
  .use(injectLambdaContext(logger))
  .handler((event) => answer(event as never) as Promise<APIGatewayProxyResult>);

/** As the authorizer wrote it: roles joined by commas. */
function principalOf(c: RequestContext): Principal | undefined {
  const { event } = c.env as { event: ApiEvent };
  const found = event.requestContext.authorizer?.lambda;
  if (!found) return undefined;
  const roles = found.roles.split(',').filter((role): role is Role => (ROLES as readonly string[]).includes(role));
  return { id: found.id, name: found.name, roles, admins: Number(found.admins) || 1 };
}
