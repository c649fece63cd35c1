/** The way to the versions of a watched model that are asked elsewhere. */
import { type Asking, askingOf } from '../../adapters/models/asking.ts';
import { lifecycleList } from '../../adapters/models/monitoring/lifecycle-list.ts';
import type { ModelRegistry } from '../../adapters/models/registry.ts';
import { needsServer } from '../../adapters/models/server-versions.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { AskModel } from '../../core/ports/model-server.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { type RunningModelServer, startServerOf } from './model-server.ts';

/** For one question of a thousand rows: no cycle waits for it. */
const ANSWER_MS = 60_000;

export interface WatchAsking {
  /** Data directory. */
  readonly directory: string;
  /** Of the model. */
  readonly name: string;
  readonly registry: ModelRegistry;
  readonly objects: ObjectStore;
  readonly signal?: AbortSignal;
}

/**
 * Gives `work` the way to ask. A server is started with the first question that needs one, where the environment names none: it has the
 * versions that a look compares (the champion, the one before, the challenger), and is gone when `work` is over.
 */
export async function withWatchAsking<T>(asking: WatchAsking, work: (ask: AskModel) => Promise<T>): Promise<T> {
  const { directory, registry, signal } = asking;
  let server: Promise<RunningModelServer | undefined> | undefined;
  const start = async (): Promise<RunningModelServer | undefined> => {
    const names = await comparedVersions(asking);
    if (names.length === 0) return undefined;
    return startServerOf({ directory, registry, names, ...(signal ? { signal } : {}) });
  };
  const way: Asking = askingOf({
    registry,
    environment: process.env,
    timeoutMs: ANSWER_MS,
    server: async () => {
      server ??= start();
      const url = (await server)?.url;
      if (url !== undefined) return url;
      throw new PlimsollError('MODEL_SERVER_DOWN', 'no version that is watched needs a server', 'look again');
    },
  });
  try {
    return await work(way.ask);
  } finally {
    await way.close();
    // What kept it from starting was told to who asked.
    await (await server?.catch(() => undefined))?.stop();
  }
}

/** As `startServerOf` takes them. One whose files cannot be read is left out: a look finds that out by itself. */
async function comparedVersions({ name, registry, objects }: WatchAsking): Promise<string[]> {
  const { champion, former } = await registry.standing(name);
  const { stage, former: before } = await lifecycleList(objects, name).state();
  const compared = new Set([champion, former.at(-1), before, 'version' in stage ? stage.version : undefined]);
  const versions: string[] = [];
  for (const version of compared)
    if (version !== undefined && (await isServable(registry, name, version))) versions.push(`${name}@${version}`);
  return versions;
}

async function isServable(registry: ModelRegistry, name: string, version: string): Promise<boolean> {
  try {
    const found = await registry.version(name, version);
    return needsServer(found) && (await registry.files(found)).size > 0;
  } catch (error) {
    if (error instanceof PlimsollError) return false;
    throw error;
  }
}
