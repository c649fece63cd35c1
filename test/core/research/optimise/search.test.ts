import { describe, expect, it } from 'vitest';
import { sweepBacktests } from '../../../../core/backtest/sweep.ts';
import { parzenDensity } from '../../../../core/research/optimise/parzen.ts';
import { Search, type SearchMethod, type SearchOptions } from '../../../../core/research/optimise/search.ts';
import {
  type ChoiceAxis,
  pointAt,
  type RangeAxis,
  rangeOf,
  type SearchAxis,
  sizeOf,
} from '../../../../core/research/optimise/space.ts';
import { seededRandom } from '../../../../core/research/random.ts';
import type { GridPoint } from '../../../../core/research/sweep/grid.ts';
import { periodReturns, sharpeOf } from '../../../../core/research/sweep/returns.ts';
import smaCross from '../../../../core/strategies/built-in/sma-cross.ts';
import type { AnyStrategy } from '../../../../core/strategies/runner.ts';
import { recorded, recordedFound } from '../../market/recorded.ts';
import { definitionOf } from '../support.ts';

const real = (name: string, low: number, high: number): RangeAxis => ({ name, kind: 'real', low, high, log: false });
const whole = (name: string, low: number, high: number, log = false): RangeAxis => ({
  name,
  kind: 'whole',
  low,
  high,
  log,
});
const choice = (name: string, ...values: (string | boolean)[]): ChoiceAxis => ({ name, kind: 'choice', values });

type Surface = (point: GridPoint) => number;

/** Every point that was tried, in order. */
function searched(axes: readonly SearchAxis[], surface: Surface, options: SearchOptions): GridPoint[] {
  const search = new Search(axes, options);
  const tried: GridPoint[] = [];
  for (let asked = search.ask(); asked.length > 0; asked = search.ask()) {
    for (const point of asked) search.tell(point, surface(point));
    tried.push(...asked);
  }
  return tried;
}

const bestOf = (axes: readonly SearchAxis[], surface: Surface, options: SearchOptions): number =>
  Math.max(...searched(axes, surface, options).map(surface).filter(Number.isFinite));

/** Mean of the best over seeds. */
function meanBest(axes: readonly SearchAxis[], surface: Surface, method: SearchMethod, runs: number, seeds: number) {
  const best = Array.from({ length: seeds }, (_, k) => bestOf(axes, surface, { method, runs, seed: k + 1 }));
  return best.reduce((sum, value) => sum + value, 0) / seeds;
}

/** F. Branin's function, with three optima of 0.397887; here upside down. */
const branin: Surface = ({ x, y }) => {
  const [u, v] = [x as number, y as number];
  const bent = v - (5.1 / (4 * Math.PI ** 2)) * u * u + (5 / Math.PI) * u - 6;
  return -(bent ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(u) + 10);
};
/** Best where the ratio of two lengths is 5, whatever they are. */
const ridge: Surface = ({ fast, slow }) =>
  -(Math.log((slow as number) / (fast as number) / 5) ** 2) - 0.3 * Math.log((slow as number) / 120) ** 2;
/** Best at another x for each kind. */
const kinds: Surface = ({ kind, x }) => {
  const [height, at] = { a: [0, 0.2], b: [0.3, 0.7], c: [0.1, 0.5] }[kind as 'a' | 'b' | 'c'];
  return height - ((x as number) - at) ** 2;
};

