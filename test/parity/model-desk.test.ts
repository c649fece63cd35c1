/** Several trained models in the cycle together: two of the example desks, on recorded bars that neither has learned from. */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { championsOf, type TrialOf } from '../../adapters/models/models-at-hand.ts';
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
  readonly body: { readonly strategies?: readonly { readonly models?: object }[]; readonly models?: object };
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

  const july = (method: string, by = registry) =>
    prepareRecordedRun(by, {
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

  test('trade another version of one of them with its share, and what it said is made again and looked up', async () => {
    const models = modelsIn(temporaryDirectory());
    const careful = await registerCareful(models, 'crypto-hourly');
    const trialOf: TrialOf = async (name) => (name === 'crypto-hourly' ? { version: careful, share: 0.2 } : undefined);
    const tried = registryWith(strategies, await championsOf(models, { trialOf }));
    const { ports, stream } = await played(await july('equal', tried), tried, models);
    const events = (await eventsAfter(ports.ledger, stream, 0, 10_000)).map(({ event }) => event as unknown as Written);
    const registered = events.find(({ kind }) => kind === 'StrategyRegistered');
    expect(registered?.body.models).toMatchObject({ 'crypto-hourly/trial': `${careful}@0.2` });
    expect(JSON.stringify(events)).toMatch(/with crypto-hourly's version on trial \(20 %\) a (rise|fall) is expected/);

    // The trial is over and was no better: what was decided meanwhile is made again with it.
    const now: StepPorts = { ...ports, registry };
    const { order } = events.find(({ kind }) => kind === 'OrderInitialized')!;
    const links = await lineageOf({ ports: now, models, stream, order });
    expect(links[1]).toMatchObject({ link: 'decision', holds: true });
    const found = links.map((each) => each.found);
    const said = found.findIndex((each) => each.startsWith("crypto-hourly's version on trial"));
    // Its opinion, version and files; what it was trained by is not known of a version that a test made.
    expect(links.slice(0, said + 3).map(({ holds }) => holds)).toEqual(Array(said + 3).fill(true));
    expect(found).toContainEqual(
      expect.stringMatching(/^crypto-hourly's version on trial \(20 %\) said of a rise: BTC\/USDT 0\.\d{4}$/),
    );
    expect(found).toContain(
      `crypto-hourly ${careful}, on trial over 20 % of the capital, which is the hash of its manifest`,
    );

    // It is gone since: that link does not hold, and the others are told all the same.
    const broken = await lineageOf({ ports: now, models: shipped, stream, order });
    expect(broken.filter(({ holds }) => !holds)).toEqual([
      { link: 'version', holds: false, found: expect.stringContaining("crypto-hourly's version on trial: ") },
    ]);
  });
});
