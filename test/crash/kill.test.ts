import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { FAULT_POINTS } from '../../adapters/embedded/faults.ts';
import { runBacktest } from '../../core/backtest/run.ts';
import { BANNER } from '../../lib/constructs/built-in-modules.ts';
import { eventsOf } from '../../platform/live-run.ts';
import { compareLedgers } from '../../platform/parity.ts';
import { quickFolder } from '../quick-folder.ts';
import { crashRun } from './crash-run.ts';

/** Whose gaps no cycle on recorded bars passes: nothing is handed back, timed, or kept as an object or a secret. */
const OFF_THE_WAY = /^(queue\.released|schedule\.|objects\.|secrets\.)/;
/** The gaps between two writes on the way of a cycle, and the one after its opening. */
const GAPS = [...FAULT_POINTS.filter((point) => !OFF_THE_WAY.test(point)), 'ingest:opened'];
const KILLS_PER_GAP = 20;

const folder = mkdtempSync(join(quickFolder(), 'plimsoll-kill-child-'));
/** The child as one file: of some two hundred starts, each would read as many files again. */
const CHILD = join(folder, 'child.mjs');

beforeAll(() =>
  build({
    entryPoints: [join(import.meta.dirname, 'replay-child.ts')],
    outfile: CHILD,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: BANNER },
    logLevel: 'warning',
  }),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the child; resolves with the signal that ended it, or null when it came to its end. */
function runChild(directory: string, gap: string, passes: number): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [CHILD, directory, gap, String(passes)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code !== 0 && signal === null) reject(new Error(complaint));
      else resolve(signal);
    });
  });
}

describe('a platform that is killed between two writes', () => {
  test.concurrent.each(GAPS)('%s: goes on to the ledger of an undisturbed run', { timeout: 400_000 }, async (gap) => {
    const directory = mkdtempSync(join(quickFolder(), 'plimsoll-kill-'));
    try {
      let kills = 0;
      for (let k = 0; k < KILLS_PER_GAP; k++) {
        // Each process passes the gap a few times, so that the kills fall on different steps of different cycles.
        if ((await runChild(directory, gap, gap === 'ingest:opened' ? 0 : (k * 7) % 31)) === 'SIGKILL') kills++;
      }
      expect(kills).toBe(KILLS_PER_GAP);
      expect(await runChild(directory, 'none', 0)).toBe(null);
      const { definition, bars } = await crashRun();
      const embedded = openEmbedded({ directory, role: 'visitor', readOnly: true });
      const report = await compareLedgers(
        runBacktest(definition, bars).engine,
        eventsOf(embedded.ledger, definition.stream),
      );
      await embedded.close();
      expect(report).toMatchObject({ identical: true });
      expect(report.events).toBeGreaterThan(200);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
