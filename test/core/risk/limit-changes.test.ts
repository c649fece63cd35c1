import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { liveSchema, strategySchema } from '../../../core/configuration/schema.ts';
import {
  changesBetween,
  changeText,
  LIMIT_RULES,
  type LimitChange,
  type Thresholds,
  thresholdsOf,
  tighterOf,
  underThresholds,
} from '../../../core/risk/limit-changes.ts';
import { type LimitsInput, limitsSchema } from '../../../core/risk/limits.ts';
import { account, running, scripted } from '../engine/account.ts';

const thresholds = (limits: LimitsInput, rest: Partial<Thresholds> = {}): Thresholds => ({
  limits: limitsSchema.parse(limits),
  allocations: {},
  ...rest,
});
const effects = (before: Thresholds, after: Thresholds): [string, LimitChange['effect']][] =>
  changesBetween(before, after).map(({ limit, effect }) => [limit, effect]);

/** Values of a limit from the loosest to the tightest; undefined is not set. */
const LADDERS: { readonly [limit in keyof Required<LimitsInput>]: readonly LimitsInput[limit][] } = {
  maxOrderNotional: [undefined, 200, 100],
  maxPositionNotional: [undefined, 200, 100],
  maxGrossExposure: [3, 2, 1],
  maxNetExposure: [3, 2, 1],
  priceCollarBps: [2_000, 1_000, 500],
  staleAfterMs: [undefined, 60_000, 30_000],
  maxOrdersPerMinute: [600, 60, 6],
  maxWorkingOrders: [500, 50, 5],
  maxDailyLoss: [undefined, 0.1, 0.05],
  maxDrawdown: [undefined, 0.2, 0.1],
  restricted: [[], ['A'], ['A', 'B']],
  oversize: ['reduce', 'deny'],
  allowShort: [true, false],
  freshQuoteMs: [undefined, 60_000, 1_000],
  referenceCollarBps: [undefined, 500, 100],
  maxShareOfVolume: [undefined, 1, 0.1],
  preventSelfMatch: [undefined, true],
  duplicateWithinMs: [undefined, 1_000, 60_000],
  maxInstrumentExposure: [undefined, 1, 0.5],
  groups: [
    undefined,
    [{ symbols: ['A', 'B'], maxExposure: 1 }],
    [{ symbols: ['A', 'B'], maxExposure: 0.5 }],
    [{ symbols: ['A', 'B', 'C'], maxExposure: 0.5 }],
    [
      { symbols: ['A', 'B', 'C'], maxExposure: 0.5 },
      { symbols: ['D'], maxExposure: 1 },
    ],
  ],
  maxLeverage: [undefined, 3, 1],
  minLiquidationDistance: [undefined, 0.01, 0.05],
  maxOpenOrderNotional: [undefined, 200, 100],
  maxCapitalInUse: [undefined, 0.9, 0.5],
  budget: [undefined, 2_000, 1_000],
  maxOrdersPerFill: [undefined, 100, 10],
  maxRepeatedExecutions: [undefined, 10, 3],
  maxWeeklyLoss: [undefined, 0.2, 0.1],
  haltDrawdown: [undefined, 0.3, 0.2],
  losingStreak: [
    undefined,
    { trades: 5, pauseMs: 1_000 },
    { trades: 4, pauseMs: 1_000 },
    { trades: 4, pauseMs: 2_000 },
  ],
  cooldownMs: [undefined, 1_000, 2_000],
  stopLossGuard: [
    undefined,
    { stops: 3, withinMs: 1_000, pauseMs: 1_000 },
    { stops: 2, withinMs: 1_000, pauseMs: 1_000 },
    { stops: 2, withinMs: 2_000, pauseMs: 1_000 },
    { stops: 2, withinMs: 2_000, pauseMs: 2_000 },
  ],
  instrumentLoss: [
    undefined,
    { share: 0.2, trades: 3, withinMs: 1_000, pauseMs: 1_000 },
    { share: 0.1, trades: 3, withinMs: 1_000, pauseMs: 1_000 },
    { share: 0.1, trades: 2, withinMs: 1_000, pauseMs: 2_000 },
  ],
  recentDrawdown: [
    undefined,
    { share: 0.2, trades: 3, withinMs: 1_000, pauseMs: 1_000 },
    { share: 0.1, trades: 2, withinMs: 1_000, pauseMs: 2_000 },
  ],
};

