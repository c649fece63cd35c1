import { describe, expect, test } from 'vitest';
import { tradesOf } from '../../../core/backtest/trades.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { COMBINING_METHODS, type CombiningMethod } from '../../../core/models/combining/options.ts';
import { Ensemble } from '../../../core/models/ensemble.ts';
import { evaluatorOf } from '../../../core/models/native/index.ts';
import type { ServedModel } from '../../../core/models/opinion.ts';
import { findLookahead } from '../../../core/research/lookahead.ts';
import { findRecursion } from '../../../core/research/recursive.ts';
import modelDesk from '../../../core/strategies/built-in/model-desk.ts';
import { registration } from '../../../core/strategies/registration.ts';
import { definitionWith, parseParams } from '../../../core/strategies/registry.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import { play, walk } from '../backtest/trades-support.ts';
import { atHand, contraryDesk, memberFile, momentumDesk } from '../models/desk.ts';
import { heldShares } from '../models/held-shares.ts';
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

/** Of three of a kind, one with another version on trial. */
const withTrials = (...trials: readonly (readonly [served: ServedModel, trial: ServedModel, share: number])[]) => {
  const models = [momentumDesk(), ...['second', 'third'].map((name) => ({ ...momentumDesk(), name }))];
  return definitionWith(
    modelDesk,
    atHand(
      ...trials.map(([served, trial, share]) => ({
        ...served,
        trial: { served: { ...trial, name: served.name }, share },
      })),
      ...models,
    ),
  );
};
/** Sure of a way at every bar. */
const sure = { leastThreshold: 0.5, mostThreshold: 0.5 };
const alone = { models: ['momentum'], method: 'equal', memory: 60, hold: 5, stopLoss: 0.5, limits: sure };

function eventsOf(definition: AnyStrategy, params: Record<string, unknown>): LedgerEvent[] {
  const { run } = play({
    strategies: [definition],
    params: parseParams(modelDesk, params),
    bars: new Map([['ABC/USDT', walk(1_500, 3)]]),
    instrument: { quantityDecimals: 6 },
  });
  return [...run.engine.journal.events()] as unknown as LedgerEvent[];
}

const textsOf = (events: readonly LedgerEvent[]): string[] =>
  events.flatMap(({ kind, body }) => (kind === 'TextDefined' ? [(body as { text: string }).text] : []));

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

describe('a version on trial in model-desk', () => {
  test('decides over its share of the capital, and the champions over the rest', () => {
    const events = eventsOf(withTrials([momentumDesk(), contraryDesk(), 0.25]), alone);
    expect([...heldShares(events)].sort()).toEqual([0.25, 0.75]);
    const texts = textsOf(events);
    for (const [theirs, its] of [
      ['rise', 'fall'],
      ['fall', 'rise'],
    ])
      expect(texts).toContain(
        `a ${theirs} is expected by momentum 100 %; with momentum's version on trial (25 %) a ${its} is expected`,
      );
  });

  test('decides together with the champions of the other models', () => {
    const params = { ...alone, models: ['momentum', 'second', 'third'] };
    const events = eventsOf(withTrials([momentumDesk(), contraryDesk(), 0.25]), params);
    // Two that are as sure of the contrary outweigh the one on trial, so that it comes to hold what the champions do.
    expect([...heldShares(events)].sort()).toEqual([0, 1]);
    expect(textsOf(events).some((text) => /rise .*; with momentum's .* a rise is expected$/.test(text))).toBe(true);
  });

  test('leaves others their shares: each is tried beside the champions by itself', () => {
    const params = { ...alone, models: ['momentum', 'second'], method: 'by-regime', regimes: {} };
    const regimes = { calm: 'momentum', normal: 'momentum', turbulent: 'momentum' };
    const second = { ...momentumDesk(), name: 'second' };
    const definition = withTrials([momentumDesk(), contraryDesk(), 0.2], [second, contraryDesk(), 0.3]);
    const events = eventsOf(definition, { ...params, regimes });
    // Where the first decides in every regime, trying the second changes nothing: it holds what the champions hold.
    expect([...heldShares(events)].sort()).toEqual([0.2, 0.8]);
    expect(textsOf(events).some((text) => /second's version on trial \(30 %\) a rise is expected/.test(text))).toBe(
      true,
    );
  });

  test('of no share changes nothing but its name in the ledger', () => {
    const trades = (events: readonly LedgerEvent[]) =>
      events.filter(({ kind }) => kind !== 'StrategyRegistered' && kind !== 'ConfigurationApplied');
    const without = trades(eventsOf(withTrials(), alone));
    expect(trades(eventsOf(withTrials([momentumDesk(), contraryDesk(), 0]), alone))).toEqual(without);
    expect(without.length).toBeGreaterThan(100);
  });

  test('bad input: one that cannot answer silences nobody: the champions go on with what is their own', () => {
    const mute: ServedModel = {
      ...contraryDesk(),
      ensemble: () => {
        throw new PlimsollError('MODEL_FILE_CHANGED', 'a file is not the one', 'restore it');
      },
    };
    const events = eventsOf(withTrials([momentumDesk(), mute, 0.25]), alone);
    expect(events.some(({ kind }) => kind === 'StrategyFailed')).toBe(false);
    expect([...heldShares(events)].sort()).toEqual([0, 0.75]);
  });

  test('bad input: a trial of the whole capital leaves the champions none', () => {
    const events = eventsOf(withTrials([momentumDesk(), contraryDesk(), 1]), alone);
    const alike = eventsOf(definitionWith(modelDesk, atHand(contraryDesk())), alone);
    const sides = (all: readonly LedgerEvent[]) => [...heldShares(all)].sort();
    expect(sides(events)).toEqual([0, 1]);
    expect(sides(events)).toEqual(sides(alike));
  });

  test('is named by the ledger beside the champions, with its share', () => {
    const definition = withTrials([momentumDesk(), contraryDesk(), 0.25]);
    const running = definitionOf(definition, ['A/USD'], parseParams(modelDesk, { models: ['momentum', 'second'] }));
    expect(registration(running.strategies[0]).models).toEqual({
      momentum: '0123456789abcdef',
      second: '0123456789abcdef',
      'momentum/trial': 'fedcba9876543210@0.25',
    });
  });

  test('knows nothing of the future, and does not depend on where history began', async () => {
    const definition = withTrials([momentumDesk(), contraryDesk(), 0.25]);
    const params = parseParams(modelDesk, { models: ['momentum', 'second'], memory: 60, short: true });
    const series = new Map([['A/USD', wavingBars(1_800)]]);
    const runs = freshRuns(() => definition, ['A/USD'], params);
    const running = definitionOf(definition, ['A/USD'], params);
    expect((await findLookahead(running, series, runs, { points: 3 })).findings).toEqual([]);
    const recursion = await findRecursion(running, series, runs, { spanBars: 300, tolerance: 1e-4 });
    expect(recursion.indicators.filter(({ settling }) => settling !== 'settled')).toEqual([]);
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
