/** What a person hears on the terminal, and what only the file does. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LOG_BOUNDS, PlatformLog } from '../../platform/log.ts';

let directory: string;
let now: number;
let said: string[];
let log: PlatformLog;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-log-'));
  now = Date.UTC(2026, 0, 1, 12);
  said = [];
  log = new PlatformLog(
    directory,
    (line) => said.push(line),
    () => now,
  );
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const MORE = 7;
const flood = (): void => {
  for (let k = 1; k <= LOG_BOUNDS.linesPerSecond + MORE; k++) log.tell(`line ${k}`);
};

test('says so many lines a second and counts the rest, which stand in the file', () => {
  flood();
  expect(said).toHaveLength(LOG_BOUNDS.linesPerSecond);
  now += 1_000;
  log.tell('the next');
  expect(said.slice(-2)).toEqual([expect.stringMatching(/… and 7 more, see .*plimsoll\.log$/), '12:00:01  the next']);
  const kept = readFileSync(join(directory, 'log/plimsoll.log'), 'utf8').trim().split('\n');
  expect(kept).toHaveLength(LOG_BOUNDS.linesPerSecond + MORE + 1);
});

test('says what is rare however much is told in that second, after the count of what was left out', () => {
  flood();
  log.tellAlways('ALERT');
  expect(said.slice(-2)).toEqual([expect.stringMatching(/… and 7 more/), '12:00:00  ALERT']);
  log.tell('one of many');
  log.tellAlways('the end');
  expect(said.slice(-2)).toEqual([expect.stringMatching(/… and 1 more/), '12:00:00  the end']);
});
