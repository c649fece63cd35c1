/** The tests of the Python in models/: `test_*.py` beside this file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sliceBars } from '../../core/market/bars.ts';
import { recordedFound, recordedSeries } from '../core/market/recorded.ts';
import { barsAsJson, runValidation } from './validation.ts';

const BARS = 12_000;
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-models-'));
const canRun = process.env.PLIMSOLL_WITHOUT_CLOUD !== '1';

/** What `unittest` says at its end. */
async function unittest(module: string, env: Record<string, string> = {}): Promise<{ ran: number; end: string }> {
  const { stderr } = await runValidation(['-W', 'ignore', '-m', 'unittest', module], { env });
  return { ran: Number(/^Ran (\d+) tests? in/m.exec(stderr)?.[1]), end: stderr.trimEnd().split('\n').at(-1)! };
}

// Installs on first use, so that no test's own limit is spent on it.
beforeAll(async () => {
  if (canRun) await runValidation(['-c', 'import numpy']);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.runIf(canRun)(
  'splits keep training and test apart, as those of skfolio do where both mean one thing',
  async () => {
    const { ran, end } = await unittest('test_splits');
    expect(end).toBe('OK');
    expect(ran).toBeGreaterThanOrEqual(17);
  },
  120_000,
);

test.runIf(canRun)(
  'planted leaks are found in recorded gold where that is at hand, and none in the honest table',
  async () => {
    const path = join(folder, 'bars.json');
    if (recordedFound)
      writeFileSync(path, barsAsJson(sliceBars(await recordedSeries('fx/xauusd_h1_2012_2022.parquet'), 0, BARS)));
    const { ran, end } = await unittest('test_leaks', recordedFound ? { PLIMSOLL_TEST_BARS: path } : {});
    expect(end).toMatch(recordedFound ? /^OK$/ : /^OK \(skipped=/);
    expect(ran).toBeGreaterThanOrEqual(16);
  },
  120_000,
);
