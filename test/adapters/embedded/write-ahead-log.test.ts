import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { append, openTemporary, readAll, temporaryDirectory } from './temporary.ts';

const CUTS = 200;
const COMMITS = 120;
const STREAM = 'paper/main';

it(`opens to a gap-free prefix with the write-ahead log cut at ${CUTS} offsets`, async () => {
  const directory = temporaryDirectory();
  const { ledger } = openTemporary({ directory });
  for (let n = 1; n <= COMMITS; n++) await append(ledger, STREAM, { n, padding: 'x'.repeat((n * 37) % 3000) });
  const whole = await readAll(ledger, STREAM);
  const log = readFileSync(join(directory, 'plimsoll.db-wal'));

  const lengths: number[] = [];
  for (let cut = 0; cut < CUTS; cut++) {
    // Odd steps, so that cuts fall within headers, within pages and between frames.
    const offset = Math.round((cut * log.length) / (CUTS - 1));
    const copy = temporaryDirectory();
    copyFileSync(join(directory, 'plimsoll.db'), join(copy, 'plimsoll.db'));
    writeFileSync(join(copy, 'plimsoll.db-wal'), log.subarray(0, offset));

    const opened = openEmbedded({ directory: copy });
    const commits = await readAll(opened.ledger, STREAM);
    expect(commits).toEqual(whole.slice(0, commits.length));
    expect((await opened.ledger.document(STREAM, 'count'))?.value ?? 0).toBe(commits.length);
    expect((await append(opened.ledger, STREAM, 'and on')).kind).toBe('committed');
    await opened.close();
    lengths.push(commits.length);
  }

  expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
  expect(lengths[0]).toBe(0);
  expect(lengths.at(-1)).toBe(COMMITS);
  expect(new Set(lengths).size).toBeGreaterThan(COMMITS / 2);
}, 60_000);