describe('every limit of the configuration', () => {
  test('has a rule, down to its last field, and a ladder here', () => {
    expect(Object.keys(LIMIT_RULES).sort()).toEqual(Object.keys(limitsSchema.shape).sort());
    expect(Object.keys(LADDERS).sort()).toEqual(Object.keys(limitsSchema.shape).sort());
    for (const [name, rule] of Object.entries(LIMIT_RULES)) {
      const fields = fieldsOf((limitsSchema.shape as Record<string, z.ZodType>)[name]);
      const ruled = typeof rule === 'object' && 'fields' in rule ? Object.keys(rule.fields) : undefined;
      expect(ruled?.sort(), name).toEqual(fields?.sort());
    }
  });

  test.each(Object.entries(LADDERS))('%s tightens one way and loosens the other', (name, ladder) => {
    const values = ladder as readonly unknown[];
    values.forEach((looser, k) => {
      for (const tighter of values.slice(k + 1)) {
        const [loose, tight] = [thresholds({ [name]: looser }), thresholds({ [name]: tighter })];
        expect(new Set(effects(loose, tight).map(([, effect]) => effect))).toEqual(new Set(['tightens']));
        expect(new Set(effects(tight, loose).map(([, effect]) => effect))).toEqual(new Set(['loosens']));
        expect(tighterOf(loose, tight).limits).toEqual(tight.limits);
        expect(tighterOf(tight, loose).limits).toEqual(tight.limits);
      }
      const same = thresholds({ [name]: looser });
      expect(changesBetween(same, structuredClone(same))).toEqual([]);
    });
  });

  test('that is neither tighter nor looser in every case counts as loosened, and stays as it was', () => {
    const apart = thresholds({ groups: [{ symbols: ['A', 'B'], maxExposure: 1 }] });
    const other = thresholds({ groups: [{ symbols: ['A', 'C'], maxExposure: 0.1 }] });
    expect(effects(apart, other)).toEqual([['groups', 'loosens']]);
    expect(tighterOf(apart, other).limits.groups).toEqual(apart.limits.groups);
    const share = { share: 0.1, trades: 1, pauseMs: 1_000 };
    const looksBack = (withinMs: number): Thresholds => thresholds({ instrumentLoss: { ...share, withinMs } });
    expect(effects(looksBack(1_000), looksBack(2_000))).toEqual([['instrumentLoss.withinMs', 'loosens']]);
    expect(effects(looksBack(2_000), looksBack(1_000))).toEqual([['instrumentLoss.withinMs', 'loosens']]);
  });

  test('an instrument counts in the first group that names it, so that a group before it may loosen it', () => {
    const one = thresholds({ groups: [{ symbols: ['A', 'B'], maxExposure: 0.5 }] });
    const before = thresholds({
      groups: [
        { symbols: ['A'], maxExposure: 0.5 },
        { symbols: ['A', 'B'], maxExposure: 0.5 },
      ],
    });
    expect(effects(one, before)).toEqual([['groups', 'loosens']]);
  });
});

test('of one change the fields of a limit are told apart, and the tighter of both has the tighter of each', () => {
  const before = thresholds({ stopLossGuard: { stops: 3, withinMs: 1_000, pauseMs: 1_000 } });
  const after = thresholds({ stopLossGuard: { stops: 2, withinMs: 1_000, pauseMs: 500 } });
  expect(changesBetween(before, after)).toEqual([
    { limit: 'stopLossGuard.stops', from: 3, to: 2, effect: 'tightens' },
    { limit: 'stopLossGuard.pauseMs', from: 1_000, to: 500, effect: 'loosens' },
  ]);
  expect(tighterOf(before, after).limits.stopLossGuard).toEqual({ stops: 2, withinMs: 1_000, pauseMs: 1_000 });
});

