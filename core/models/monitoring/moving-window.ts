/** How far the rows of a window are from all rows of a reference, while the window moves over places of the reference. */
import { type Deciles, placeOf, stability } from './distances.ts';
import { quantileOf } from './input.ts';

/** Steps at which the distance is looked at while limits are drawn; what may lie between two of them is added to it. */
const STEPS = 100;

/** How often, and on how many rows, it is looked. */
export interface Looks {
  /** Rows of a look. */
  readonly windowRows: number;
  /** Rows from one look to the next. */
  readonly stepRows: number;
  readonly looks: number;
}

/**
 * Both distances of a window that moves over places of the reference. The rows of the window are themselves among those of the
 * reference, which draws both together: `F_window - F_all` is `(1 - W/n)` of the difference to the others, and is divided by that; the
 * index, which grows with the square, by its square.
 */
export class MovingWindow {
  readonly #decile: Uint8Array;
  readonly #step: Uint8Array;
  readonly #deciles: Deciles;
  readonly #shareUpTo: Float64Array;
  readonly #apart: number;

  /**
   * @param column a feature of the reference, and `sorted` the same in ascending order
   * @param windowRows fewer than the reference has
   */
  constructor(column: Float64Array, sorted: Float64Array, deciles: Deciles, windowRows: number) {
    const steps = Float64Array.from({ length: STEPS - 1 }, (_, k) => quantileOf(sorted, (k + 1) / STEPS));
    this.#deciles = deciles;
    this.#decile = Uint8Array.from(column, (value) => placeOf(deciles.bounds, value));
    this.#step = Uint8Array.from(column, (value) => placeOf(steps, value));
    let sum = 0;
    this.#shareUpTo = countsOf(this.#step, STEPS).map((count) => {
      sum += count;
      return sum / column.length;
    });
    this.#apart = 1 - windowRows / column.length;
  }

  /**
   * Both distances at each look, written to `psi` and `distance` from `at` on.
   * @param places rows of the reference, one after the other, as many as the looks take
   */
  watch(places: Uint32Array, looks: Looks, psi: Float64Array, distance: Float64Array, at: number): void {
    const { windowRows, stepRows, looks: count } = looks;
    const byDecile = new Float64Array(this.#deciles.shares.length);
    const byStep = new Float64Array(STEPS);
    const move = (from: number, to: number, by: number): void => {
      for (let t = from; t < to; t++) {
        byDecile[this.#decile[places[t]]] += by;
        byStep[this.#step[places[t]]] += by;
      }
    };
    move(0, windowRows, 1 / windowRows);
    for (let look = 0; look < count; look++) {
      const start = look * stepRows;
      if (look > 0) {
        move(start - stepRows, start, -1 / windowRows);
        move(start - stepRows + windowRows, start + windowRows, 1 / windowRows);
      }
      psi[at + look] = stability(byDecile, this.#deciles.shares) / this.#apart ** 2;
      distance[at + look] = (this.#largestDifference(byStep) + 1 / STEPS) / this.#apart;
    }
  }

  #largestDifference(byStep: Float64Array): number {
    let sum = 0;
    let largest = 0;
    for (let k = 0; k < STEPS; k++) {
      sum += byStep[k];
      largest = Math.max(largest, Math.abs(sum - this.#shareUpTo[k]));
    }
    return largest;
  }
}

function countsOf(places: Uint8Array, count: number): Float64Array {
  const counts = new Float64Array(count);
  for (let k = 0; k < places.length; k++) counts[places[k]]++;
  return counts;
}
