import { describe, expect, test } from 'vitest';
import { tradesOf } from '../../../core/backtest/trades.ts';
import { COMBINING_METHODS, type CombiningMethod } from '../../../core/models/combining/options.ts';
import { Ensemble } from '../../../core/models/ensemble.ts';
import { evaluatorOf } from '../../../core/models/native/index.ts';
import type { ServedModel } from '../../../core/models/opinion.ts';
import { findLookahead } from '../../../core/research/lookahead.ts';
import { findRecursion } from '../../../core/research/recursive.ts';
import modelDesk from '../../../core/strategies/built-in/model-desk.ts';
import { registration } from '../../../core/strategies/registration.ts';
import { definitionWith, parseParams } from '../../../core/strategies/registry.ts';
import { play, walk } from '../backtest/trades-support.ts';
import { atHand, memberFile, momentumDesk } from '../models/desk.ts';
import { definitionOf, freshRuns, wavingBars } from '../research/support.ts';

/** Expects the opposite of the desk that expects what was to go on, of one feature or of another. */
function contrarian(name: string, weights: readonly number[], version = 'fedcba9876543210'): ServedModel {
  const manifest = { ...momentumDesk().manifest!, members: [{ name: 'fast', file: 'fast.model', weight: 1 }] };
  const ensemble = new Ensemble(manifest, [evaluatorOf(memberFile(weights))]);
  return { name, version, manifest, ensemble: () => ensemble };
}

const at = atHand(momentumDesk(), contrarian('contrarian', [-15, 0, 0]), contrarian('slow', [0, 0, -0.4]));
const given = definitionWith(modelDesk, at);
const MODELS = ['momentum', 'contrarian', 'slow'];
const paramsOf = (method: CombiningMethod, more: Record<string, unknown> = {}) =>
  parseParams(modelDesk, {
    models: MODELS,
    method,
    memory: 60,
    ...(method === 'by-regime' ? { regimes: { calm: 'momentum', turbulent: 'slow' } } : {}),
    ...more,
  });

function reasonsOf(params: Record<string, unknown>): string[] {
  const { run } = play({ strategies: [given], params, bars: new Map([['ABC/USDT', walk(2_500, 3)]]) });
  const events = [...run.engine.journal.events()];
  expect(events.filter(({ kind }) => kind === 'StrategyFailed')).toEqual([]);
  return events.flatMap(({ kind, body }) => (kind === 'TextDefined' ? [(body as { text: string }).text] : []));
}

describe('model-desk', () => {
  test('goes with the models where they are sure, both ways where it may, and leaves where they are not', () => {
    const limits = { leastThreshold: 0.53, mostThreshold: 0.56 };
    const reasons = reasonsOf(paramsOf('equal', { short: true, hold: 2, stopLoss: 0.5, limits }));
    expect(reasons).toContain('a rise is expected by momentum 35 %, contrarian 35 %, slow 30 %');
    expect(reasons).toContain('a fall is expected by momentum 35 %, contrarian 35 %, slow 30 %');
    expect(reasons).toContain('the models have not been sure for as long as they look ahead');
  });

  test('sells nothing short unless that is asked for', () => {
    const played = play({
      strategies: [given],
      params: paramsOf('best-recent'),
      bars: new Map([['ABC/USDT', walk(2_500, 3)]]),
    });
    const sides = new Set([...tradesOf(played)].map(({ side }) => side));
    expect(sides).toEqual(new Set(['long']));
  });

  test('names who decided, in few words that come again and again', () => {
    const alone = reasonsOf(paramsOf('best-recent', { short: true })).filter((text) => text.includes('expected'));
    expect(alone.length).toBeGreaterThan(2);
    for (const text of alone) expect(text).toMatch(/^a (rise|fall) is expected by (momentum|contrarian|slow) 100 %$/);
    const weighed = reasonsOf(paramsOf('recent-log-loss', { short: true })).filter((text) => text.includes('expected'));
    for (const text of weighed) {
      const shares = Array.from(text.matchAll(/(\d+) %/g), ([, share]) => Number(share));
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(100);
      expect(shares.every((share) => share % 5 === 0)).toBe(true);
    }
  });

  test('says whose answer was not there', () => {
    const silent = { ...contrarian('contrarian', [-15, 0, 0]), manifest: undefined, version: 'unreadable' };
    const { run } = play({
      strategies: [definitionWith(modelDesk, atHand(momentumDesk(), silent))],
      params: parseParams(modelDesk, { models: ['momentum', 'contrarian'], memory: 60 }),
      bars: new Map([['ABC/USDT', walk(1_500, 3)]]),
    });
    const texts = [...run.engine.journal.events()].flatMap(({ kind, body }) =>
      kind === 'TextDefined' ? [(body as { text: string }).text] : [],
    );
    expect(texts).toContain('a rise is expected by momentum 100 %; no answer from contrarian');
  });

  test('is registered with the versions of all its models', () => {
    const running = definitionOf(given, ['A/USD'], paramsOf('equal')).strategies[0];
    expect(registration(running).models).toEqual({
      momentum: '0123456789abcdef',
      contrarian: 'fedcba9876543210',
      slow: 'fedcba9876543210',
    });
  });
});

