import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { runBacktest } from '../../core/backtest/run.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { embeddedParity } from '../../platform/parity-run.ts';
import { prepareRecordedRun, type RecordedRunOptions } from '../../platform/recorded-run.ts';
import { quickFolder } from '../quick-folder.ts';
import { hasRecordedData } from './recorded.ts';
import { perpetual, threePairs } from './scenarios.ts';

beforeAll(() => void vi.stubEnv('TMPDIR', quickFolder()));
afterAll(() => void vi.unstubAllEnvs());

const registry = await loadStrategies(join(import.meta.dirname, '..', '..'));

/** How often each strategy's orders were filled, denied and made smaller. */
function outcomes(engine: Engine): Record<string, { fills: number; denials: number; reductions: number }> {
  const ids = engine.runners.map((runner) => runner.running.id);
  const counts = Object.fromEntries(ids.map((id) => [id, { fills: 0, denials: 0, reductions: 0 }]));
  const strategyOf = new Map<number, string>();
  for (const event of engine.journal.events()) {
    if (event.kind === 'OrderInitialized') {
      strategyOf.set(event.order as number, ids[event.strategy as number]);
      if (event.reduced) counts[ids[event.strategy as number]].reductions++;
    }
    if (event.kind === 'OrderDenied') counts[ids[event.strategy as number]].denials++;
    if (event.kind === 'OrderFilled') counts[strategyOf.get(event.order as number)!].fills++;
  }
  return counts;
}

describe.skipIf(!hasRecordedData)('the live path and the backtester write one ledger', () => {
  const cases: [string, RecordedRunOptions][] = [
    ['a week of a perpetual in 1m bars', { ...perpetual, to: Date.UTC(2022, 0, 9) }],
    ['ten days of three pairs in 5m bars', { ...threePairs, to: Date.UTC(2024, 2, 11) }],
  ];
  test.each(cases)('%s', { timeout: 600_000 }, async (_, options) => {
    const run = await prepareRecordedRun(registry, options);
    const report = await embeddedParity(run, registry);
    expect(report).toMatchObject({ identical: true });
    for (const [strategy, counts] of Object.entries(outcomes(runBacktest(run.definition, run.bars).engine))) {
      expect.soft(counts.fills, `${strategy} fills`).toBeGreaterThan(0);
      expect.soft(counts.denials, `${strategy} is denied`).toBeGreaterThan(0);
      expect.soft(counts.reductions, `${strategy} is reduced`).toBeGreaterThan(0);
    }
  });
});
