/** The real platform under the dashboard: embedded ports, the steps and the API's server; only the clock of its bars is ours. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Embedded, openEmbedded } from '../../adapters/embedded/embedded.ts';
import { drain } from '../../adapters/embedded/worker.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { createApp } from '../../adapters/http/app.ts';
import { type RunningServer, startServer } from '../../adapters/http/server.ts';
import type { Configuration } from '../../core/configuration/schema.ts';
import type { Role } from '../../core/ports/identity.ts';
import { QUEUES } from '../../core/ports/queue.ts';
import type { Input, OperationOf, Output } from '../../dashboard/src/api/types.ts';
import { ingestStep, openAccount } from '../../functions/steps/ingest.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { withDeadline } from '../../functions/support/deadline.ts';
import { pathOf } from '../../operations/path.ts';
import { openJobs } from '../../platform/jobs.ts';
import { cyclesOf, stepHandlers } from '../../platform/live-run.ts';
import { modelsAt } from '../../platform/models/models-at.ts';
import { configurationFor, MINUTE_MS, simulatedMarket } from './market.ts';

/** Its strategies/ holds the strategy of the tests. */
const ROOT = import.meta.dirname;
const DASHBOARD = join(ROOT, '../../dashboard/dist');

export interface TestPlatform {
  /** Of the dashboard, ending in a slash. */
  readonly url: string;
  readonly token: string;
  /** Of its data. */
  readonly directory: string;
  api<Name extends OperationOf<'query'>>(name: Name, input: Input<Name>): Promise<Output<Name>>;
  /** Under the platform's own token where none is given. */
  command<Name extends OperationOf<'command'>>(name: Name, input: Input<Name>, token?: string): Promise<Output<Name>>;
  /** A token of another person's. */
  issue(name: string, roles: readonly Role[]): Promise<string>;
  /** Runs the next cycles of every account to their end. */
  advance(cycles: number): Promise<void>;
  /** Ends the server and closes the data, as a process that is stopped does. */
  stop(): Promise<void>;
  /** Opens the same data again, on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface PlatformOptions {
  /** As in plimsoll.yaml; two by default. */
  readonly accounts?: readonly object[];
}

const TOKEN_MS = 3_600_000;

export async function startPlatform({ accounts }: PlatformOptions = {}): Promise<TestPlatform> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-browser-'));
  const configuration = configurationFor(directory, accounts);
  const market = await simulatedMarket();
  const cycles = cyclesOf(market.bars, MINUTE_MS);
  let running = await open(configuration, 0);
  const { port } = running.server;
  const origin = `http://127.0.0.1:${port}`;
  const issue = async (name: string, roles: readonly Role[]): Promise<string> =>
    (await running.embedded.identity.issue({ name, roles, ttlMs: TOKEN_MS })).token;
  const token = await issue('tester', ['trader']);
  for (const account of configuration.accounts) {
    await openAccount(running.steps, account, market.instruments, 'simulated', market.from);
  }

  const ask = async (path: string, init: RequestInit = {}, as = token) => {
    const response = await fetch(origin + path, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${as}` },
    });
    const body = (await response.json()) as never;
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`);
    return body;
  };
  const stop = () => running.close();

  return {
    url: `${origin}/`,
    token,
    directory,
    api: (name, input) => ask(`${pathOf(name)}?${new URLSearchParams(input as Record<string, string>)}`),
    command: (name, input, as) => {
      const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() };
      return ask(pathOf(name), { method: 'POST', headers, body: JSON.stringify(input) }, as);
    },
    issue,
    async advance(count) {
      for (let k = 0; k < count; k++) {
        const { value, done } = cycles.next();
        if (done) throw new Error('The market of the test has no more bars.');
        for (const account of configuration.accounts) await ingestStep(running.steps, account, value);
        await settle(running);
      }
    },
    stop,
    async start() {
      running = await open(configuration, port);
    },
    async close() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly embedded: Embedded;
  readonly steps: StepPorts;
  readonly server: RunningServer;
  close(): Promise<void>;
}

async function open(configuration: Configuration, port: number): Promise<Running> {
  const directory = configuration.dataDirectory;
  const embedded = openEmbedded({ directory });
  const registry = await loadStrategies(ROOT);
  const steps: StepPorts = {
    ledger: embedded.ledger,
    send: (queue, message) => embedded.queue.send(queue, message),
    configuration,
    registry,
    now: Date.now,
    withDeadline,
  };
  const jobs = openJobs({ ledger: embedded.ledger, directory, root: ROOT, configuration, now: Date.now });
  const models = modelsAt(directory, { trainings: jobs.trainings });
  const runtime = { kind: 'embedded', version: '0.0.0', startedAt: Date.now() } as const;
  const app = createApp({
    about: { name: configuration.instance.name, version: runtime.version },
    identity: embedded.identity,
    context: (principal, idempotencyKey) => ({
      ...{ steps, queue: embedded.queue, objects: embedded.objects, jobs: jobs.jobs, models: async () => models },
      ...{ principal, idempotencyKey, runtime },
    }),
    staticDirectory: DASHBOARD,
  });
  const server = await startServer(app, { host: '127.0.0.1', port });
  const close = async () => {
    await server.close();
    await jobs.close();
    await embedded.close();
  };
  return { embedded, steps, server, close };
}

async function settle({ embedded, steps }: Running): Promise<void> {
  const failures: unknown[] = [];
  await drain({
    queue: embedded.queue,
    queues: ['urgent', ...QUEUES.filter((name) => name !== 'urgent')],
    handlers: stepHandlers(steps),
    onFailure: ({ error }) => failures.push(error),
  });
  if (failures.length > 0) throw failures[0];
}
