import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { storageError } from '../../../adapters/embedded/failures.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { append, isRoot, openTemporary, readAll, temporaryDirectory } from './temporary.ts';

const STREAM = 'paper/main';
const program = (name: string) => join(import.meta.dirname, name);

describe('a second process on the same data', () => {
  it('is refused at once, and told the pid of the first', async () => {
    const directory = temporaryDirectory();
    const holder = await startHolder(directory);

    const refusal = failure(() => openEmbedded({ directory }));
    expect(refusal).toMatchObject({ code: 'DATA_IN_USE' });
    expect(refusal.message).toContain(`pid ${holder.pid}`);
    await kill(holder);
  });

  it('is let in once the first was killed, and not before', async () => {
    const directory = temporaryDirectory();
    const holder = await startHolder(directory);
    await kill(holder);
    const { ledger } = openTemporary({ directory });
    expect(await readAll(ledger, STREAM)).not.toEqual([]);
  });

  it('is refused within one process too, until the first is closed', async () => {
    const directory = temporaryDirectory();
    const first = openEmbedded({ directory });
    expect(failure(() => openEmbedded({ directory }))).toMatchObject({ code: 'DATA_IN_USE' });
    await first.close();
    openTemporary({ directory });
  });

  it('reads while the platform runs, and cannot write when it is read-only', async () => {
    const directory = temporaryDirectory();
    const platform = openTemporary({ directory });
    await append(platform.ledger, STREAM, 'one');
    const reader = openTemporary({ directory, readOnly: true });

    expect(await readAll(reader.ledger, STREAM)).toHaveLength(1);
    await append(platform.ledger, STREAM, 'two');
    expect(await readAll(reader.ledger, STREAM)).toHaveLength(2);
    await expect(append(reader.ledger, STREAM, 'three')).rejects.toMatchObject({ code: 'DATA_NOT_WRITABLE' });
    await expect(reader.secrets.put('key', 'value')).rejects.toMatchObject({ code: 'DATA_NOT_WRITABLE' });
    await expect(reader.objects.put('key', new Uint8Array(1))).rejects.toMatchObject({ code: 'DATA_NOT_WRITABLE' });
    expect(await readAll(platform.ledger, STREAM)).toHaveLength(2);
  });

  it('writes beside the running platform as a visitor, and the platform sees it', async () => {
    const directory = temporaryDirectory();
    const holder = await startHolder(directory);
    const visitor = openTemporary({ directory, role: 'visitor' });
    for (let n = 0; n < 20; n++) expect((await append(visitor.ledger, 'control', n)).kind).toBe('committed');

    await kill(holder);
    const { ledger } = openTemporary({ directory });
    expect((await readAll(ledger, 'control')).map((commit) => commit.events)).toEqual(
      Array.from({ length: 20 }, (_, n) => [n]),
    );
  });

  it('gets no commit number that a racing process got', async () => {
    const directory = temporaryDirectory();
    const holder = await startHolder(directory);
    const visitor = openTemporary({ directory, role: 'visitor' });
    let won = 0;
    for (let n = 0; n < 300; n++) if ((await append(visitor.ledger, STREAM, 'visitor')).kind === 'committed') won += 1;
    await kill(holder);

    const commits = await readAll(visitor.ledger, STREAM);
    expect(commits.map((commit) => commit.number)).toEqual(commits.map((_, at) => at + 1));
    expect(commits.filter((commit) => commit.events[0] === 'visitor')).toHaveLength(won);
    expect(won).toBeGreaterThan(0);
    expect(commits.length).toBeGreaterThan(won);
  });
});

