/** The HTTP API, made from the one list of operations; the same on a laptop's port and in Lambda. */
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { Hono } from 'hono/tiny';
import { PlimsollError } from '../../core/errors.ts';
import { type IdentityPort, mayAct, type Principal } from '../../core/ports/identity.ts';
import { invoke } from '../../operations/invoke.ts';
import type { Operation, OperationContext } from '../../operations/operation.ts';
import { LOOPBACK_HOSTS, onlyHosts, securityHeaders } from './guards.ts';
import type { Live } from './live.ts';
import { isExpected, PROBLEM_TYPE, problemOf } from './problem.ts';
import { bodyInput, bodyTooLarge, idempotencyKeyOf, queryInput, REQUEST_BOUNDS, tokenOf } from './request.ts';
import { operationList, routeOf } from './routes.ts';
import { staticFiles } from './static-files.ts';
import type { UpdateStreams } from './stream.ts';

export interface AppOptions {
  /** The instance's name and the platform's version, as told without a token. */
  readonly about: { readonly name: string; readonly version: string };
  /** What an operation works with, for who asks. `steps` should be the same object every time. */
  readonly context: (principal: Principal, idempotencyKey: string) => OperationContext;
  readonly identity: IdentityPort;
  /** Who asks, where whatever stands in front has found that out (Lambda's authorizer). Then tokens are not looked at. */
  readonly authenticated?: (c: Context) => Principal | undefined;
  /** The dashboard's build. Without it, the API alone. */
  readonly staticDirectory?: string;
  /**
   * Host names that are answered; `any` where something in front sees to it.
   * @default those of the loopback
   */
  readonly allowedHosts?: readonly string[] | 'any';
  /**
   * Nudges live streams. Without it they look every half second. `none` where a response cannot be a stream (Lambda).
   */
  readonly live?: Live | 'none';
  /** Told of failures that are not the caller's. */
  readonly report?: (error: unknown) => void;
}

type Environment = { Variables: { principal: Principal } };

/** An app that answers every request: with what was asked for, or with a problem document. */
export function createApp(options: AppOptions): Hono<Environment> {
  const { about, allowedHosts = LOOPBACK_HOSTS, staticDirectory, report = warn } = options;
  const app = new Hono<Environment>();
  app.onError((error, c) => {
    if (!isExpected(error)) report(error);
    return problem(c, error);
  });
  app.use(securityHeaders);
  if (allowedHosts !== 'any') app.use(onlyHosts(allowedHosts));
  app.get('/api/health', (c) => c.json(about));
  addDocuments(app, about.version);
  addOperations(app, options);
  addStream(app, options, report);
  app.all('/api/*', (c) => {
    throw routeUnknown(c);
  });
  if (staticDirectory !== undefined) app.use(staticFiles(staticDirectory));
  app.notFound((c) => problem(c, routeUnknown(c)));
  return app;
}

