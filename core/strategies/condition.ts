import { PlimsollError } from '../errors.ts';
import { columnOf, type Series } from './views.ts';

/** One output of a declared indicator, as a strategy's `when` names it. */
export interface SeriesName {
  readonly indicator: string;
  readonly output: string;
}

/** Holds on the bars with which a series crosses another one, or a level, in either direction. */
export interface Crossing {
  readonly kind: 'crosses';
  readonly series: SeriesName;
  readonly over: SeriesName | number;
}

/** What `when` may give: the strategy is asked on bars on which any of it holds. */
export type Condition = Crossing;

/** The bars with which `series` crosses `over`, from either side: those on which {@link crossedAbove} or {@link crossedBelow} holds. */
export const crosses = (series: SeriesName, over: SeriesName | number): Crossing => ({ kind: 'crosses', series, over });

/** Conditions that one strategy may name. */
const MOST_CONDITIONS = 16;

/** The conditions of a `when`. Throws `STRATEGY_MALFORMED` for what is none. */
export function assertConditions(strategy: string, given: Condition | readonly Condition[]): readonly Condition[] {
  const conditions = Array.isArray(given) ? (given as readonly Condition[]) : [given as Condition];
  if (conditions.length > 0 && conditions.length <= MOST_CONDITIONS && conditions.every(isCondition)) return conditions;
  throw new PlimsollError(
    'STRATEGY_MALFORMED',
    `the strategy "${strategy}" cannot be used: its "when" gives no conditions`,
    `return crosses(series, seriesOrLevel), or a list of 1 to ${MOST_CONDITIONS} of them; leave "when" out to be asked at every bar`,
  );
}

function isCondition(condition: Condition): boolean {
  if (typeof condition !== 'object' || condition === null || condition.kind !== 'crosses') return false;
  const { series, over } = condition;
  return isName(series) && (isName(over) || Number.isFinite(over));
}

const isName = (name: unknown): boolean =>
  typeof name === 'object' && name !== null && typeof (name as SeriesName).indicator === 'string';

/** A condition on the series of one instrument: asked bar by bar, or for the next bar on which it holds. */
export interface RunningCondition {
  /** Whether it holds where the clock stands. */
  holds(): boolean;
  /** The first place from `from` on at which it holds; `to` where none does. Places of the series' buffers. */
  next(from: number, to: number): number;
}

/** As running, on the two series or the series and the level. */
export const runningCrossing = (series: Series, over: Series | number): RunningCondition =>
  typeof over === 'number' ? new LevelCrossing(series, over) : new SeriesCrossing(series, over);

class SeriesCrossing implements RunningCondition {
  readonly #a: Series;
  readonly #b: Series;

  constructor(a: Series, b: Series) {
    this.#a = a;
    this.#b = b;
  }

  holds(): boolean {
    return hasCrossed(this.#a.previous, this.#b.previous, this.#a.value, this.#b.value);
  }

  next(from: number, to: number): number {
    const a = columnOf(this.#a);
    const b = columnOf(this.#b);
    let beforeA = a[from - 1];
    let beforeB = b[from - 1];
    for (let k = from; k < to; k++) {
      const nowA = a[k];
      const nowB = b[k];
      if (hasCrossed(beforeA, beforeB, nowA, nowB)) return k;
      beforeA = nowA;
      beforeB = nowB;
    }
    return to;
  }
}

class LevelCrossing implements RunningCondition {
  readonly #series: Series;
  readonly #level: number;

  constructor(series: Series, level: number) {
    this.#series = series;
    this.#level = level;
  }

  holds(): boolean {
    return hasCrossed(this.#series.previous, this.#level, this.#series.value, this.#level);
  }

  next(from: number, to: number): number {
    const values = columnOf(this.#series);
    const level = this.#level;
    let before = values[from - 1];
    for (let k = from; k < to; k++) {
      const now = values[k];
      if (hasCrossed(before, level, now, level)) return k;
      before = now;
    }
    return to;
  }
}

/** From at or below to above, or from at or above to below; never where one is NaN. */
function hasCrossed(beforeA: number, beforeB: number, nowA: number, nowB: number): boolean {
  return (nowA > nowB && beforeA <= beforeB) || (nowA < nowB && beforeA >= beforeB);
}
