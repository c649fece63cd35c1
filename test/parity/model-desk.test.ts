/** Several trained models in the cycle together: two of the example desks, on recorded bars that neither has learned from. */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { championsOf } from '../../adapters/models/models-at-hand.ts';
import { registryWith, type StrategyRegistry } from '../../core/strategies/registry.ts';
import { applyConfiguration } from '../../functions/steps/configure.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { eventsAfter } from '../../operations/support/ledger-events.ts';
import { lineageOf } from '../../platform/models/lineage.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { embeddedParity } from '../../platform/parity-run.ts';
import { prepareRecordedRun } from '../../platform/recorded-run.ts';
import { replayDecision } from '../../platform/replay-decision.ts';
import { temporaryDirectory } from '../adapters/embedded/temporary.ts';
import { registerCareful } from '../adapters/models/careful.ts';
import { played } from './played.ts';
import { hasRecordedData, recorded } from './recorded.ts';

interface Written {
  readonly kind: string;
  readonly order: number;
  readonly body: { readonly strategies?: readonly { readonly models?: object }[] };
}

const root = join(import.meta.dirname, '..', '..');
const BARS = recorded('crypto/binance_spot_1h_2024.parquet');
/** What is remembered is short, so that the models are asked within the few weeks that are played. */
const params = { models: ['gold-hourly', 'crypto-hourly'], memory: 24, stay: 6, short: true };

describe.skipIf(!hasRecordedData)('two of the example desks together', { timeout: 120_000 }, () => {
  let strategies: StrategyRegistry;
  let registry: StrategyRegistry;
  const shipped = modelsIn(temporaryDirectory(), { readOnly: true });

  beforeAll(async () => {
    strategies = await loadStrategies(root);
    registry = registryWith(strategies, await championsOf(shipped));
  });

  const july = (method: string) =>
    prepareRecordedRun(registry, {
      file: BARS,
      symbols: ['BTC/USDT'],
      from: Date.UTC(2024, 6, 1),
      to: Date.UTC(2024, 6, 25),
      strategies: [{ strategy: 'model-desk', params: { ...params, method }, allocation: 0.9 }],
      feeBps: 5,
    });

  test('decide the same live and in a backtest', async () => {
    expect(await embeddedParity(await july('best-recent'), registry)).toMatchObject({ identical: true });
  });

  test('are replayed with the versions that decided then, and lead back to the bars of both', async () => {
    const run = await july('recent-log-loss');
    const { ports, stream, decisions } = await played(run, registry, shipped);

    // Another version of one of them decides now: the account takes it over, and what was decided before is made again without it.
    const models = modelsIn(temporaryDirectory());
    const careful = await registerCareful(models, 'crypto-hourly');
    await models.act('crypto-hourly', 'promoted', careful, { at: 0, by: 'test', reason: 'it doubts sooner' });
    const champions = await championsOf(models);
    const now: StepPorts = { ...ports, registry: registryWith(strategies, champions) };
    expect(await applyConfiguration(now, run.account)).toEqual(['model-desk']);

    expect(decisions.length).toBeGreaterThan(2);
    for (const cycle of decisions.slice(0, 3)) {
      const { same, differences } = await replayDecision(now, stream, String(cycle));
      expect([cycle, same, differences]).toEqual([cycle, true, []]);
    }

    const events = (await eventsAfter(ports.ledger, stream, 0, 10_000)).map(({ event }) => event as unknown as Written);
    const applied = events.filter(({ kind }) => kind === 'ConfigurationApplied').at(-1);
    expect(applied?.body.strategies?.[0].models).toEqual({
      'gold-hourly': champions('gold-hourly').version,
      'crypto-hourly': careful,
    });

    const { order } = events.find(({ kind }) => kind === 'OrderInitialized')!;
    const links = await lineageOf({ ports, models: shipped, stream, order });
    expect(links.every(({ holds }) => holds)).toBe(true);
    expect(links.flatMap(({ link, found }) => (link === 'opinion' ? [found.replace(/[\d.]+$/, 'P')] : []))).toEqual([
      'gold-hourly said of a rise: BTC/USDT P',
      'crypto-hourly said of a rise: BTC/USDT P',
    ]);
  });
});