const warn = (error: unknown): void => {
  process.emitWarning(`a request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
};

function problem(c: Context, error: unknown): Response {
  const body = problemOf(error);
  const headers: Record<string, string> = { 'content-type': PROBLEM_TYPE };
  if (body.status === 401) headers['www-authenticate'] = 'Bearer realm="plimsoll"';
  return c.body(JSON.stringify(body), body.status, headers);
}

/** Loaded for who reads them. */
const docs = () => import('./docs-page.ts');
const CSS = { 'content-type': 'text/css; charset=utf-8' };

/** At the root, and below `/api`, which is all that API Gateway hands on. */
function addDocuments(app: Hono<Environment>, version: string): void {
  for (const base of ['', '/api']) {
    const read = [
      [`${base}/openapi.json`, async (c: Context) => c.json((await import('./openapi.ts')).openApiDocument(version))],
      [`${base}/docs`, async (c: Context) => c.html((await docs()).docsPage(version, base))],
      [`${base}/docs.css`, async (c: Context) => c.body((await docs()).DOCS_STYLE, 200, CSS)],
    ] as const;
    for (const [path, handler] of read) {
      app.get(path, handler);
      app.all(path, only('GET'));
    }
  }
  app.all('/api/health', only('GET'));
}

function addOperations(app: Hono<Environment>, options: AppOptions): void {
  const limit = bodyLimit({
    maxSize: REQUEST_BOUNDS.bodyBytes,
    onError: () => {
      throw bodyTooLarge();
    },
  });
  for (const operation of operationList) {
    const { method, path } = routeOf(operation);
    if (method === 'GET') app.get(path, authenticated(options, false), (c) => query(c, operation, options));
    else app.post(path, authenticated(options, false), limit, (c) => command(c, operation, options));
    app.all(path, only(method));
  }
}

async function query(c: Context<Environment>, operation: Operation, { context }: AppOptions): Promise<Response> {
  return c.json((await invoke(operation, context(c.get('principal'), ''), queryInput(c.req))) as object);
}

async function command(c: Context<Environment>, operation: Operation, { context }: AppOptions): Promise<Response> {
  const key = idempotencyKeyOf(c.req);
  c.header('idempotency-key', key);
  const output = (await invoke(operation, context(c.get('principal'), key), await bodyInput(c.req))) as object;
  if (operation.shownBy === undefined) return c.json(output);
  const { job } = output as { job: { id: string } };
  const { path } = routeOf({ name: operation.shownBy, kind: 'query' });
  c.header('location', `${path}?id=${encodeURIComponent(job.id)}`);
  return c.json(output, 202);
}

function addStream(app: Hono<Environment>, options: AppOptions, report: (error: unknown) => void): void {
  const { live, context, identity } = options;
  let streams: Promise<UpdateStreams> | undefined;
  app.get('/api/stream', authenticated(options, true), async (c) => {
    if (live === 'none') throw streamUnavailable();
    const principal = c.get('principal');
    // With the first stream: where there are none, nothing of what they need is loaded.
    streams ??= import('./stream.ts').then((module) => new module.UpdateStreams());
    return (await streams).answer(c, {
      context: context(principal, ''),
      live,
      report,
      isStillAllowed: async () => {
        const still = options.authenticated ? principal : await identity.authenticate(tokenOf(c.req, true) ?? '');
        return still !== undefined && mayAct(still, 'viewer');
      },
    });
  });
  app.all('/api/stream', only('GET'));
}

/** Finds out who asks. Throws `AUTHENTICATION_REQUIRED`. */
function authenticated(options: AppOptions, tokenInQuery: boolean): MiddlewareHandler<Environment> {
  return async (c, next) => {
    const principal = options.authenticated
      ? options.authenticated(c)
      : await byToken(c, options.identity, tokenInQuery);
    if (!principal) throw unauthenticated();
    c.set('principal', principal);
    await next();
  };
}

async function byToken(c: Context, identity: IdentityPort, tokenInQuery: boolean): Promise<Principal | undefined> {
  const token = tokenOf(c.req, tokenInQuery);
  return token === undefined ? undefined : identity.authenticate(token);
}

/** Every other method of a path. */
function only(method: 'GET' | 'POST'): (c: Context) => never {
  return (c) => {
    c.header('allow', method === 'GET' ? 'GET, HEAD' : method);
    throw new PlimsollError('METHOD_NOT_ALLOWED', `${c.req.path} does not take ${c.req.method}`, `use ${method}`);
  };
}

const routeUnknown = (c: Context): PlimsollError =>
  new PlimsollError('ROUTE_UNKNOWN', `there is no ${c.req.path.slice(0, 200)}`, 'see /docs for what there is');

const unauthenticated = (): PlimsollError =>
  new PlimsollError(
    'AUTHENTICATION_REQUIRED',
    'the request has no token, or one that is unknown or has expired',
    'send the token that was printed at start as "Authorization: Bearer TOKEN"',
  );

const streamUnavailable = (): PlimsollError =>
  new PlimsollError(
    'STREAM_UNAVAILABLE',
    'this server cannot stream',
    'ask /api/updates/since every few seconds instead',
  );
