/** What an algorithm goes by, from what a proposal asks for: windows, parts, and what an iceberg shows. */
import { describe, expect, test } from 'vitest';
import type { Algorithm, AlgorithmSetting } from '../../../../core/execution/algorithms/algorithm.ts';
import { fixAlgorithm, parentFrom } from '../../../../core/execution/algorithms/begin.ts';
import { Order } from '../../../../core/execution/order.ts';
import type { InstrumentInput } from '../../../../core/market/instrument.ts';
import { account, MINUTE, open, running, scripted, spot } from '../../engine/account.ts';

/** Of an order to buy 8.000, or for a budget, with a limit of 100.00. */
function settingOf(algorithm: Algorithm, fields: Partial<InstrumentInput> = {}, budget = 0): AlgorithmSetting {
  const engine = open(account({ instruments: [spot(fields)], strategies: [running(scripted(() => undefined))] }));
  const draft = Object.assign(new Order(), { id: 1, budget, quantity: budget > 0 ? 0 : 8_000 });
  const parent = parentFrom(draft, 10_000);
  fixAlgorithm(engine, engine.markets[0], parent, algorithm);
  return parent.algorithm;
}

describe('a window', () => {
  test.each<[Algorithm, number, number]>([
    [{ kind: 'twap', cycles: 4 }, 4, 4 * MINUTE],
    [{ kind: 'twap', cycles: 4, slices: 2 }, 2, 4 * MINUTE],
    [{ kind: 'twap', durationMs: 3 * MINUTE + 59_999 }, 3, 3 * MINUTE + 59_999],
    [{ kind: 'twap', durationMs: 1_000 }, 1, 1_000],
    [{ kind: 'twap', cycles: 1_001 }, 1_000, 1_001 * MINUTE],
  ])('of %j has %i parts in %i ms', (algorithm, slices, durationMs) => {
    expect(settingOf(algorithm)).toEqual({ kind: 'twap', slices, durationMs, atEnd: 'cancel' });
  });

  test('of an iceberg and a peg is until they are canceled, unless they have one', () => {
    const iceberg = { kind: 'iceberg', limit: 100, shown: 1 } as const;
    expect(settingOf(iceberg)).toMatchObject({ durationMs: 0, atEnd: 'cancel' });
    expect(settingOf({ ...iceberg, durationMs: 5_000, atEnd: 'send' })).toMatchObject({
      durationMs: 5_000,
      atEnd: 'send',
    });
    expect(settingOf({ kind: 'peg' })).toEqual({ kind: 'peg', durationMs: 0, atEnd: 'cancel', offsetBps: 0 });
    expect(settingOf({ kind: 'peg', durationMs: 5_000, offsetBps: -3 })).toMatchObject({
      durationMs: 5_000,
      offsetBps: -3,
    });
  });

  test('of a VWAP is even where nobody keeps volumes', () => {
    expect(settingOf({ kind: 'vwap', durationMs: 5_000 })).toMatchObject({ durationMs: 5_000, profile: [] });
  });
});

describe('what an iceberg shows', () => {
  const shownOf = (asked: { shown: number } | { shownShare: number }, fields = {}, budget = 0): unknown =>
    (settingOf({ kind: 'iceberg', limit: 100, ...asked }, fields, budget) as { shown: number }).shown;

  test('of a quantity is a quantity', () => {
    expect(shownOf({ shown: 3 })).toBe(3_000);
    expect(shownOf({ shownShare: 0.25 })).toBe(2_000);
    expect(shownOf({ shownShare: 0.333_33 })).toBe(2_666);
  });

  test('of a budget is what that much costs a taker at the limit', () => {
    // Two at 100.00 are 200.00, and a fee of 10 bps is 0.20; a rebate is not counted on.
    expect(shownOf({ shown: 2 }, { takerFeeBps: 10 }, 500_000)).toBe(20_020);
    expect(shownOf({ shown: 2 }, { takerFeeBps: -10 }, 500_000)).toBe(20_000);
    expect(shownOf({ shownShare: 0.25 }, { takerFeeBps: 10 }, 500_000)).toBe(125_000);
  });

  test('is never more than the whole, whatever was asked for', () => {
    expect(shownOf({ shown: 9 })).toBe(8_000);
    expect(shownOf({ shown: 1e300 })).toBe(8_000);
    expect(shownOf({ shown: 50 }, {}, 500_000)).toBe(500_000);
    expect(shownOf({ shown: 1e300 }, { takerFeeBps: 10 }, 500_000)).toBe(500_000);
  });

  test('is at least a thousandth of the whole, and what the venue takes', () => {
    expect(shownOf({ shown: 0.001 })).toBe(8);
    expect(shownOf({ shownShare: 0.000_1 })).toBe(8);
    expect(shownOf({ shown: 1 }, { minQuantity: 1_500 })).toBe(1_500);
    // 2.50 at 100.00 are 250.00; in lots of 1 it is 3.
    expect(shownOf({ shown: 1 }, { minNotional: 25_000 })).toBe(2_500);
    expect(shownOf({ shown: 1 }, { minNotional: 25_000, lotSize: 1_000 })).toBe(3_000);
    expect(shownOf({ shown: 1 }, { minNotional: 25_000, takerFeeBps: 10 }, 500_000)).toBe(25_025);
  });
});
