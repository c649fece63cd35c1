import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { EngineDefinition } from '../../../../core/engine/engine.ts';
import type { BarColumns } from '../../../../core/market/bars.ts';
import { type ProposalOptions, proposeLimits } from '../../../../core/research/risk/limit-proposal.ts';
import { type LimitsInput, limitsSchema } from '../../../../core/risk/limits.ts';
import { strategy } from '../../../../core/strategies/contract.ts';
import type { AnyStrategy } from '../../../../core/strategies/runner.ts';
import { follows, gridDefinitions, persistentBars, tosses } from '../planted.ts';
import { definitionOf } from '../support.ts';

const options: ProposalOptions = { giveUp: 0.02, drawdown: 0.2, draws: 200, seed: 1 };
const [follower] = gridDefinitions(follows, 'lag', [1], 5);
const [gambler] = gridDefinitions(tosses, 'coin', [2], 10);

const under = (definition: EngineDefinition, limits: LimitsInput): EngineDefinition => ({
  ...definition,
  limits: limitsSchema.parse(limits),
});
const proposed = (definition: EngineDefinition, bars: BarColumns, more: Partial<ProposalOptions> = {}) =>
  proposeLimits(definition, new Map([['A/USD', bars]]), { ...options, ...more });

describe('a proposal of limits', () => {
  const trending = persistentBars(1_700, 0.75);
  const noise = persistentBars(1_700, 0.5, 5);

  it('loosens what holds back an edge that is there, up to the drawdown that is allowed', () => {
    const held = under(follower, { maxGrossExposure: 0.3 });
    const { tried, changes, proposed: values } = proposed(held, trending);
    expect(values).toEqual({ maxGrossExposure: 0.6 });
    expect(changes).toEqual([{ limit: 'maxGrossExposure', from: 0.3, to: 0.6, effect: 'loosens' }]);
    const best = tried.find(({ verdict, to }) => verdict === 'loosen' && to === 0.6)!;
    expect(best.evidence!.growthBounds[0]).toBeGreaterThan(0);
    expect(best.evidence!.drawdown95).toBeLessThan(0.2);
    const careful = proposed(held, trending, { drawdown: best.evidence!.drawdown95 - 1e-6 });
    expect(careful.proposed.maxGrossExposure).not.toBe(0.6);
  });

  it('tightens what lets a coin lose, and names all at once', () => {
    const { tried, changes, proposed: values, together } = proposed(under(gambler, {}), noise);
    expect(changes.length).toBeGreaterThan(1);
    expect(changes.every(({ effect }) => effect === 'tightens')).toBe(true);
    expect(values.maxGrossExposure).toBe(0.5);
    expect(together!.lowerDrawdown).toBeGreaterThan(0.95);
    for (const { verdict, from, to, evidence } of tried) {
      if (verdict !== 'tighten') continue;
      expect(from === null || to < from).toBe(true);
      expect(evidence!.growth).toBeGreaterThanOrEqual(-0.02);
      expect(evidence!.lowerDrawdown).toBeGreaterThan(0.98);
    }
  });

  it('gives up no more growth for a tighter limit than was allowed', () => {
    const tight = (giveUp: number) =>
      proposed(under(follower, {}), trending, { giveUp }).tried.filter(({ verdict }) => verdict === 'tighten').length;
    expect(tight(0)).toBe(0);
    expect(tight(1)).toBeGreaterThanOrEqual(tight(0));
  });

  it('says where a threshold changed nothing, and changes nothing itself', () => {
    const definition = under(gambler, { maxDailyLoss: 0.9 });
    const before = structuredClone(definition.limits);
    const { tried } = proposed(definition, noise);
    expect(definition.limits).toEqual(before);
    const untouched = tried.filter(({ limit }) => limit === 'maxDailyLoss');
    // 1.8 is no share of a loss; 0.675 and 0.45 were never reached.
    expect(untouched.map(({ to, verdict, evidence }) => [to, verdict, evidence])).toEqual([
      [0.45, 'no difference', null],
      [0.675, 'no difference', null],
    ]);
  });

  it('is the same for the same seed', () => {
    const definition = under(gambler, {});
    const first = proposed(definition, noise, { draws: 100 });
    expect(proposed(definition, noise, { draws: 100 })).toEqual(first);
    expect(proposed(definition, noise, { draws: 100, seed: 2 })).not.toEqual(first);
  });

  it.each<[Partial<ProposalOptions>, RegExp]>([
    [{ giveUp: -0.1 }, /growth of -0.1/],
    [{ drawdown: 1 }, /drawdown of 1 /],
    [{ draws: 99 }, /99 draws/],
    [{ seed: 0.5 }, /seed is 0.5/],
  ])('refuses %j', (more, sentence) => {
    expect(() => proposed(gambler, noise, more)).toThrow(sentence);
  });

  it('refuses too few days, and a run without trades', () => {
    expect(() => proposed(gambler, persistentBars(1_000, 0.5))).toThrow(/42 days where 60/);
    const never = strategy({
      name: 'never',
      params: z.strictObject({}),
      indicators: () => ({}),
      onBar: () => undefined,
    }) as unknown as AnyStrategy;
    expect(() => proposed(definitionOf(never), noise)).toThrow(/nothing was traded/);
  });
});