describe('data that cannot be used', () => {
  it.each(['visitor', 'platform'] as const)('is not there: a read-only %s creates nothing', (role) => {
    const directory = join(temporaryDirectory(), 'none');
    const refusal = failure(() => openEmbedded({ directory, role, readOnly: true }));
    expect(refusal).toMatchObject({ code: 'DATA_ABSENT' });
    expect(existsSync(directory)).toBe(false);
  });

  it.each<[string, (path: string) => void]>([
    ['is no database', (path) => writeFileSync(path, 'not a database at all. '.repeat(500))],
    ['is empty', (path) => truncateSync(path, 0)],
    ['lost its header', (path) => overwrite(path, 0, 100)],
    ['is of another program', (path) => replaceBy(path, 'CREATE TABLE notes (text)')],
    ['was cut in its first page', (path) => truncateSync(path, 1_000)],
  ])('%s: it says so, and leaves it as it is', async (_what, damage) => {
    const directory = await closedData(50);
    const path = join(directory, 'plimsoll.db');
    damage(path);
    const before = readFileSync(path);

    for (const readOnly of [true, false]) {
      const refusal = failure(() => openEmbedded({ directory, readOnly }));
      expect(refusal).toMatchObject({ code: 'DATA_CORRUPT' });
      expect(refusal.sentence).toContain('restore a backup');
      expect(refusal.kept).toBeDefined();
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('is damaged further in: reading there says so, and what lies before can be read', async () => {
    const directory = await closedData(200);
    const path = join(directory, 'plimsoll.db');
    const pages = Math.floor(readFileSync(path).length / 4096);
    overwrite(path, Math.floor(pages / 2) * 4096, 20 * 4096);

    const { ledger } = openTemporary({ directory, readOnly: true });
    expect(await ledger.read(STREAM, 0, 5)).toHaveLength(5);
    await expect(readAll(ledger, STREAM)).rejects.toMatchObject({ code: 'DATA_CORRUPT' });
  });

  it('lost its file and kept its log: it starts no new ledger over it', async () => {
    const directory = temporaryDirectory();
    const first = openTemporary({ directory });
    await append(first.ledger, STREAM, 1);
    const copy = temporaryDirectory();
    copyFileSync(join(directory, 'plimsoll.db-wal'), join(copy, 'plimsoll.db-wal'));

    expect(failure(() => openEmbedded({ directory: copy }))).toMatchObject({ code: 'DATA_CORRUPT' });
    expect(existsSync(join(copy, 'plimsoll.db'))).toBe(false);
  });

  it('is of a newer release: it says so, and leaves it as it is', async () => {
    const directory = await closedData(1);
    withDatabase(directory, (db) => db.exec('PRAGMA user_version = 99'));
    for (const role of ['platform', 'visitor'] as const) {
      expect(failure(() => openEmbedded({ directory, role }))).toMatchObject({ code: 'DATA_TOO_NEW' });
    }
    withDatabase(directory, (db) => expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 }));
  });

  it('lets the next process in after it was refused', async () => {
    const directory = await closedData(1);
    const path = join(directory, 'plimsoll.db');
    const good = readFileSync(path);
    truncateSync(path, 0);
    failure(() => openEmbedded({ directory }));
    writeFileSync(path, good);
    expect(await readAll(openTemporary({ directory }).ledger, STREAM)).toHaveLength(1);
  });

  it('has a name that is a file', () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, 'kept');
    for (const directory of [path, join(path, 'below')]) {
      expect(failure(() => openEmbedded({ directory }))).toMatchObject({ code: 'DATA_NOT_WRITABLE' });
    }
    expect(readFileSync(path, 'utf8')).toBe('kept');
  });

  it('lies in a directory that may not be written', async () => {
    const directory = await closedData(1);
    for (const name of readdirSync(directory)) if (name.endsWith('.db')) chmodSync(join(directory, name), 0o444);
    chmodSync(directory, 0o555);
    try {
      // Root may write anywhere, so a process without its rights tries.
      const options = {
        encoding: 'utf8',
        ...(isRoot && { env: { ...process.env, PLIMSOLL_TEST_UID: '65534' } }),
      } as const;
      const printed = execFileSync(process.execPath, [program('open-child.ts'), directory], options);
      expect(JSON.parse(printed)).toMatchObject({ code: 'DATA_NOT_WRITABLE' });
    } finally {
      chmodSync(directory, 0o755);
    }
  });

  it('was left half created: it is created again', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'plimsoll.db.new'), 'half of a fi');
    const { ledger } = openTemporary({ directory });
    expect((await append(ledger, STREAM, 1)).kind).toBe('committed');
    expect(readdirSync(directory)).not.toContain('plimsoll.db.new');
  });
});