describe('a search', () => {
  it.each<[string, SearchAxis[], Surface, number]>([
    ["Branin's function", [real('x', -5, 10), real('y', 0, 15)], branin, -0.397887],
    ['a ridge of two lengths', [whole('fast', 2, 100, true), whole('slow', 20, 400, true)], ridge, 0],
    ['a number and a kind', [choice('kind', 'a', 'b', 'c'), real('x', 0, 1)], kinds, 0.3],
  ])('comes nearer to the best of %s than random search with as many runs', (_, axes, surface, optimum) => {
    const gap = (method: SearchMethod): number => optimum - meanBest(axes, surface, method, 40, 12);
    const [tpe, random] = [gap('tpe'), gap('random')];
    expect(random).toBeGreaterThan(0);
    expect(tpe).toBeLessThan(random * 0.6);
  });

  it.skipIf(!recordedFound)(
    'finds no worse averages on recorded hours than random search with as many runs',
    async () => {
      const bars = await recorded('crypto/binance_spot_1h_2024.parquet');
      const hours = new Map([['BTC/USDT', bars.get('BTC/USDT')!]]);
      const known = new Map<string, number>();
      const sharpe: Surface = (point) => {
        const key = JSON.stringify(point);
        const definition = definitionOf(smaCross as AnyStrategy, ['BTC/USDT'], point);
        if (!known.has(key))
          for (const { equity } of sweepBacktests([definition], hours)) known.set(key, sharpeOf(periodReturns(equity)));
        return known.get(key)!;
      };
      const axes = [whole('fast', 2, 80, true), whole('slow', 20, 400, true)];
      const [tpe, random] = (['tpe', 'random'] as const).map((method) => meanBest(axes, sharpe, method, 32, 5));
      expect(tpe).toBeGreaterThanOrEqual(random);
    },
  );

  it('asks the same for the same seed, and otherwise for another', () => {
    const axes = [whole('fast', 2, 100), real('x', 0, 1)];
    const surface: Surface = ({ fast, x }) => -(((fast as number) - 30) ** 2) - (x as number);
    const options = { method: 'tpe', runs: 40 } as const;
    const first = searched(axes, surface, { ...options, seed: 5 });
    expect(searched(axes, surface, { ...options, seed: 5 })).toEqual(first);
    expect(searched(axes, surface, { ...options, seed: 6 })).not.toEqual(first);
  });

  it('asks for no point twice, and for none outside of the space', () => {
    const axes = [whole('n', 1, 30), choice('side', true, false)];
    const tried = searched(axes, ({ n }) => -Math.abs((n as number) - 4), { method: 'tpe', runs: 45, seed: 2 });
    expect(new Set(tried.map((point) => JSON.stringify(point))).size).toBe(45);
    for (const { n, side } of tried) {
      expect(n).toBeGreaterThanOrEqual(1);
      expect(n).toBeLessThanOrEqual(30);
      expect([true, false]).toContain(side);
    }
  });

  it('ends where the space is tried out, and passes over what cannot be run', () => {
    const axes = [whole('n', 1, 6), choice('side', true, false)];
    const accepts = ({ n, side }: GridPoint): boolean => side === true || (n as number) > 2;
    for (const method of ['tpe', 'random'] as const) {
      const tried = searched(axes, ({ n }) => n as number, { method, runs: 100, seed: 1, accepts });
      expect(tried).toHaveLength(10);
      expect(tried.every(accepts)).toBe(true);
    }
    expect(sizeOf(axes)).toBe(12);
  });

  it('counts what never traded as the worst', () => {
    const axes = [real('x', 0, 1)];
    const surface: Surface = ({ x }) => ((x as number) < 0.7 ? Number.NaN : (x as number));
    const tried = searched(axes, surface, { method: 'tpe', runs: 60, seed: 3 }).slice(15);
    expect(tried.filter(({ x }) => (x as number) >= 0.7).length).toBeGreaterThan(tried.length * 0.7);
  });

  it.each<[string, SearchAxis[], Partial<SearchOptions>, RegExp]>([
    ['no parameter', [], {}, /no space to search/],
    ['a parameter twice', [real('x', 0, 1), real('x', 0, 2)], {}, /"x" twice/],
    ['a range that falls', [real('x', 2, 1)], {}, /ranges from 2 to 1/],
    ['a range that is not finite', [real('x', 0, Number.POSITIVE_INFINITY)], {}, /to Infinity/],
    ['a logarithm of nothing', [whole('n', 0, 9, true)], {}, /has no logarithm/],
    ['a single value', [choice('side', true)], {}, /has 1 values/],
    ['a value twice', [choice('side', true, true)], {}, /side=true twice/],
    ['one run', [real('x', 0, 1)], { runs: 1 }, /1 runs/],
    ['too many runs', [real('x', 0, 1)], { runs: 10_001 }, /10001 runs/],
    ['an empty batch', [real('x', 0, 1)], { batch: 0 }, /batches of 0/],
    ['another method', [real('x', 0, 1)], { method: 'grid' as SearchMethod }, /method is "grid"/],
    ['a seed that is none', [real('x', 0, 1)], { seed: -1 }, /seed is -1/],
  ])('refuses %s', (_, axes, options, sentence) => {
    const make = (): Search => new Search(axes, { method: 'tpe', runs: 10, seed: 1, ...options });
    expect(make).toThrow(sentence);
  });
});

describe('a range', () => {
  it('is read from text, whole where both ends are', () => {
    expect(rangeOf('n', '2..60')).toEqual(whole('n', 2, 60));
    expect(rangeOf('n', '1..1000,log')).toEqual(whole('n', 1, 1_000, true));
    expect(rangeOf('x', '-0.5..2')).toEqual(real('x', -0.5, 2));
    for (const text of ['5,10', '5', 'true,false', '2..', '..3']) expect(rangeOf('n', text)).toBeUndefined();
  });

  it('gives each whole number as often as the others, its ends too', () => {
    const counts = new Map<number, number>();
    for (let seed = 1; seed <= 300; seed++)
      for (const { n } of new Search([whole('n', 1, 5)], { method: 'random', runs: 2, seed }).ask())
        counts.set(n as number, (counts.get(n as number) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4, 5]);
    // 120 of each on average; five deviations of a binomial count.
    for (const count of counts.values()) expect(Math.abs(count - 120)).toBeLessThan(5 * Math.sqrt(600 * 0.2 * 0.8));
  });
});

describe('the density of places', () => {
  const axes = [whole('n', 1, 40), choice('kind', 'a', 'b', 'c')];
  const density = parzenDensity(axes, [Float64Array.of(5, 0), Float64Array.of(6, 0), Float64Array.of(30, 2)]);
  const chance = (n: number, kind: number): number => Math.exp(density.logAt(Float64Array.of(n, kind)));

  it('comes to one over the space, and is highest where the places are', () => {
    let sum = 0;
    for (let n = 1; n <= 40; n++) for (let kind = 0; kind < 3; kind++) sum += chance(n, kind);
    expect(sum).toBeCloseTo(1, 10);
    expect(chance(5, 0)).toBeGreaterThan(chance(20, 0));
    expect(chance(5, 0)).toBeGreaterThan(chance(5, 2));
    expect(chance(30, 2)).toBeGreaterThan(chance(30, 0));
  });

  it('draws as often as it says', () => {
    const random = seededRandom(9);
    const draws = 20_000;
    let near = 0;
    for (let k = 0; k < draws; k++) {
      const { n, kind } = pointAt(axes, density.draw(random));
      if ((n as number) <= 10 && kind === 'a') near++;
    }
    let expected = 0;
    for (let n = 1; n <= 10; n++) expected += chance(n, 0);
    expect(Math.abs(near / draws - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / draws));
  });
});
