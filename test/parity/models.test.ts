/** Trained models in the cycle: the example desks that come with the platform, on recorded bars that none of them has learned from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { championsOf } from '../../adapters/models/models-at-hand.ts';
import { runBacktest } from '../../core/backtest/run.ts';
import { askedElsewhere } from '../../core/models/answers.ts';
import { registryWith, type StrategyRegistry } from '../../core/strategies/registry.ts';
import { applyConfiguration } from '../../functions/steps/configure.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { lineageOf } from '../../platform/models/lineage.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { embeddedParity } from '../../platform/parity-run.ts';
import { prepareRecordedRun, type RecordedRun } from '../../platform/recorded-run.ts';
import { replayDecision } from '../../platform/replay-decision.ts';
import { EXAMPLES } from '../../scripts/desks/definitions.ts';
import { lockedRun, type PaperFigures } from '../../scripts/desks/example.ts';
import { temporaryDirectory } from '../adapters/embedded/temporary.ts';
import { registerCareful } from '../adapters/models/careful.ts';
import { played } from './played.ts';
import { hasRecordedData, recorded } from './recorded.ts';

const root = join(import.meta.dirname, '..', '..');
const DATA = recorded('');
const figures = JSON.parse(readFileSync(join(root, 'desks/figures.json'), 'utf8')) as Record<string, PaperFigures>;

describe.skipIf(!hasRecordedData)('the example desks', { timeout: 600_000 }, () => {
  let strategies: StrategyRegistry;
  const shipped = modelsIn(temporaryDirectory(), { readOnly: true });
  const atHand = async () => registryWith(strategies, await championsOf(shipped));
  const example = (name: string) => EXAMPLES.find((each) => each.name === name)!;

  beforeAll(async () => {
    strategies = await loadStrategies(root);
  });

  test('have figures of the locked period that say which bars, which version and that the live path wrote them', async () => {
    expect(Object.keys(figures).sort()).toEqual(EXAMPLES.map(({ name }) => name).sort());
    const champions = await championsOf(shipped);
    for (const [name, { version, parity, bars }] of Object.entries(figures)) {
      expect([name, version, parity]).toEqual([name, champions(name).version, true]);
      const { card } = await shipped.version(name);
      const { sources, lockedFrom } = card.table as { sources: { sha256: string }[]; lockedFrom: number };
      expect(sources.map(({ sha256 }) => sha256)).toEqual([bars.sha256]);
      expect(Date.parse(bars.from)).toBe(lockedFrom);
    }
  });

  // The third has ten times as many bars; `npm run desks -- --figures` makes all of them again, through the live path.
  test.each(['gold-hourly', 'crypto-hourly'])('%s comes to the same ledger again', async (name) => {
    const run = await lockedRun(example(name), DATA, await atHand());
    expect(runBacktest(run.definition, run.bars).engine.journal.head()).toBe(figures[name].ledgerSha256);
  });

  const hoursOf5m = async (registry: StrategyRegistry, hours: number): Promise<RecordedRun> =>
    prepareRecordedRun(registry, {
      file: recorded('crypto/binance_spot_5m_2024.parquet'),
      symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'],
      from: Date.UTC(2024, 7, 1),
      to: Date.UTC(2024, 7, 1, hours),
      strategies: [
        { strategy: 'model-opinion', allocation: 0.5 },
        { strategy: 'sma-cross', allocation: 0.4 },
      ],
      feeBps: 5,
    });

  test('decide the same live and in a backtest, beside a strategy of rules', async () => {
    const registry = await atHand();
    expect(await embeddedParity(await hoursOf5m(registry, 24), registry)).toMatchObject({ identical: true });
  });

  test('asked elsewhere, decide as they do here: the same ledger live and in a backtest', async () => {
    const champions = await championsOf(shipped);
    const elsewhere = (name: string) => ({ ...champions(name), ...askedElsewhere(champions(name).manifest!) });
    const asked = new Map(['crypto-5m', 'gold-hourly', 'crypto-hourly'].map((name) => [name, elsewhere(name)]));
    const registry = registryWith(strategies, (name) => asked.get(name)!);
    const questions: number[] = [];
    const report = await embeddedParity(await hoursOf5m(registry, 24), registry, undefined, async ({ model, rows }) => {
      questions.push(rows.length);
      return rows.map((row) => champions(model).ensemble().opinion(row).members);
    });
    const here = await hoursOf5m(await atHand(), 24);
    expect(report).toMatchObject({
      identical: true,
      ledgerSha256: runBacktest(here.definition, here.bars).engine.journal.head(),
    });
    // Live about three instruments at once, and for the backtest about all of their bars.
    expect([questions[0], questions.at(-1)]).toEqual([3, 3 * (questions.length - 1)]);
  });

  describe('an account that a desk trades', () => {
    const live = async (hours: number) => {
      const registry = await atHand();
      const run = await hoursOf5m(registry, hours);
      return { ...(await played(run, registry, shipped)), account: run.account };
    };

    test('is replayed with the version that decided then, also when another decides now', async () => {
      const { ports, stream, account, decisions } = await live(8);
      const models = modelsIn(temporaryDirectory());
      const careful = await registerCareful(models, 'crypto-5m');
      await models.act('crypto-5m', 'promoted', careful, { at: 0, by: 'test', reason: 'it doubts sooner' });
      const now: StepPorts = { ...ports, registry: registryWith(strategies, await championsOf(models)) };
      expect(await applyConfiguration(now, account)).toEqual(['model-opinion']);
      for (const cycle of decisions) {
        const { same, differences } = await replayDecision(now, stream, String(cycle));
        expect([cycle, same, differences]).toEqual([cycle, true, []]);
      }
      expect(decisions.length).toBeGreaterThan(3);
      const applied = (await ports.ledger.read(stream, 0, 1_000))
        .flatMap(({ events }) => events as unknown as { kind: string; body: { strategies?: { models?: object }[] } }[])
        .filter(({ kind }) => kind === 'ConfigurationApplied')
        .at(-1);
      expect(applied?.body.strategies?.[0].models).toEqual({ 'crypto-5m': careful });
    });

    test('shows the way from an order back to the bars that were learned from, and sees where it breaks', async () => {
      const { ports, stream } = await live(8);
      const orders = (await ports.ledger.read(stream, 0, 1_000))
        .flatMap(({ events }) => events as unknown as { kind: string; order: number; strategy: number }[])
        .filter(({ kind, strategy }) => kind === 'OrderInitialized' && strategy === 0);
      const asked = { ports, models: shipped, stream, order: orders[0].order };
      const links = await lineageOf({ ...asked, bars: recorded('crypto/binance_spot_5m_2024.parquet') });
      expect(links.map(({ link, holds }) => [link, holds])).toEqual(
        ['order', 'decision', 'opinion', 'version', 'files', 'training', 'table', 'bars'].map((link) => [link, true]),
      );
      expect(links.at(-1)?.found).toMatch(/made again/);
      const elsewhere = await lineageOf({ ...asked, bars: recorded('crypto/binance_spot_1h_2024.parquet') });
      expect(elsewhere.filter(({ holds }) => !holds).map(({ link }) => link)).toEqual(['bars']);
      await expect(lineageOf({ ...asked, order: 1e6 })).rejects.toMatchObject({ code: 'ORDER_UNKNOWN' });
    });
  });
});
