/** Returns by day of UTC: what people remember, and what a person can look up. */
import { DAY_MS } from '../../market/civil.ts';

export interface Day {
  /** 00:00 UTC of it, ms. */
  readonly day: number;
  readonly return: number;
}

/**
 * Returns of the days of a column of values (equity, or prices), the first from `before`. What is measured at 00:00 belongs to the day that
 * ended then. Days without a value are not there: their return is in that of the day after.
 * @param times ms UTC, ascending
 */
export function daysOf(times: ArrayLike<number>, values: ArrayLike<number>, before: number): Day[] {
  const days: Day[] = [];
  let base = before;
  for (let k = 0; k < times.length; k++) {
    const day = dayOf(times[k]);
    if (k + 1 < times.length && dayOf(times[k + 1]) === day) continue;
    days.push({ day, return: base > 0 ? values[k] / base - 1 : 0 });
    base = values[k];
  }
  return days;
}

/** 00:00 UTC of the day that something measured at `time` belongs to. */
export const dayOf = (time: number): number => Math.floor((time - 1) / DAY_MS) * DAY_MS;

/** `Π (1 + r) - 1`. */
export const compounded = (days: readonly Day[]): number =>
  days.reduce((growth, { return: value }) => growth * (1 + value), 1) - 1;
