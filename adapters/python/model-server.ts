/** A model server on this machine, in a Python that has the libraries: it answers under the paths of SageMaker's runtime, to this machine alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { PlimsollError } from '../../core/errors.ts';
import { moduleEnvironment, PINNED_ENVIRONMENT } from './module-environment.ts';
import { lastLines, readLines, Tail } from './output-lines.ts';

const ENTRY = 'plimsoll_models.serve';
const HOST = '127.0.0.1';
/** Libraries are imported and versions opened: some seconds, more where other work has the machine. */
const START_MS = 120_000;
/** Beyond what it gives to questions at work (models/plimsoll_models/serve/server.py). */
const GRACE_MS = 8_000;
/** A grandchild that left the group may hold the streams open for ever. */
const STREAMS_MS = 2_000;
const OUTPUT_LIMIT = 16_384;
const TOLD_LINES = 20;

const served = z.object({ model: z.string().nullable(), version: z.string() });
const lineShape = z.object({
  plimsoll: z.literal('serving'),
  port: z.int().min(1).max(65_535),
  versions: z.array(served),
  refused: z.array(served.extend({ why: z.string() })),
});

export interface WantedModelServer {
  /** Path of a Python that has what training needs. */
  readonly python: string;
  /** Path of a folder with `MODEL/VERSION/…`, as adapters/models/server-versions.ts writes it. */
  readonly folder: string;
  /**
   * 0 for any that is free.
   * @default 0
   */
  readonly port?: number;
  /**
   * Ms until it can be asked.
   * @default 120,000
   */
  readonly withinMs?: number;
  /** Ends it, also while it starts. */
  readonly signal?: AbortSignal;
  /**
   * Folders in which Python finds modules.
   * @default models/
   */
  readonly sources?: readonly string[];
}

/** A version that lies in the folder. */
export interface ServedVersion {
  /** Null where the folder is the version itself. */
  readonly model: string | null;
  readonly version: string;
}

export interface ModelServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly versions: readonly ServedVersion[];
  /** Of its process. */
  readonly pid: number;
  /** Not served, and why: a file that was changed, a library of another version. */
  readonly refused: readonly (ServedVersion & { readonly why: string })[];
  /** Resolves when its process is over, with how it ended: "it was killed by SIGKILL". */
  readonly ended: Promise<string>;
  /** Lets questions at work be answered, and resolves when nothing of it is left. It may be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a server and waits until it can be asked. It ends with this process, however that ends. Throws `MODEL_SERVER_NOT_STARTED` with what it
 * said, or where it took too long or was told to end.
 */
export async function startModelServer(wanted: WantedModelServer): Promise<ModelServer> {
  const { python, folder, port = 0, withinMs = START_MS, signal, sources } = wanted;
  if (signal?.aborted) throw notStarted('it was told to end before it had begun', '');
  const child = spawn(python, ['-m', ENTRY, '--folder', folder, '--host', HOST, '--port', String(port)], {
    env: { ...moduleEnvironment(sources), ...PINNED_ENVIRONMENT },
    stdio: 'pipe',
    detached: true,
    windowsHide: true,
  });
  const output = new Tail(OUTPUT_LIMIT);
  const ended = endOf(child);
  const stop = async (): Promise<void> => {
    kill(child, 'SIGTERM');
    const killer = setTimeout(() => kill(child, 'SIGKILL'), GRACE_MS);
    await ended;
    clearTimeout(killer);
  };
  const timer = Promise.withResolvers<string>();
  const clock = setTimeout(
    () => timer.resolve(`it could not be asked after ${Math.round(withinMs / 1_000)} s`),
    withinMs,
  );
  const told = Promise.withResolvers<string>();
  const onAbort = (): void => told.resolve('it was told to end');
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const begun = await Promise.race([firstLine(child, output), ended, timer.promise, told.promise]);
    if (typeof begun === 'string') {
      await stop();
      throw notStarted(begun, output.text);
    }
    signal?.addEventListener('abort', () => void stop(), { once: true });
    const { port: opened, versions, refused } = begun;
    return { url: `http://${HOST}:${opened}`, pid: child.pid!, versions, refused, ended, stop };
  } finally {
    clearTimeout(clock);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** The line in which it says that it can be asked; what else it says goes to `output`. */
function firstLine({ stdout, stderr }: ChildProcess, output: Tail): Promise<z.infer<typeof lineShape>> {
  const found = Promise.withResolvers<z.infer<typeof lineShape>>();
  readLines(stdout!, (line) => {
    const read = lineOf(line);
    if (read) found.resolve(read);
    else output.add(line);
  });
  readLines(stderr!, (line) => output.add(line));
  return found.promise;
}

function lineOf(line: string): z.infer<typeof lineShape> | undefined {
  try {
    return lineShape.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Never rejects. Nothing of its group is left then. */
async function endOf(child: ChildProcess): Promise<string> {
  const closed = once(child, 'close').catch(() => undefined);
  try {
    const [code, by] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    kill(child, 'SIGKILL');
    // What it said last is still on its way.
    await Promise.race([closed, sleep(STREAMS_MS, undefined, { ref: false })]);
    return code === null ? `it was killed by ${by}` : `it ended with exit code ${code}`;
  } catch (error) {
    return `it could not be started: ${(error as Error).message}`;
  } finally {
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  }
}

/** The process and all that it started. */
function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // Nothing of it is left.
  }
}

function notStarted(why: string, output: string): PlimsollError {
  const said = lastLines(output, TOLD_LINES).trim();
  return new PlimsollError(
    'MODEL_SERVER_NOT_STARTED',
    `the model server did not start: ${why}${said ? `\n  ${said}\n` : ''}`,
    'put right what it says; without it, models that need their library are not asked',
  );
}
