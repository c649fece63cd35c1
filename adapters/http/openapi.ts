/** The list of operations as an OpenAPI 3.1 document. */
import * as z from 'zod/mini';
import type { Operation } from '../../operations/operation.ts';
import { PROBLEM_TYPE } from './problem.ts';
import { REQUEST_BOUNDS } from './request.ts';
import { operationList, routeOf } from './routes.ts';

export type Schema = { readonly [key: string]: unknown };

/** What a caller may be refused with, wherever it asks. */
const REFUSALS: Readonly<Record<string, string>> = {
  400: 'The request is malformed, or its input is not valid.',
  401: 'There is no token, or it is unknown or has expired.',
  403: 'The role of the token does not reach.',
  404: 'What the input names does not exist.',
  409: 'It does not fit how the account stands.',
  422: 'It is understood, and cannot be done.',
  500: 'Something went wrong on the server.',
};

/** Refusals of requests that carry a body. */
const BODY_REFUSALS: Readonly<Record<string, string>> = {
  ...REFUSALS,
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  429: 'As much of it is under way already as may be.',
};

const PROBLEM: Schema = {
  type: 'object',
  description: 'A refusal, as RFC 9457 has it.',
  required: ['type', 'title', 'status', 'detail', 'code', 'remedy'],
  properties: {
    type: { type: 'string', description: 'Always about:blank.' },
    title: { type: 'string', description: 'The status in words.' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened, what is safe, and the way out.' },
    code: { type: 'string', description: 'Stable, for programs.' },
    remedy: { type: 'string', description: 'The way out alone.' },
  },
};

/** What an operation is about: the first part of its name. */
export const tagOf = ({ name }: Pick<Operation, 'name'>): string => name.slice(0, name.indexOf('.'));

/** @param version of the platform */
export function openApiDocument(version: string): Schema {
  const tags = [...new Set(operationList.map(tagOf))];
  return {
    openapi: '3.1.0',
    info: {
      title: 'Plimsoll',
      version,
      description:
        'Money, prices and quantities are decimal text; times are milliseconds UTC. A command is done once for each Idempotency-Key.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    tags: tags.map((name) => ({ name })),
    paths: {
      ...Object.fromEntries(operationList.map((operation) => [routeOf(operation).path, pathItem(operation)])),
      '/api/stream': { get: streamOperation() },
      '/api/health': { get: HEALTH },
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The token that was printed at start.' },
      },
      schemas: { Problem: PROBLEM },
      responses: Object.fromEntries(
        Object.entries(BODY_REFUSALS).map(([status, description]) => [
          `Problem${status}`,
          { description, content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } } },
        ]),
      ),
    },
  };
}

function pathItem(operation: Operation): Schema {
  const { method } = routeOf(operation);
  return { [method.toLowerCase()]: method === 'GET' ? queryOperation(operation) : commandOperation(operation) };
}

function queryOperation(operation: Operation): Schema {
  return {
    ...common(operation),
    parameters: queryParameters(inputSchema(operation)),
    responses: { 200: answer('What was asked for.', operation), ...refusals(Object.keys(REFUSALS)) },
  };
}

function commandOperation(operation: Operation): Schema {
  const done =
    operation.kind === 'job'
      ? {
          202: {
            ...answer('The job, which goes on by itself.', operation),
            headers: { ...KEY, Location: header('Where the job is found.') },
          },
        }
      : { 200: { ...answer('It is done.', operation), headers: KEY } };
  return {
    ...common(operation),
    parameters: [
      {
        name: 'Idempotency-Key',
        in: 'header',
        required: false,
        description:
          'Sent again under the same key, it is done once and answered alike. Without one, the server makes one.',
        schema: { type: 'string', minLength: 1, maxLength: REQUEST_BOUNDS.keyLength },
      },
    ],
    requestBody: { required: true, content: { 'application/json': { schema: inputSchema(operation) } } },
    responses: { ...done, ...refusals(Object.keys(BODY_REFUSALS)) },
  };
}

const header = (description: string): Schema => ({ description, schema: { type: 'string' } });
const KEY: Schema = { 'Idempotency-Key': header('The key under which it was done.') };

const common = (operation: Operation): Schema => ({
  operationId: operation.name,
  summary: operation.summary,
  description: `Needs the role ${operation.role}.`,
  tags: [tagOf(operation)],
});

function streamOperation(): Schema {
  const since = operationList.find(({ name }) => name === 'updates.since')!;
  return {
    operationId: 'updates.stream',
    summary: 'Live updates as server-sent events: everything since a sequence, then whatever happens.',
    description:
      'Each event is named `updates`; its id is the sequence that it reaches, and its data is what updates.since answers. With Last-Event-ID it goes on from there. On AWS it answers 501: ask updates.since instead.',
    tags: [tagOf(since)],
    parameters: [
      ...queryParameters(inputSchema(since)).filter(({ name }) => name !== 'limit'),
      {
        name: 'token',
        in: 'query',
        required: false,
        description: 'The token, for an EventSource, which can set no header.',
        schema: { type: 'string' },
      },
      { name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } },
    ],
    responses: {
      200: { description: 'The stream.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
      ...refusals(['400', '401', '403', '404', '409', '429', '500']),
    },
  };
}

const HEALTH: Schema = {
  operationId: 'health',
  summary: 'Whether the server answers.',
  security: [],
  responses: {
    200: {
      description: 'It does.',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['name', 'version'],
            properties: { name: { type: 'string' }, version: { type: 'string' } },
          },
        },
      },
    },
  },
};

const answer = (description: string, { output }: Operation): Schema => ({
  description,
  content: { 'application/json': { schema: jsonSchema(output, 'output') } },
});

const refusals = (statuses: readonly string[]): Schema =>
  Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]));

const inputSchema = ({ input }: Operation): Schema => jsonSchema(input, 'input');

/** Each member of the input in the query string. */
function queryParameters({ properties = {}, required = [] }: Schema): Schema[] {
  return Object.entries(properties as Record<string, Schema>).map(([name, schema]) => ({
    name,
    in: 'query',
    required: (required as string[]).includes(name),
    schema,
  }));
}

/** What JSON Schema cannot say is left open. */
function jsonSchema(schema: z.ZodMiniType, io: 'input' | 'output'): Schema {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, { target: 'draft-2020-12', unrepresentable: 'any', io });
  return plain;
}
