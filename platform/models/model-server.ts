/** Model servers on this machine, in the Python of a data directory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelRegistry } from '../../adapters/models/registry.ts';
import { type ServerVersion, versionsForServer, writeServerVersions } from '../../adapters/models/server-versions.ts';
import { type ModelServer, startModelServer } from '../../adapters/python/model-server.ts';
import { modelsPython } from './models-python.ts';

export interface WantedServer {
  /** Data directory. */
  readonly directory: string;
  readonly registry: ModelRegistry;
  /**
   * `NAME` for its champion, or `NAME@VERSION`.
   * @default the champions of all models that need a server
   */
  readonly names?: readonly string[];
  /**
   * 0 for any that is free.
   * @default 0
   */
  readonly port?: number;
  readonly signal?: AbortSignal;
}

export interface RunningModelServer extends ModelServer {
  /** What was laid before it, the refused among them. */
  readonly asked: readonly ServerVersion[];
}

/**
 * Starts a server for versions that decide and need their library; undefined where none does, and no Python is looked for then. It knows the
 * versions of now: after a promotion another one is started. It ends with this process. Throws as `versionsForServer`, `writeServerVersions`,
 * `modelsPython` and `startModelServer` do.
 */
export async function startServerOf(wanted: WantedServer): Promise<RunningModelServer | undefined> {
  const { directory, registry, names, port, signal } = wanted;
  const versions = await versionsForServer(registry, names);
  if (versions.length === 0) return undefined;
  let asked: readonly ServerVersion[] = [];
  const lay = async (folder: string): Promise<void> => {
    asked = await writeServerVersions(registry, versions, folder);
  };
  const options = { ...(port === undefined ? {} : { port }), ...(signal ? { signal } : {}) };
  return { ...(await serverWith(directory, lay, options)), asked };
}

/**
 * Starts a server on what `lay` writes into a folder, which is there until the server has read it. Throws as `modelsPython`, `startModelServer` and
 * `lay` do.
 */
export async function serverWith(
  directory: string,
  lay: (folder: string) => void | Promise<void>,
  options: { readonly port?: number; readonly signal?: AbortSignal } = {},
): Promise<ModelServer> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-model-server-'));
  try {
    await lay(folder);
    return await startModelServer({ python: await modelsPython(directory), folder, ...options });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
