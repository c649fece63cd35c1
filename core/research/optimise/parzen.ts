/**
 * A density over a space of parameters from places in it: a mixture of one kernel a place, and one as wide as the space, so that nothing is
 * ruled out. A kernel is a product of a truncated normal density for each range (integrated over the step for whole numbers), and of a
 * distribution that leans to its own value for each choice. Such joint kernels are those of S. Falkner, A. Klein and F. Hutter, BOHB (2018),
 * section 3.2: parameters that only matter together are seen together.
 */
import { normalDistribution } from '../../statistics/normal-distribution.ts';
import { normalQuantile } from '../../statistics/normal-quantile.ts';
import type { Random } from '../random.ts';
import { type ChoiceAxis, endsOf, type Place, type RangeAxis, type SearchAxis } from './space.ts';

/** Share of a range that a kernel's deviation is, with a single place. */
const WIDTH = 0.25;
/** No kernel is narrower than this share of its range: the same place again teaches nothing. */
const NARROWEST = 0.005;
/** How much a choice leans away from its own value. */
const OTHERS = 0.3;

export interface Density {
  /** Natural logarithm of the density at a place. */
  logAt(place: Place): number;
  /** A place drawn from it. */
  draw(random: Random): Place;
}

/** The density that `places` make. Without any it is as good as even. */
export function parzenDensity(axes: readonly SearchAxis[], places: readonly Place[]): Density {
  const width = Math.max(NARROWEST, WIDTH * Math.max(1, places.length) ** (-1 / (axes.length + 4)));
  const kernels = [...places, undefined].map((place) => axes.map((axis, d) => kernelOf(axis, width, place?.[d])));
  return {
    logAt(place) {
      const logs = Float64Array.from(kernels, (kernel) =>
        kernel.reduce((sum, coordinate, d) => sum + coordinate.logAt(place[d]), 0),
      );
      return logSumOf(logs) - Math.log(kernels.length);
    },
    draw: (random) => Float64Array.from(kernels[random.below(kernels.length)], (coordinate) => coordinate.draw(random)),
  };
}

/** One coordinate of a kernel. */
interface Kernel {
  logAt(x: number): number;
  draw(random: Random): number;
}

/** Around a centre; without one as wide as the space. */
function kernelOf(axis: SearchAxis, width: number, centre: number | undefined): Kernel {
  if (axis.kind === 'choice') return choiceKernel(axis, centre);
  const [low, high] = endsOf(axis);
  const range = high - low;
  return centre === undefined ? rangeKernel(axis, (low + high) / 2, range) : rangeKernel(axis, centre, width * range);
}

/** Far from the centre differences of probabilities vanish; the density times the step does not. */
const LEAST_MASS = 1e-12;

function rangeKernel(axis: RangeAxis, mean: number, deviation: number): Kernel {
  const [low, high] = endsOf(axis);
  const below = (x: number): number => normalDistribution((x - mean) / deviation);
  const [first, last] = [below(low), below(high)];
  const inside = last - first;
  const logDensity = (x: number): number =>
    -(((x - mean) / deviation) ** 2) / 2 - Math.log(Math.sqrt(2 * Math.PI) * deviation * inside);
  return {
    logAt(x) {
      if (axis.kind === 'real') return logDensity(x);
      const [from, to] = stepAround(axis, x);
      const mass = below(to) - below(from);
      return mass > LEAST_MASS ? Math.log(mass / inside) : logDensity(x) + Math.log(to - from);
    },
    draw(random) {
      const probability = first + random.next() * inside;
      const drawn = mean + deviation * normalQuantile(Math.min(1 - LEAST_MASS, Math.max(LEAST_MASS, probability)));
      return Math.min(high, Math.max(low, drawn));
    },
  };
}

/** What is rounded to the whole number at `x`. */
function stepAround({ log }: RangeAxis, x: number): readonly [number, number] {
  const value = Math.round(log ? Math.exp(x) : x);
  return log ? [Math.log(value - 0.5), Math.log(value + 0.5)] : [value - 0.5, value + 0.5];
}

function choiceKernel({ values }: ChoiceAxis, centre: number | undefined): Kernel {
  const { length } = values;
  const own = Math.log(1 - OTHERS + OTHERS / length);
  const other = Math.log(OTHERS / length);
  return {
    logAt: (x) => (centre === undefined ? -Math.log(length) : x === centre ? own : other),
    draw: (random) => (centre === undefined || random.next() < OTHERS ? random.below(length) : centre),
  };
}

function logSumOf(logs: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < logs.length; k++) largest = Math.max(largest, logs[k]);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (let k = 0; k < logs.length; k++) sum += Math.exp(logs[k] - largest);
  return largest + Math.log(sum);
}
