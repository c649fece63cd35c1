import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PlimsollError } from '../../../core/errors.ts';
import type { Indicator } from '../../../core/indicators/indicator.ts';
import { columnsOf } from '../../../core/indicators/indicator.ts';
import { fromCheckpointJson, toCheckpointJson } from '../../../core/json.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { type CombinedSpec, combinedOpinion, opinionsIn, refusalIn } from '../../../core/models/combined-opinion.ts';
import {
  COMBINING_DEFAULTS,
  COMBINING_METHODS,
  type CombiningOptions,
} from '../../../core/models/combining/options.ts';
import { Ensemble } from '../../../core/models/ensemble.ts';
import { featureSet } from '../../../core/models/features/feature-set.ts';
import type { ModelManifest } from '../../../core/models/manifest.ts';
import { adaptedThreshold } from '../../../core/models/monitoring/adaptation.ts';
import { evaluatorOf } from '../../../core/models/native/index.ts';
import type { ServedModel } from '../../../core/models/opinion.ts';
import { consensusOf } from '../../../core/models/regimes/consensus.ts';
import { trendRule, volatilityRule } from '../../../core/models/regimes/index.ts';
import { featureTable } from '../../../core/models/table.ts';
import { strategy } from '../../../core/strategies/contract.ts';
import { definitionWith } from '../../../core/strategies/registry.ts';
import { play, walk } from '../backtest/trades-support.ts';
import { atHand, DESK_FEATURES, memberFile, momentumDesk } from './desk.ts';

const HOUR = 3_600_000;
const bars = walk(1_500, 3);

/** Expects the opposite of the desk that expects what was to go on. */
function contrarian(change: Partial<ModelManifest> = {}, name = 'contrarian'): ServedModel {
  const manifest = momentumDesk(change).manifest!;
  const files = [
    [-15, 0, 0],
    [0, 0, -0.4],
  ];
  const ensemble = new Ensemble(
    manifest,
    files.map((weights) => evaluatorOf(memberFile(weights))),
  );
  return { name, version: 'fedcba9876543210', manifest, ensemble: () => ensemble };
}

const failing = (served: ServedModel): ServedModel => ({
  ...served,
  ensemble: () => {
    throw new PlimsollError('MODEL_FILE_CHANGED', 'the model’s file fast.model is not the one', 'restore it');
  },
});

const MODELS = ['momentum', 'contrarian'];
const both = atHand(momentumDesk(), contrarian());
const small = { memory: 60, stay: 12 };
const optionsOf = (method: CombiningOptions['method']): Partial<CombiningOptions> => ({
  ...small,
  method,
  ...(method === 'by-regime' ? { regimes: { calm: 'momentum', turbulent: 'contrarian' } } : {}),
});
const specOf = (options: Partial<CombiningOptions>, at = both, models = MODELS): CombinedSpec =>
  combinedOpinion(models, options).with(at);

/** Every output of a spec, read in blocks of a size. */
function inBlocks(indicator: Indicator, outputs: number, size: number, from = 0): Float64Array[] {
  const out = Array.from({ length: outputs }, () => new Float64Array(bars.length));
  for (let at = from; at < bars.length; at += size)
    indicator.advance(bars, at, Math.min(bars.length, at + size), out, at);
  return out;
}

describe.each(COMBINING_METHODS)('opinions that are combined: %s', (method) => {
  const spec = specOf(optionsOf(method));
  const outputs = spec.outputs.length;
  const whole = inBlocks(spec.create(), outputs, bars.length);

  test.each([1, 7, 1_024])('have the same bits in blocks of %d bars', (size) => {
    expect(inBlocks(spec.create(), outputs, size)).toEqual(whole);
  });

  test('go on from a checkpoint with the same bits', () => {
    const first = spec.create();
    first.advance(bars, 0, 901, inBlocks(spec.create(), outputs, bars.length), 0);
    const second = spec.create();
    second.restore(fromCheckpointJson(JSON.parse(JSON.stringify(toCheckpointJson(first.snapshot())))) as never);
    expect(inBlocks(second, outputs, 1, 901).map((column) => column.slice(901))).toEqual(
      whole.map((column) => column.slice(901)),
    );
  });

  test('are what they were, whatever comes after', () => {
    const at = 800;
    const other = walk(1_500, 77);
    const cut = (name: 'open' | 'high' | 'low' | 'close') =>
      bars[name].map((price, k) => (k < at ? price : other[name][k]));
    const changed = { ...bars, open: cut('open'), high: cut('high'), low: cut('low'), close: cut('close') };
    const then = columnsOf(spec, changed);
    for (const [k, name] of spec.outputs.entries()) expect(then[name].slice(0, at)).toEqual(whole[k].slice(0, at));
    expect(then.up.slice(at)).not.toEqual(whole[0].slice(at));
  });

  test('are those of the weights, which sum to 1', () => {
    const { up, disagreement, up1, up2, weight1, weight2, refused } = columnsOf(spec, bars);
    for (let k = spec.warmUp; k < bars.length; k++) {
      expect(weight1[k] + weight2[k]).toBeCloseTo(1, 12);
      expect(up[k]).toBeCloseTo(weight1[k] * up1[k] + weight2[k] * up2[k], 12);
      const apart = weight1[k] * (up1[k] - up[k]) ** 2 + weight2[k] * (up2[k] - up[k]) ** 2;
      expect(disagreement[k]).toBeCloseTo(Math.sqrt(apart), 12);
      expect(refused[k]).toBe(0);
    }
  });
});

