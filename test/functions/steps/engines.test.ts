import { describe, expect, test } from 'vitest';
import { thresholdsOf } from '../../../core/risk/limit-changes.ts';
import type { LimitsInForce } from '../../../core/risk/limits-in-force.ts';
import { inForce } from '../../../functions/steps/engines.ts';
import { account } from '../../core/engine/account.ts';

describe('a definition under the limits that are in force', () => {
  const definition = account({ strategies: [] });
  const limitsOf = (maxWorkingOrders: number): LimitsInForce => {
    const thresholds = thresholdsOf(definition);
    return { version: 1, thresholds: { ...thresholds, limits: { ...thresholds.limits, maxWorkingOrders } } };
  };

  test('is the one that was made before, as long as they are the same', () => {
    expect(inForce(definition, undefined)).toBe(definition);
    const under = inForce(definition, limitsOf(3));
    expect(under.limits.maxWorkingOrders).toBe(3);
    expect(inForce(definition, limitsOf(3))).toBe(under);
  });

  test('is another as soon as one of them differs, and again afterwards', () => {
    const found = [3, 4, 3].map((most) => inForce(definition, limitsOf(most)).limits.maxWorkingOrders);
    expect(found).toEqual([3, 4, 3]);
  });
});
