/**
 * How far the training rows themselves stray: stretches of them as long as a horizon, drawn in blocks (circular block bootstrap) and
 * watched as live rows are.
 */
import { type Random, seededRandom } from '../../research/random.ts';
import { quantileOf } from './input.ts';
import type { Looks, MovingWindow } from './moving-window.ts';

/** How far one feature is from what it was. */
export interface Distances {
  /** The population stability index. */
  readonly psi: number;
  /** Of Kolmogorov and Smirnov, 0 to 1. */
  readonly distance: number;
}

export interface StretchSettings extends Looks {
  /** Looks in a row that count as one that lasts. */
  readonly persistence: number;
  /** Rows of a block. */
  readonly blockRows: number;
  readonly draws: number;
  readonly seed: number;
}

export interface DrawnStretches {
  /** By feature: what half of the stretches show at some time, for as many looks in a row as a breach takes. */
  readonly ordinary: readonly Distances[];
  /** The largest lasting ratio of each stretch, over all features. */
  readonly largest: Float64Array;
}

/**
 * The same for the same seed.
 * @param windows by feature
 * @param rows of the reference
 */
export function drawnStretches(
  windows: readonly MovingWindow[],
  rows: number,
  settings: StretchSettings,
): DrawnStretches {
  const { draws, looks, persistence } = settings;
  const psi = windows.map(() => new Float64Array(draws * looks));
  const distance = windows.map(() => new Float64Array(draws * looks));
  const random = seededRandom(settings.seed);
  for (let draw = 0; draw < draws; draw++) {
    const places = stretchOf(rows, settings, random);
    for (const [k, window] of windows.entries()) window.watch(places, settings, psi[k], distance[k], draw * looks);
  }
  const usual = (values: Float64Array): number =>
    quantileOf(
      Float64Array.from({ length: draws }, (_, draw) =>
        largestLasting(values.subarray(draw * looks, (draw + 1) * looks), persistence),
      ).sort(),
      0.5,
    );
  const ordinary = psi.map((values, k) => ({ psi: usual(values), distance: usual(distance[k]) }));
  const largest = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    for (let k = 0; k < ordinary.length; k++) {
      const ratios = Float64Array.from({ length: looks }, (_, look) =>
        ratioOf({ psi: psi[k][draw * looks + look], distance: distance[k][draw * looks + look] }, ordinary[k]),
      );
      largest[draw] = Math.max(largest[draw], largestLasting(ratios, persistence));
    }
  }
  return { ordinary, largest };
}

/** Distances in multiples of ordinary ones, the larger of both. A feature that never varies shows 0 in a usual horizon: any difference is one. */
export function ratioOf({ psi, distance }: Distances, ordinary: Distances): number {
  const of = (value: number, usual: number): number =>
    value <= 0 ? 0 : usual > 0 ? value / usual : Number.POSITIVE_INFINITY;
  // The index grows with the square of a difference, the distance with the difference itself.
  return Math.max(Math.sqrt(of(psi, ordinary.psi)), of(distance, ordinary.distance));
}

/** Places of rows, one after the other within a block. */
function stretchOf(
  rows: number,
  { windowRows, stepRows, looks, blockRows }: StretchSettings,
  random: Random,
): Uint32Array {
  const places = new Uint32Array(windowRows + (looks - 1) * stepRows);
  for (let t = 0; t < places.length; t++)
    places[t] = t % blockRows === 0 ? random.below(rows) : (places[t - 1] + 1) % rows;
  return places;
}

/** The largest value that is reached by so many in a row. */
function largestLasting(values: Float64Array, count: number): number {
  let largest = 0;
  for (let k = count - 1; k < values.length; k++)
    largest = Math.max(largest, Math.min(...values.subarray(k - count + 1, k + 1)));
  return largest;
}
