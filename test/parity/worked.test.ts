/** Orders that algorithms work, on recorded bars: the live path and the backtester write one ledger. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { runBacktest } from '../../core/backtest/run.ts';
import type { Algorithm } from '../../core/execution/algorithms/algorithm.ts';
import { crossedAbove, crossedBelow, sma, strategy, z } from '../../core/strategies/index.ts';
import type { StrategyRegistry } from '../../core/strategies/registry.ts';
import type { AnyStrategy } from '../../core/strategies/runner.ts';
import { embeddedParity } from '../../platform/parity-run.ts';
import { prepareRecordedRun, type RecordedRunOptions } from '../../platform/recorded-run.ts';
import { replayDecision } from '../../platform/replay-decision.ts';
import { played } from './played.ts';
import { hasRecordedData, recorded } from './recorded.ts';

const HOUR = 3_600_000;

/** Each symbol is bought by another algorithm; what is held is sold by a VWAP. */
const entries: Readonly<Record<string, (close: number) => Algorithm>> = {
  'BTC/USDT': () => ({ kind: 'twap', cycles: 9, slices: 4, atEnd: 'send' }),
  'ETH/USDT': (close) => ({ kind: 'iceberg', shownShare: 0.3, limit: close * 1.001, durationMs: 2 * HOUR }),
  'SOL/USDT': (close) => ({ kind: 'peg', offsetBps: 3, limit: close * 1.002, durationMs: HOUR }),
};

const worked = strategy({
  name: 'worked',
  params: z.strictObject({}),
  indicators: () => ({ fast: sma(8), slow: sma(30) }),
  volumeDays: () => 3,
  onBar({ fast, slow, bar, symbol, position, target }) {
    if (crossedAbove(fast, slow)) return target(1, 'up', { stopLoss: 0.02, algorithm: entries[symbol](bar.close) });
    if (position.isLong && crossedBelow(fast, slow))
      return target(0, 'down', { algorithm: { kind: 'vwap', durationMs: HOUR, atEnd: 'send' } });
  },
});

const options: RecordedRunOptions = {
  file: recorded('crypto/binance_spot_5m_2024.parquet'),
  symbols: Object.keys(entries),
  from: Date.UTC(2024, 2, 1),
  to: Date.UTC(2024, 2, 4),
  strategies: [{ strategy: 'worked' }],
  limits: { maxGrossExposure: 1 },
  execution: { slippageBps: 2, volumeShare: { limit: 0.05, impactBps: 20 } },
  feeBps: 5,
};

const loaded = await loadStrategies(join(import.meta.dirname, '..', '..'));
const registry: StrategyRegistry = new Map([
  ...loaded,
  ['worked', { definition: worked as unknown as AnyStrategy, codeHash: '00'.repeat(32), origin: 'test' }],
]);

describe.skipIf(!hasRecordedData)('orders that algorithms work', () => {
  test('are the same live and in a backtest, on three days of three pairs', { timeout: 600_000 }, async () => {
    const run = await prepareRecordedRun(registry, options);
    expect(await embeddedParity(run, registry)).toMatchObject({ identical: true });
    const kinds = new Map<string, number>();
    for (const { kind, body } of runBacktest(run.definition, run.bars).engine.journal.events()) {
      const name = kind === 'AlgorithmSet' ? (body as { algorithm: { kind: string } }).algorithm.kind : kind;
      kinds.set(name, (kinds.get(name) ?? 0) + 1);
    }
    for (const name of ['twap', 'iceberg', 'peg', 'vwap', 'ParentFilled', 'AlgorithmStopped'])
      expect.soft(kinds.get(name) ?? 0, name).toBeGreaterThan(0);
  });

  test('are decided again as they were, with the first of their parts', { timeout: 600_000 }, async () => {
    const run = await prepareRecordedRun(registry, { ...options, to: Date.UTC(2024, 2, 1, 12) });
    const { ports, stream, decisions } = await played(run, registry);
    const carved: number[] = [];
    for (const cycle of decisions) {
      const { same, differences, events } = await replayDecision(ports, stream, String(cycle));
      expect([cycle, same, differences]).toEqual([cycle, true, []]);
      carved.push(events.filter(({ event }) => event.kind === 'ChildCarved').length);
    }
    expect(carved.filter((parts) => parts > 0).length).toBeGreaterThan(2);
  });
});
