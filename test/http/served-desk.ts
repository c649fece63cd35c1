/** The desk of the operations' tests behind the HTTP API, with a token for each role. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { type AppOptions, createApp } from '../../adapters/http/app.ts';
import { ROLES, type Role } from '../../core/ports/identity.ts';
import { type Desk, openDesk } from '../operations/desk.ts';

export const ORIGIN = 'http://localhost:7400';

export interface Asked {
  readonly as?: Role;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string;
}

export interface ServedDesk {
  readonly desk: Desk;
  readonly app: ReturnType<typeof createApp>;
  readonly tokens: Readonly<Record<Role, string>>;
  /** Errors that were reported as the server's own. */
  readonly reported: unknown[];
  /** Asks for a path, as an admin unless another role is given. */
  ask(path: string, asked?: Asked): Promise<Response>;
  close(): Promise<void>;
}

export async function serveDesk(options: Partial<AppOptions> = {}): Promise<ServedDesk> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-http-'));
  const desk = openDesk(directory);
  const { context } = desk;
  const visitor = openEmbedded({ directory, role: 'visitor' });
  const reported: unknown[] = [];
  const app = createApp({
    about: { name: 'desk', version: '0.0.0' },
    context: (principal, idempotencyKey) => ({ ...context, principal, idempotencyKey }),
    identity: visitor.identity,
    report: (error) => reported.push(error),
    ...options,
  });
  const issued = ROLES.map(async (role) => {
    const { token } = await visitor.identity.issue({ name: role, roles: [role], ttlMs: 3_600_000 });
    return [role, token] as const;
  });
  const tokens = Object.fromEntries(await Promise.all(issued)) as Record<Role, string>;
  return {
    desk,
    app,
    tokens,
    reported,
    async ask(path, { as = 'admin', method, headers = {}, json, body } = {}) {
      const sent = json === undefined ? body : JSON.stringify(json);
      return app.request(`${ORIGIN}${path}`, {
        method: method ?? (sent === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${tokens[as]}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(sent === undefined ? {} : { body: sent }),
      });
    },
    async close() {
      await visitor.close();
      await desk.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
