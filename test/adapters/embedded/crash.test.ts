import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { FAULT_POINTS, type FaultPointName } from '../../../adapters/embedded/faults.ts';
import { readAll, temporaryDirectory } from './temporary.ts';

const KILLS = 20;
const STREAM = 'paper/main';
const program = (name: string) => join(import.meta.dirname, name);

describe('kill -9', () => {
  it(`loses no acknowledged commit in ${KILLS} kills, and leaves no gap and no half commit`, async () => {
    const directory = temporaryDirectory();
    for (let kill = 1; kill <= KILLS; kill++) {
      const acknowledged = await appendUntilKilled(directory, 40 * kill);
      await expectWhole(directory, acknowledged);
    }
  }, 120_000);

  it.each(passesOf(FAULT_POINTS))(
    'in the gap %s, pass %i: the next start ends with the ledger of an undisturbed run',
    async (point, pass) => {
      const directory = temporaryDirectory();
      expect(runPipeline(directory, point, pass)).toBe('SIGKILL');
      expect(runPipeline(directory)).toBe('done');
      expect(await contents(directory)).toEqual(await undisturbed());
    },
    30_000,
  );
});

function passesOf(points: readonly FaultPointName[]): [FaultPointName, number][] {
  return points.flatMap((point): [FaultPointName, number][] => [
    [point, 1],
    [point, 6],
  ]);
}

/** Lets a process append until it has acknowledged some commits of its own, then kills it; the last number acknowledged. */
async function appendUntilKilled(directory: string, commits: number): Promise<number> {
  const child = spawn(process.execPath, [program('append-child.ts'), directory, STREAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the process ended by itself')));
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (printed.split('\n').length > commits) resolve();
    });
  });
  child.kill('SIGKILL');
  await exited;
  await drained(child);
  return Number(printed.slice(0, printed.lastIndexOf('\n')).split('\n').at(-1));
}

async function drained(child: ChildProcess): Promise<void> {
  if (!child.stdout!.readableEnded) await once(child.stdout!, 'end');
}

async function expectWhole(directory: string, acknowledged: number): Promise<void> {
  const { ledger, close } = openEmbedded({ directory });
  const commits = await readAll(ledger, STREAM);
  expect(commits.length).toBeGreaterThanOrEqual(acknowledged);
  expect(commits.every((commit, at) => commit.number === at + 1 && commit.firstSequence === 2 * at + 1)).toBe(true);
  expect(await ledger.head(STREAM)).toEqual({ commit: commits.length, sequence: 2 * commits.length });
  expect((await ledger.document(STREAM, 'count'))?.value).toBe(commits.length);
  await close();
}

function runPipeline(directory: string, point = '', pass = 0): string {
  try {
    execFileSync(process.execPath, [program('pipeline-child.ts'), directory, point, `${pass}`], { stdio: 'pipe' });
    return 'done';
  } catch (error) {
    return String((error as { signal?: string }).signal ?? error);
  }
}

let reference: Promise<unknown> | undefined;

function undisturbed(): Promise<unknown> {
  return (reference ??= (async () => {
    const directory = temporaryDirectory();
    expect(runPipeline(directory)).toBe('done');
    return contents(directory);
  })());
}

/** All that the pipeline leaves behind. */
async function contents(directory: string): Promise<unknown> {
  const { ledger, queue, objects, secrets, close } = openEmbedded({ directory });
  const found = {
    steps: await readAll(ledger, 'steps'),
    ticks: await readAll(ledger, 'ticks'),
    documents: await ledger.documents('steps', { prefix: '', limit: 100 }),
    objects: await objects.list('', { limit: 100 }),
    secret: (await secrets.get('latest')).reveal(),
    depth: await queue.depth('signal'),
    dead: await queue.deadLetters('signal', 10),
  };
  await close();
  expect(found.steps).toHaveLength(8);
  expect(found.ticks).toHaveLength(9);
  return found;
}
