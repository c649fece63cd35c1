/** The deployed app and the backtester write one ledger, on recorded bars of three instruments, a trained model among those who decide. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { strategiesAtHand } from '../../platform/models/strategies-at-hand.ts';
import { prepareRecordedRun } from '../../platform/recorded-run.ts';
import { temporaryDirectory } from '../adapters/embedded/temporary.ts';
import { hasRecordedData } from '../parity/recorded.ts';
import { threePairs } from '../parity/scenarios.ts';
import { cloudParity } from './parity.ts';

const HOUR_MS = 3_600_000;
/** 42 hours of 5m bars. */
const CYCLES = 504;

describe.skipIf(!hasRecordedData)('the cloud', () => {
  test('goes through 504 cycles of three instruments to the ledger of the backtest', { timeout: 900_000 }, async () => {
    const registry = await strategiesAtHand(join(import.meta.dirname, '..', '..'), temporaryDirectory());
    const run = await prepareRecordedRun(registry, {
      ...threePairs,
      strategies: [...threePairs.strategies!, { strategy: 'model-opinion', allocation: 0.6 }],
      to: threePairs.from! + 42 * HOUR_MS,
    });
    let cycles = 0;

    const report = await cloudParity(run, (done) => {
      cycles = done;
    });

    expect(cycles).toBe(CYCLES);
    expect(report).toMatchObject({ identical: true });
    expect(report.events).toBeGreaterThan(200);
  });
});
