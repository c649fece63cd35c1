/** The API and the dashboard on one port, and the token that opens them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Embedded } from '../adapters/embedded/embedded.ts';
import { createApp } from '../adapters/http/app.ts';
import { LOOPBACK_HOSTS } from '../adapters/http/guards.ts';
import { startServer } from '../adapters/http/server.ts';
import { createLake } from '../adapters/lake/lake.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import type { Watching } from '../operations/models/port.ts';
import manifest from '../package.json' with { type: 'json' };
import type { OpenJobs } from './jobs.ts';
import { modelsAt } from './models/models-at.ts';

export interface ServeOptions {
  /** The data directory. */
  readonly directory: string;
  readonly embedded: Embedded;
  readonly steps: StepPorts;
  readonly jobs: Pick<OpenJobs, 'jobs' | 'trainings'>;
  /** How the watch of models is. */
  readonly watching: () => Watching;
  /** Instead of the configuration's. */
  readonly port?: number | undefined;
  readonly startedAt: number;
  readonly onFailure: (error: unknown) => void;
}

export interface Served {
  /** `http://127.0.0.1:7400` */
  readonly url: string;
  /** The same with the token that opens it, which is seen this once. */
  readonly address: string;
  close(): Promise<void>;
}

/** How long the token of a start is good for; the next start issues another. */
const TOKEN_TTL_MS = 30 * 86_400_000;
const DASHBOARD = join(import.meta.dirname, '..', 'dashboard', 'dist');

/** Listens. Throws `PORT_TAKEN` and others of its kind. */
export async function serve(options: ServeOptions): Promise<Served> {
  const { directory, embedded, steps, watching, port, startedAt, onFailure } = options;
  const { jobs, trainings } = options.jobs;
  const { server, instance } = steps.configuration;
  await buildDashboard(onFailure);
  const lake = createLake(embedded.objects);
  const models = modelsAt(directory, { trainings, watching });
  const runtime = { kind: 'embedded', version: manifest.version, startedAt } as const;
  const app = createApp({
    about: { name: instance.name, version: manifest.version },
    context: (principal, idempotencyKey) => ({
      steps,
      queue: embedded.queue,
      lake,
      jobs,
      models: async () => models,
      principal,
      idempotencyKey,
      runtime,
      reports: embedded.objects,
    }),
    identity: embedded.identity,
    ...(existsSync(DASHBOARD) ? { staticDirectory: DASHBOARD } : {}),
    allowedHosts: [...LOOPBACK_HOSTS, server.host],
    report: onFailure,
  });
  const listening = await startServer(app, { host: server.host, port: port ?? server.port });
  const { token, principal } = await embedded.identity.issue({ name: 'owner', roles: ['admin'], ttlMs: TOKEN_TTL_MS });
  return {
    url: listening.url,
    address: `${listening.url}/#token=${token}`,
    async close() {
      await listening.close();
      await embedded.identity.revoke(principal.id);
    },
  };
}

/** From its sources where it was not built yet; the API works without it. */
async function buildDashboard(onFailure: (error: unknown) => void): Promise<void> {
  try {
    await (await import('../scripts/dashboard.ts')).buildDashboard();
  } catch (error) {
    onFailure(error);
  }
}
