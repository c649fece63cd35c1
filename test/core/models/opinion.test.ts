import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PlimsollError } from '../../../core/errors.ts';
import type { Indicator, IndicatorSpec } from '../../../core/indicators/indicator.ts';
import { columnsOf } from '../../../core/indicators/indicator.ts';
import { fromCheckpointJson, toCheckpointJson } from '../../../core/json.ts';
import { featureColumns, featureSet } from '../../../core/models/features/feature-set.ts';
import { opinion, refusalOf, type ServedModel, withModelsAtHand } from '../../../core/models/opinion.ts';
import { findLookahead } from '../../../core/research/lookahead.ts';
import modelOpinion from '../../../core/strategies/built-in/model-opinion.ts';
import { strategy } from '../../../core/strategies/contract.ts';
import { registration } from '../../../core/strategies/registration.ts';
import { definitionWith } from '../../../core/strategies/registry.ts';
import { play, walk } from '../backtest/trades-support.ts';
import { definitionOf, freshRuns, wavingBars } from '../research/support.ts';
import { atHand, DESK_FEATURES, momentumDesk } from './desk.ts';

const bars = walk(1_500, 3);
const specOf = (served: ServedModel): IndicatorSpec =>
  withModelsAtHand({ desk: opinion('momentum') }, atHand(served)).desk;

/** Every output of a spec, read in blocks of a size. */
function inBlocks(indicator: Indicator, size: number, from = 0): Float64Array[] {
  const out = Array.from({ length: 4 }, () => new Float64Array(bars.length));
  for (let at = from; at < bars.length; at += size)
    indicator.advance(bars, at, Math.min(bars.length, at + size), out, at);
  return out;
}

describe('an opinion', () => {
  const spec = specOf(momentumDesk());

  test('is what the ensemble says to the features of the bar, once they are whole', () => {
    const { warmUp } = featureSet(DESK_FEATURES);
    const columns = featureColumns(featureSet(DESK_FEATURES), bars);
    const { up, disagreement, unsure, refused } = columnsOf(spec, bars);
    expect(spec.warmUp).toBe(warmUp);
    expect(up.slice(0, warmUp - 1).every(Number.isNaN)).toBe(true);
    const ensemble = momentumDesk().ensemble();
    for (const k of [warmUp - 1, warmUp, 700, bars.length - 1]) {
      const said = ensemble.opinion(Float64Array.from(columns, (column) => column[k]));
      expect([up[k], disagreement[k], unsure[k], refused[k]]).toEqual([said.up, said.disagreement, 0, 0]);
    }
    expect(new Set(up.slice(warmUp)).size).toBeGreaterThan(1_000);
  });

  test.each([1, 7, 1_024, 1_500])('has the same bits in blocks of %d bars', (size) => {
    expect(inBlocks(spec.create(), size)).toEqual(inBlocks(spec.create(), 333));
  });

  test('goes on from a checkpoint with the same bits', () => {
    const whole = inBlocks(spec.create(), 1);
    const first = spec.create();
    const out = Array.from({ length: 4 }, () => new Float64Array(bars.length));
    first.advance(bars, 0, 701, out, 0);
    const second = spec.create();
    second.restore(fromCheckpointJson(JSON.parse(JSON.stringify(toCheckpointJson(first.snapshot())))) as never);
    expect(inBlocks(second, 1, 701).map((column) => column.slice(701))).toEqual(
      whole.map((column) => column.slice(701)),
    );
  });

  test('says which kind of doubt it has', () => {
    const unsureOf = (limit: number) => {
      const { unsure } = columnsOf(specOf(momentumDesk({ conformal: { coverage: 0.6, limit } })), bars);
      return new Set(unsure.slice(spec.warmUp));
    };
    expect(unsureOf(0.9)).toContain(1);
    expect(unsureOf(0.2)).toContain(2);
    const apart = columnsOf(specOf(momentumDesk({ disagreement: { limit: 0 } })), bars);
    expect(new Set(apart.unsure.slice(spec.warmUp))).toEqual(new Set([3]));
  });

  test('of a strategy that no model was given to cannot be computed', () => {
    expect(() => opinion('momentum').create()).toThrow(expect.objectContaining({ code: 'MODEL_NOT_AT_HAND' }));
  });
});

/** Buys whenever it is asked, and counts. */
const eager = strategy({
  name: 'eager',
  params: z.object({}),
  indicators: () => ({ desk: opinion('momentum') }),
  onBar: ({ position, target }) => (position.isFlat ? target(1, 'asked') : undefined),
});

const failing = (error: PlimsollError): ServedModel => ({
  ...momentumDesk(),
  ensemble: () => {
    throw error;
  },
});
const CHANGED = new PlimsollError('MODEL_FILE_CHANGED', 'the model’s file fast.model is not the one', 'restore it');