describe('weights by recent log loss', () => {
  test('move within their limits, to whom was right of late', () => {
    const limits = { ...COMBINING_DEFAULTS.limits, leastWeight: 0.3, mostWeight: 0.7 };
    const spec = specOf({ ...small, method: 'recent-log-loss', limits });
    const weight = columnsOf(spec, bars).weight1.slice(spec.warmUp);
    expect(Math.min(...weight)).toBeGreaterThanOrEqual(0.3 - 1e-12);
    expect(Math.max(...weight)).toBeLessThanOrEqual(0.7 + 1e-12);
    expect(Math.max(...weight) - Math.min(...weight)).toBeGreaterThan(0.2);
  });

  test('follow from what was said of the bars whose outcomes are remembered', () => {
    const limits = { ...COMBINING_DEFAULTS.limits, leastWeight: 1e-9, mostWeight: 1 };
    const { up1, up2, weight1 } = columnsOf(specOf({ ...small, method: 'recent-log-loss', limits }), bars);
    const { label } = momentumDesk().manifest!;
    const { rows } = featureTable(featureSet(DESK_FEATURES), label, [{ symbol: 'A', bars }], { intervalMs: HOUR });
    const at = 1_100;
    let apart = 0;
    for (let bar = at - 24 - 59; bar <= at - 24; bar++) {
      const outcome = rows.label[rows.known.indexOf(bars.timestamp[bar] + HOUR)];
      const chance = (up: number): number => (outcome === 1 ? up : 1 - up);
      apart += Math.log(chance(up1[bar])) - Math.log(chance(up2[bar]));
    }
    expect(weight1[at]).toBeCloseTo(1 / (1 + Math.exp(-apart / 24)), 10);
  });

  test('learn of a bar when its label is over, and not a bar earlier', () => {
    const label = { kind: 'fixed-horizon', bars: 9, costFraction: 0 } as const;
    const at = atHand(momentumDesk({ label }), contrarian({ label }));
    const spec = specOf(
      { ...small, method: 'recent-log-loss', limits: { ...COMBINING_DEFAULTS.limits, leastWeight: 0.01 } },
      at,
    );
    const bar = 700;
    // The close of one bar decides the label of the one nine before it, and nothing else that was said by then.
    const turned = { ...bars, close: bars.close.slice() };
    turned.close[bar] = bars.close[bar] > bars.close[bar - 9] ? bars.low[bar - 9] - 1 : bars.high[bar - 9] + 1;
    turned.high = bars.high.with(bar, Math.max(bars.high[bar], turned.close[bar]));
    turned.low = bars.low.with(bar, Math.min(bars.low[bar], turned.close[bar]));
    const [before, after] = [bars, turned].map((given) => columnsOf(spec, given as BarColumns).weight1);
    expect(after.slice(0, bar)).toEqual(before.slice(0, bar));
    expect(after[bar]).not.toBe(before[bar]);
  });

  test('judge each model by the label that it learned from', () => {
    const label = { kind: 'fixed-horizon', bars: 3, costFraction: 0 } as const;
    const options = { ...small, method: 'recent-log-loss' } as const;
    const weightOf = (second: ServedModel) => columnsOf(specOf(options, atHand(momentumDesk(), second)), bars).weight1;
    expect(weightOf(contrarian({ label })).slice(800)).not.toEqual(weightOf(contrarian()).slice(800));
  });
});