describe.each(COMBINING_METHODS)('model-desk, %s', (method) => {
  const params = paramsOf(method, { short: true });

  test('knows nothing of the future', async () => {
    const series = new Map([['A/USD', wavingBars(1_800)]]);
    const runs = freshRuns(() => given, ['A/USD'], params);
    const report = await findLookahead(definitionOf(given, ['A/USD'], params), series, runs, { points: 4 });
    expect(report.findings).toEqual([]);
    expect(report.decisions).toBeGreaterThan(8);
  });

  test('does not depend on where history began', async () => {
    const series = new Map([['A/USD', wavingBars(method === 'by-regime' ? 4_500 : 2_000)]]);
    const runs = freshRuns(() => given, ['A/USD'], params);
    const report = await findRecursion(definitionOf(given, ['A/USD'], params), series, runs, {
      spanBars: 300,
      tolerance: 1e-4,
    });
    expect(report.indicators.filter(({ settling }) => settling !== 'settled')).toEqual([]);
    expect(report.decisions[0]).toMatchObject({ differing: 0, first: null });
    expect(report.decisions[0].decisions).toBeGreaterThan(0);
  });
});

describe('bad input: parameters of model-desk', () => {
  test.each<[what: string, params: Record<string, unknown>, said: RegExp]>([
    ['a model twice', { models: ['a', 'a'] }, /"models".*the model "a" is there twice; name each model once/],
    ['nine models', { models: [...'abcdefghi'] }, /"models"/],
    ['no model', { models: [] }, /"models"/],
    ['a regime that is none', { regimes: { clam: 'gold-hourly' } }, /"regimes" .* no regime "clam"; use "calm"/],
    ['a model of a regime that is not asked', { regimes: { calm: 'gold' } }, /"regimes.calm" .* use "gold-hourly"/],
    ['limits that are crossed', { limits: { leastWeight: 0.6, mostWeight: 0.5 } }, /"limits.leastWeight"/],
    ['limits that leave no weights', { limits: { leastWeight: 0.6 } }, /"limits.leastWeight" .* at most 0.5/],
    ['thresholds that are crossed', { limits: { leastThreshold: 0.7 } }, /"limits.leastThreshold"/],
    ['a limit that is none', { limits: { most: 1 } }, /"limits"/],
    ['a method that is none', { method: 'best' }, /"method"/],
    ['no regime where models go by it', { method: 'by-regime' }, /"regimes".*no regime has a model/],
    ['a memory of no bars', { memory: 0 }, /"memory"/],
    ['a parameter that is none', { regime: {} }, /no parameter "regime"/],
  ])('refused: %s', (_, params, said) => {
    expect(() => parseParams(modelDesk, params)).toThrow(
      expect.objectContaining({ code: 'STRATEGY_PARAMS_INVALID', message: expect.stringMatching(said) }),
    );
  });
});