test('restricted symbols that are swapped are added at once and taken out later', () => {
  const [before, after] = [thresholds({ restricted: ['A', 'B'] }), thresholds({ restricted: ['B', 'C'] })];
  expect(changesBetween(before, after)).toEqual([
    { limit: 'restricted', from: ['A', 'B'], to: ['A', 'B', 'C'], effect: 'tightens' },
    { limit: 'restricted', from: ['A', 'B', 'C'], to: ['B', 'C'], effect: 'loosens' },
  ]);
  expect(tighterOf(before, after).limits.restricted).toEqual(['A', 'B', 'C']);
});

test('shares of strategies and the bounds of the first arming are thresholds too; a strategy that is new is none', () => {
  const first = { maxOrderNotional: 25, maxExposure: 100 };
  const before = thresholds({}, { allocations: { trend: 0.5, calm: 0.5 }, first });
  const after = thresholds(
    {},
    { allocations: { trend: 0.6, calm: 0.4, new: 1 }, first: { ...first, maxExposure: 200 } },
  );
  expect(effects(before, after)).toEqual([
    ['allocation of trend', 'loosens'],
    ['allocation of calm', 'tightens'],
    ['live.first.maxExposure', 'loosens'],
  ]);
  expect(tighterOf(before, after)).toMatchObject({ allocations: { trend: 0.5, calm: 0.4, new: 1 }, first });
  expect(Object.keys(strategySchema.shape)).toContain('allocation');
  expect(Object.keys(liveSchema.shape.first.unwrap().shape)).toEqual(Object.keys(first));
});

test('from the limits before, and on to those after, the tighter of both never loosens anything but what it cannot compare', () => {
  const anyLimits = fc
    .record(
      Object.fromEntries(
        Object.entries(LADDERS).map(([name, values]) => [name, fc.constantFrom(...(values as unknown[]))]),
      ),
    )
    .map((limits) => thresholds(limits as LimitsInput));
  fc.assert(
    fc.property(anyLimits, anyLimits, (before, after) => {
      const both = tighterOf(before, after);
      expect(effects(before, both).filter(([, effect]) => effect === 'loosens')).toEqual([]);
      expect(effects(after, both).filter(([, effect]) => effect === 'loosens')).toEqual([]);
      expect(changesBetween(both, after).every(({ effect }) => effect === 'loosens')).toBe(true);
    }),
  );
});

/** Fields of an object within optional and default; undefined for anything else. */
function fieldsOf(schema: z.ZodType): string[] | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return fieldsOf(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : undefined;
}

describe('the thresholds of an account', () => {
  const first = { maxOrderNotional: 10, maxExposure: 20 };
  const strategies = [
    running(
      scripted(() => undefined),
      { id: 'a', allocation: 0.5 },
    ),
  ];
  const definition = account({ strategies });
  const live = { ...definition, live: { ...liveSchema.parse({}), first } };

  test('are its limits, the shares of its strategies, and of a live one what the first arming may allow', () => {
    const { limits } = definition;
    expect(thresholdsOf(definition)).toEqual({ limits, allocations: { a: 0.5 } });
    expect(thresholdsOf(live)).toEqual({ limits, allocations: { a: 0.5 }, first });
  });

  test('are changed by others, and what those do not name stays', () => {
    const { limits } = thresholds({ budget: 7 });
    const changed = underThresholds(live, {
      limits,
      allocations: { a: 0.25, b: 1 },
      first: { ...first, maxExposure: 1 },
    });
    expect(thresholdsOf(changed)).toEqual({ limits, allocations: { a: 0.25 }, first: { ...first, maxExposure: 1 } });
    expect(changed).toMatchObject({ currency: live.currency, live: { marginMs: live.live.marginMs } });
    expect(changed.strategies[0]).toEqual({ ...strategies[0], allocation: 0.25 });
    const kept = underThresholds(live, { limits, allocations: {} });
    expect(thresholdsOf(kept)).toEqual({ limits, allocations: { a: 0.5 }, first });
    expect(underThresholds(definition, { limits, allocations: {}, first })).not.toHaveProperty('live');
  });

  test('are told apart in words', () => {
    const change = { limit: 'budget', effect: 'tightens' } as const;
    expect(changeText({ ...change, from: null, to: 5 })).toBe('budget off → 5');
    expect(changeText({ ...change, from: 'deny', to: null })).toBe('budget "deny" → off');
  });
});