describe('a model by regime', () => {
  test.each([
    ['volatility', { calm: 'momentum', turbulent: 'contrarian' }],
    ['trend', { up: 'momentum', down: 'contrarian' }],
  ] as const)('decides in its regime of %s, by the consensus of the methods', (axis, regimes) => {
    const { regime, weight1, weight2 } = columnsOf(specOf({ ...small, method: 'by-regime', regimes }), bars);
    const told =
      axis === 'volatility'
        ? [24, 72, 168].map((length) => columnsOf(volatilityRule(length, 500), bars).regime)
        : [50, 100, 200].map((length) => columnsOf(trendRule(length), bars).regime);
    expect(regime).toEqual(consensusOf(axis, told).regime);
    const [first, second] = axis === 'volatility' ? [0, 2] : [1, -1];
    const seen = new Set<number>();
    for (let k = 100; k < bars.length; k++) {
      const share = regime[k] === first ? 1 : regime[k] === second ? 0 : 0.5;
      seen.add(share);
      expect([weight1[k], weight2[k]]).toEqual([share, 1 - share]);
    }
    expect(seen.size).toBe(3);
  });
});

describe('the threshold', () => {
  const spec = specOf({ ...small, method: 'equal', limits: { ...COMBINING_DEFAULTS.limits, mostThreshold: 0.55 } });
  const { up, threshold, unsure } = columnsOf(spec, bars);

  test('stays within its limits and moves between them', () => {
    const settled = threshold.slice(spec.warmUp);
    expect(Math.min(...settled)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...settled)).toBeLessThanOrEqual(0.55);
    expect(new Set(settled).size).toBeGreaterThan(10);
  });

  test('is what the outcomes that are remembered make of it', () => {
    const { label } = momentumDesk().manifest!;
    const { rows } = featureTable(featureSet(DESK_FEATURES), label, [{ symbol: 'A', bars }], { intervalMs: HOUR });
    const at = 1_200;
    const limits = { ...COMBINING_DEFAULTS.limits, mostThreshold: 0.55, mostChange: 1, thresholdStep: 0.005 };
    let wanted = 0.525;
    for (let bar = at - 24 - 59; bar <= at - 24; bar++) {
      const outcome = rows.label[rows.known.indexOf(bars.timestamp[bar] + HOUR)];
      wanted = adaptedThreshold(wanted, { up: up[bar], outcome }, 0.6, limits);
    }
    expect(threshold[at]).toBe(wanted);
  });

  test('says where nothing is known', () => {
    for (let k = spec.warmUp; k < bars.length; k++)
      expect(unsure[k]).toBe(Math.max(up[k], 1 - up[k]) > threshold[k] ? 0 : 1);
    expect(new Set(unsure.slice(spec.warmUp))).toEqual(new Set([0, 1]));
  });

  test('below a half says where neither way is possible', () => {
    const limits = { ...COMBINING_DEFAULTS.limits, leastThreshold: 0.4, mostThreshold: 0.4 };
    const low = columnsOf(specOf({ ...small, method: 'equal', limits }), bars);
    for (let k = spec.warmUp; k < bars.length; k++)
      expect([low.threshold[k], low.unsure[k]]).toEqual([0.4, Math.max(low.up[k], 1 - low.up[k]) < 0.6 ? 2 : 0]);
  });
});

const eager = (options: Partial<CombiningOptions>) =>
  strategy({
    name: 'eager',
    params: z.object({}),
    indicators: () => ({ desk: combinedOpinion(MODELS, options) }),
    onBar: ({ position, target }) => (position.isFlat ? target(1, 'asked') : undefined),
  });