describe('a full disk', () => {
  it('refuses the commit whole, keeps what was committed, and goes on once there is room', async () => {
    const directory = temporaryDirectory();
    const small = openEmbedded({ directory, maxDatabaseBytes: 400_000 });
    let committed = 0;
    const filling = async () => {
      for (;;) {
        await append(small.ledger, STREAM, { padding: 'x'.repeat(5_000) });
        committed += 1;
      }
    };
    const refusal = await filling().catch((error: unknown) => error);

    expect(refusal).toMatchObject({ code: 'DISK_FULL' });
    expect((refusal as PlimsollError).sentence).toMatch(/everything committed before this write is kept/i);
    expect(committed).toBeGreaterThan(10);
    expect(await readAll(small.ledger, STREAM)).toHaveLength(committed);
    expect((await small.ledger.document(STREAM, 'count'))?.value).toBe(committed);
    let sent = 0;
    const sending = async () => {
      for (;;) {
        await small.queue.send('signal', { id: `${sent}`, group: 'g', body: 'x'.repeat(4_000) });
        sent += 1;
      }
    };
    await expect(sending()).rejects.toMatchObject({ code: 'DISK_FULL' });
    await small.close();

    const { ledger, queue } = openTemporary({ directory });
    expect(await readAll(ledger, STREAM)).toHaveLength(committed);
    expect((await append(ledger, STREAM, 'more')).kind).toBe('committed');
    expect(await queue.depth('signal')).toBe(sent);
  });

  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EROFS', 'DATA_NOT_WRITABLE'],
    ['EACCES', 'DATA_NOT_WRITABLE'],
    ['EIO', 'DATA_IO_FAILED'],
  ])('and its kin are told from the file system: %s is %s', (code, expected) => {
    const error = storageError(Object.assign(new Error(code), { code }), 'the data');
    expect(error).toMatchObject({ name: 'PlimsollError', code: expected });
    expect((error as PlimsollError).kept).toBeDefined();
  });

  it.each([
    [5, 'DATA_BUSY'],
    [517, 'DATA_BUSY'],
    [778, 'DATA_IO_FAILED'],
    [267, 'DATA_CORRUPT'],
    [13, 'DISK_FULL'],
    [14, 'DATA_NOT_WRITABLE'],
  ])('and its kin are told from SQLite: %i is %s', (errcode, expected) => {
    const error = Object.assign(new Error('x'), { code: 'ERR_SQLITE_ERROR', errcode });
    expect(storageError(error, 'the data')).toMatchObject({ name: 'PlimsollError', code: expected });
  });

  it('and its kin leave other errors as they are', () => {
    const error = new TypeError('a defect');
    expect(storageError(error, 'the data')).toBe(error);
  });
});

function failure(work: () => unknown): PlimsollError {
  try {
    work();
  } catch (error) {
    if (error instanceof PlimsollError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** A process that runs the platform and appends until it is killed. */
async function startHolder(directory: string) {
  const child = spawn(process.execPath, [program('append-child.ts'), directory, STREAM, 'retry'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.stdout.resume();
  return child;
}

async function kill(child: Awaited<ReturnType<typeof startHolder>>): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** A data directory with some commits that no process has open, all of it in the one file. */
async function closedData(commits: number): Promise<string> {
  const directory = temporaryDirectory();
  const { ledger, close } = openEmbedded({ directory });
  for (let n = 1; n <= commits; n++) await append(ledger, STREAM, { n, padding: 'x'.repeat(2_000) });
  await close();
  return directory;
}

function overwrite(path: string, from: number, length: number): void {
  writeSync(openSync(path, 'r+'), Buffer.alloc(length, 0xa5), 0, length, from);
}

function replaceBy(path: string, sql: string): void {
  rmSync(path);
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

function withDatabase(directory: string, work: (db: DatabaseSync) => void): void {
  mkdirSync(directory, { recursive: true });
  const db = new DatabaseSync(join(directory, 'plimsoll.db'));
  work(db);
  db.close();
}