describe('bad input: a model without an answer', () => {
  const played = (served: ServedModel, given = bars) => {
    const { run } = play({ strategies: [definitionWith(eager, atHand(served))], bars: new Map([['ABC/USDT', given]]) });
    const events = [...run.engine.journal.events()];
    const texts = events.flatMap(({ kind, body }) => (kind === 'TextDefined' ? [(body as { text: string }).text] : []));
    return {
      failures: events.filter(({ kind }) => kind === 'StrategyFailed').length,
      orders: events.filter(({ kind }) => kind === 'OrderInitialized').length,
      texts: texts.filter((text) => text.includes('model')),
    };
  };

  test('a model that answers is asked, and the strategy with it', () => {
    expect(played(momentumDesk())).toMatchObject({ failures: 0, orders: 1, texts: [] });
  });

  test('a changed file leaves the strategy unasked at every bar, and the ledger says why', () => {
    const { failures, orders, texts } = played(failing(CHANGED));
    expect([failures, orders]).toEqual([bars.length - momentumDeskWarmUp() + 1, 0]);
    expect(texts).toEqual(['the model "momentum" cannot be used: the model’s file fast.model is not the one']);
  });

  test('a version that cannot be read leaves the strategy unasked', () => {
    const unreadable = { ...failing(CHANGED), version: 'unreadable', manifest: undefined };
    expect(played(unreadable)).toMatchObject({ failures: bars.length, orders: 0 });
  });

  test('a feature that is no number is named', () => {
    const names = ['return-3', 'rsi-14', 'above-sma-20'];
    expect(refusalOf(momentumDesk(), 2)).toBe(
      `the model "momentum" has no answer: its feature "${names[1]}" is no number`,
    );
  });

  test('an answer that is no probability is refused', () => {
    const served = momentumDesk();
    const ensemble = {
      opinion: () => {
        throw new PlimsollError('MODEL_ANSWER_INVALID', 'the member "fast" answered 1.2', 'train it anew');
      },
    } as never;
    const { orders, texts } = played({ ...served, ensemble: () => ensemble });
    expect(orders).toBe(0);
    expect(texts).toEqual(['the model "momentum" has no answer: what one of its members said is no probability']);
  });

  test('a defect of the platform is not taken for a refusal', () => {
    const broken = (): never => {
      throw new TypeError('undefined is not a function');
    };
    expect(() => columnsOf(specOf({ ...momentumDesk(), ensemble: broken }), bars)).toThrow(TypeError);
  });
});

const momentumDeskWarmUp = (): number => featureSet(DESK_FEATURES).warmUp;

describe('bad input: a model that learned from other bars', () => {
  test('is refused with the way out, but on invented prices, where no opinion means anything', () => {
    const minutes = definitionWith(eager, atHand(momentumDesk({ timeframe: '5m' })));
    const scene = { strategies: [minutes], bars: new Map([['ABC/USDT', bars]]) };
    expect(() => play(scene)).toThrow(
      expect.objectContaining({ code: 'MODEL_TIMEFRAME', remedy: expect.stringContaining('timeframe: 5m') }),
    );
    expect(() => play({ ...scene, provenance: 'simulated' })).not.toThrow();
  });

  test('is asked about bars of its own timeframe where the strategy says so', () => {
    const longer = strategy({
      name: 'longer',
      params: z.object({}),
      indicators: () => ({ desk: opinion('momentum').on('4h') }),
      onBar: ({ desk, position, target }) => (position.isFlat && desk.up.value > 0 ? target(1, 'asked') : undefined),
    });
    const given = definitionWith(longer, atHand(momentumDesk({ timeframe: '4h' })));
    const { run } = play({ strategies: [given], bars: new Map([['ABC/USDT', bars]]) });
    expect([...run.engine.journal.events()].filter(({ kind }) => kind === 'OrderFilled')).toHaveLength(1);
  });
});

describe('a strategy that asks a model', () => {
  const given = definitionWith(modelOpinion, atHand(momentumDesk()));

  test('is registered with the version, and another version is another strategy', () => {
    const running = definitionOf(given, ['A/USD'], { model: 'momentum' }).strategies[0];
    expect(registration(running).models).toEqual({ momentum: '0123456789abcdef' });
    const without = definitionOf(eager).strategies[0];
    expect(registration(without)).not.toHaveProperty('models');
  });

  test('goes with the model where it is sure, both ways where it may, and leaves where the model is not', () => {
    const { run } = play({
      strategies: [given],
      params: { model: 'momentum', short: true, least: 0.62, hold: 2, stopLoss: 0.5 },
      bars: new Map([['ABC/USDT', bars]]),
    });
    const reasons = [...run.engine.journal.events()].flatMap(({ kind, body }) =>
      kind === 'TextDefined' ? [(body as { text: string }).text] : [],
    );
    expect(reasons.some((text) => text.startsWith('the model expects a rise'))).toBe(true);
    expect(reasons.some((text) => text.startsWith('the model expects a fall'))).toBe(true);
    expect(reasons).toContain('the model has not been sure for as long as it looks ahead');
  });

  test('knows nothing of the future', async () => {
    const series = new Map([['A/USD', wavingBars(1_500)]]);
    const params = { model: 'momentum' };
    const report = await findLookahead(
      definitionOf(given, ['A/USD'], params),
      series,
      freshRuns(() => given, ['A/USD'], params),
      { points: 6 },
    );
    expect(report.findings).toEqual([]);
    expect(report.decisions).toBeGreaterThan(8);
  });
});