describe('bad input: models without an answer', () => {
  test.each(COMBINING_METHODS)('the others decide where one has none: %s', (method) => {
    const spec = specOf(optionsOf(method), atHand(momentumDesk(), failing(contrarian())));
    const { up, up1, up2, weight1, weight2, refused } = columnsOf(spec, bars);
    for (let k = 300; k < bars.length; k++)
      expect([up[k], weight1[k], weight2[k], refused[k], up2[k]]).toEqual([up1[k], 1, 0, 0, Number.NaN]);
  });

  test('weights are made to sum to 1 again over those that answer', () => {
    const third = contrarian({}, 'third');
    const models = [...MODELS, 'third'];
    const options = { ...small, method: 'recent-log-loss' } as const;
    const spec = specOf(options, atHand(failing(momentumDesk()), contrarian(), third), models);
    const { weight1, weight2, weight3 } = columnsOf(spec, bars);
    for (let k = spec.warmUp; k < bars.length; k++) expect([weight1[k], weight2[k], weight3[k]]).toEqual([0, 0.5, 0.5]);
  });

  test('where all have none, the strategy is not asked and the ledger says so', () => {
    const at = atHand(failing(momentumDesk()), failing(contrarian()));
    const definition = definitionWith(eager(small), at);
    const { run } = play({ strategies: [definition], bars: new Map([['ABC/USDT', bars]]) });
    const events = [...run.engine.journal.events()];
    const texts = events.flatMap(({ kind, body }) => (kind === 'TextDefined' ? [(body as { text: string }).text] : []));
    expect(events.filter(({ kind }) => kind === 'StrategyFailed')).toHaveLength(
      bars.length - specOf(small, at).warmUp + 1,
    );
    expect(events.some(({ kind }) => kind === 'OrderInitialized')).toBe(false);
    expect(texts.filter((text) => text.includes('model'))).toEqual([
      'none of the models has an answer; the model "momentum" cannot be used: the model’s file fast.model is not the one',
    ]);
  });

  test('a version that cannot be read is one without an answer', () => {
    const unreadable = { ...failing(contrarian()), version: 'unreadable', manifest: undefined };
    const { up, up1 } = columnsOf(specOf(small, atHand(momentumDesk(), unreadable)), bars);
    expect(up.slice(300)).toEqual(up1.slice(300));
    const none = specOf(small, atHand({ ...unreadable, name: 'momentum' }, unreadable));
    expect(new Set(columnsOf(none, bars).refused)).toEqual(new Set([-2]));
    expect(refusalIn(none, -2)).toMatch(/^none of the models has an answer; the model "momentum" cannot be used/);
  });

  test('of models that are not at hand nothing can be computed', () => {
    expect(() => combinedOpinion(MODELS).create()).toThrow(expect.objectContaining({ code: 'MODEL_NOT_AT_HAND' }));
  });

  test('a model that learned from other bars is refused with the way out', () => {
    const definition = definitionWith(eager(small), atHand(momentumDesk(), contrarian({ timeframe: '5m' })));
    expect(() => play({ strategies: [definition], bars: new Map([['ABC/USDT', bars]]) })).toThrow(
      expect.objectContaining({ code: 'MODEL_TIMEFRAME', message: expect.stringContaining('"contrarian"') }),
    );
  });

  test('models that are asked about longer bars are all asked about those', () => {
    const spec = combinedOpinion(MODELS, small).on('4h').with(both);
    expect([spec.timeframe, ...opinionsIn(spec).map(({ timeframe }) => timeframe)]).toEqual(['4h', '4h', '4h']);
    expect(opinionsIn(spec).map(({ served }) => served?.name)).toEqual(MODELS);
  });
});

describe('bad input: combinations that cannot be', () => {
  const { limits } = COMBINING_DEFAULTS;
  test.each<[what: string, models: string[], options: Partial<CombiningOptions>, remedy: RegExp]>([
    ['no model', [], {}, /1 to 8/],
    ['nine models', [...'abcdefghi'], {}, /1 to 8/],
    ['a model twice', ['a', 'b', 'a'], {}, /each model once/],
    ['a regime that is none', ['a'], { regimes: { clam: 'a' } }, /"calm"/],
    ['a model that is not asked', ['gold', 'silver'], { regimes: { calm: 'glod' } }, /"gold"/],
    ['regimes of both kinds', ['a'], { regimes: { calm: 'a', up: 'a' } }, /calm, normal, turbulent; or down/],
    ['no regime where models go by it', ['a'], { method: 'by-regime' }, /"calm"/],
    ['weights whose limits are crossed', ['a'], { limits: { ...limits, leastWeight: 0.9 } }, /no more than the most/],
    ['a least weight of nothing', ['a'], { limits: { ...limits, leastWeight: 0 } }, /above 0/],
    [
      'weights that are too large together',
      ['a', 'b', 'c'],
      { limits: { ...limits, leastWeight: 0.4 } },
      /at most 0.333/,
    ],
    [
      'weights that are too small together',
      ['a', 'b', 'c'],
      { limits: { ...limits, mostWeight: 0.3 } },
      /at least 0.334/,
    ],
    [
      'thresholds whose limits are crossed',
      ['a'],
      { limits: { ...limits, leastThreshold: 0.7 } },
      /no more than the most/,
    ],
    ['a threshold above 1', ['a'], { limits: { ...limits, mostThreshold: 1.1 } }, /at most 1/],
    ['a memory of no bars', ['a'], { memory: 0 }, /whole number of bars/],
    ['a memory that is too long', ['a'], { memory: 4_001 }, /from 1 to 4000/],
    ['a stay of half a bar', ['a'], { stay: 0.5 }, /whole number of bars/],
    ['a lead below 0', ['a'], { lead: -0.1 }, /0 to 1 nat/],
    ['a coverage of all', ['a'], { coverage: 1 }, /between 0 and 1/],
    ['a number that is none', ['a'], { lead: Number.NaN }, /0 to 1 nat/],
  ])('refused: %s', (_, models, options, remedy) => {
    expect(() => combinedOpinion(models, options)).toThrow(
      expect.objectContaining({ code: 'COMBINING_INVALID', remedy: expect.stringMatching(remedy) }),
    );
  });
});
