/**
 * A search for parameters that asks where to look next, from what was found so far: the tree-structured Parzen estimator of J. Bergstra,
 * R. Bardenet, Y. Bengio and B. Kégl, Algorithms for Hyper-Parameter Optimization (2011), section 4. What was tried is divided into the
 * best and the rest; of places drawn from the density of the best, the one is tried next at which that density is largest beside the density
 * of the rest, which is where the improvement to be expected is largest. Random search draws all of them evenly.
 *
 * Places are asked for in batches, so that they may be run at the same time: what a batch asks for depends on what was told before it, and on
 * nothing else, and so not on how many threads run it. Within a batch, what was asked for already counts among the rest.
 */
import { PlimsollError } from '../../errors.ts';
import { type Random, seededRandom } from '../random.ts';
import { assertRuns, type GridPoint } from '../sweep/grid.ts';
import { parzenDensity } from './parzen.ts';
import { assertSpace, endsOf, type Place, placeOf, pointAt, type SearchAxis, sizeOf } from './space.ts';

export const SEARCH_METHODS = ['tpe', 'random'] as const;
export type SearchMethod = (typeof SEARCH_METHODS)[number];

export interface SearchOptions {
  readonly method: SearchMethod;
  /** Places that are tried in all. */
  readonly runs: number;
  readonly seed: number;
  /** Places that a batch asks for at most. Default 8. */
  readonly batch?: number;
  /** Whether a point can be run at all; one that cannot is passed over. */
  readonly accepts?: (point: GridPoint) => boolean;
}

const DEFAULT_BATCH = 8;
const MOST_BATCH = 1_000;
/** Of what was tried, the share that counts as the best, and how many at most. */
const BEST_SHARE = 0.15;
const MOST_BEST = 25;
/** Drawn from the density of the best, for each place that is tried. */
const CANDIDATES = 24;
/** Tried evenly before the first that is chosen: a quarter of the runs, within these bounds. */
const [FEWEST_EVEN, MOST_EVEN] = [8, 25];
/** Draws after which a space counts as tried out. */
const MOST_DRAWS = 10_000;

interface Told {
  readonly place: Place;
  readonly value: number;
}

/** Throws `USAGE` for a space or options that cannot be searched, and `RESEARCH_TOO_MUCH` above 10,000 runs. */
export class Search {
  readonly #axes: readonly SearchAxis[];
  readonly #options: Required<SearchOptions>;
  readonly #random: Random;
  /** Points asked for so far, by their canonical text. */
  readonly #asked = new Set<string>();
  readonly #told: Told[] = [];

  constructor(axes: readonly SearchAxis[], options: SearchOptions) {
    assertSpace(axes);
    assertOptions(options);
    this.#axes = axes;
    this.#options = { batch: DEFAULT_BATCH, accepts: () => true, ...options };
    this.#random = seededRandom(options.seed);
  }

  /** How many of the first runs are drawn evenly, whatever was found. */
  get evenRuns(): number {
    const { method, runs } = this.#options;
    return method === 'random' ? runs : Math.min(runs, MOST_EVEN, Math.max(FEWEST_EVEN, Math.ceil(runs / 4)));
  }

  /**
   * The points to try next; none once all runs are made or the space is tried out. No point is asked for twice. All that were asked for
   * before must have been told.
   */
  ask(): GridPoint[] {
    const { batch, runs } = this.#options;
    const pending: Place[] = [];
    const points: GridPoint[] = [];
    const isEven = this.#told.length < this.evenRuns;
    const most = isEven ? this.evenRuns : Math.min(runs, sizeOf(this.#axes));
    for (let left = Math.min(batch, most - this.#told.length); left > 0; left--) {
      const place = isEven ? this.#evenPlace() : this.#promisingPlace(pending);
      if (!place) break;
      pending.push(place);
      points.push(pointAt(this.#axes, place));
    }
    return points;
  }

  /** What a point came to, larger is better; NaN counts as the worst. */
  tell(point: GridPoint, value: number): void {
    this.#told.push({
      place: placeOf(this.#axes, point),
      value: Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value,
    });
  }

  /** Drawn with each value as likely as each other; undefined where the space is tried out. */
  #evenPlace(): Place | undefined {
    for (let drawn = 0; drawn < MOST_DRAWS; drawn++) {
      const place = this.#snapped(Float64Array.from(this.#axes, (axis) => evenCoordinate(axis, this.#random)));
      if (this.#take(place)) return place;
    }
    return undefined;
  }

  #promisingPlace(pending: readonly Place[]): Place | undefined {
    const sorted = [...this.#told].sort((a, b) => b.value - a.value);
    const count = Math.min(MOST_BEST, Math.ceil(BEST_SHARE * sorted.length));
    const placesOf = (told: readonly Told[]): Place[] => told.map(({ place }) => place);
    const best = parzenDensity(this.#axes, placesOf(sorted.slice(0, count)));
    const rest = parzenDensity(this.#axes, [...placesOf(sorted.slice(count)), ...pending]);
    const candidates = Array.from({ length: CANDIDATES }, () => {
      const place = this.#snapped(best.draw(this.#random));
      return { place, gain: best.logAt(place) - rest.logAt(place) };
    }).sort((a, b) => b.gain - a.gain);
    return candidates.find(({ place }) => this.#take(place))?.place ?? this.#evenPlace();
  }

  /** Where the values stand that a place is rounded to. */
  #snapped(place: Place): Place {
    return placeOf(this.#axes, pointAt(this.#axes, place));
  }

  /** Whether the point at a place is a new one that can be run; it is then taken. */
  #take(place: Place): boolean {
    const point = pointAt(this.#axes, place);
    const key = JSON.stringify(point);
    if (this.#asked.has(key) || !this.#options.accepts(point)) return false;
    this.#asked.add(key);
    return true;
  }
}

function evenCoordinate(axis: SearchAxis, random: Random): number {
  if (axis.kind === 'choice') return random.below(axis.values.length);
  const [low, high] = endsOf(axis);
  return low + random.next() * (high - low);
}

function assertOptions({ method, runs, batch = DEFAULT_BATCH }: SearchOptions): void {
  if (!SEARCH_METHODS.includes(method))
    throw new PlimsollError('USAGE', `the method is "${method}"`, `choose ${SEARCH_METHODS.join(' or ')}`);
  if (!(Number.isInteger(runs) && runs >= 2))
    throw new PlimsollError('USAGE', `${runs} runs were asked for`, 'ask for 2 or more');
  assertRuns(runs, 'the search');
  if (!(Number.isInteger(batch) && batch >= 1 && batch <= MOST_BATCH))
    throw new PlimsollError('USAGE', `batches of ${batch} were asked for`, `ask for 1 to ${MOST_BATCH}`);
}
