import { civilOfDay, DAY_MS } from '../../market/civil.ts';

/** Returns of a calendar year in UTC; NaN in months without a cycle. */
export interface YearOfReturns {
  readonly year: number;
  /** January first. */
  readonly months: readonly number[];
  readonly total: number;
}

/**
 * Equity at the end of each month ÷ that at the end of the last one before it (the deposit at first) - 1. A bar that closes at
 * midnight belongs to the day that it ends.
 */
export function monthlyReturns(times: Float64Array, equity: Float64Array, deposit: number): YearOfReturns[] {
  const years: { year: number; months: number[]; total: number }[] = [];
  let yearBase = deposit;
  for (let k = 0, monthBase = deposit; k < times.length; ) {
    const { year, month } = dateAt(times[k]);
    if (years.at(-1)?.year !== year) {
      years.push({ year, months: new Array(12).fill(Number.NaN), total: Number.NaN });
      yearBase = monthBase;
    }
    const end = lastOfMonth(times, k, year, month);
    const current = years[years.length - 1];
    current.months[month - 1] = equity[end] / monthBase - 1;
    current.total = equity[end] / yearBase - 1;
    monthBase = equity[end];
    k = end + 1;
  }
  return years;
}

const dateAt = (time: number): { year: number; month: number } => civilOfDay(Math.floor((time - 1) / DAY_MS));

/** The last place of the month that place `from` is in, by halving: a month may have tens of thousands of bars. */
function lastOfMonth(times: Float64Array, from: number, year: number, month: number): number {
  let low = from;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    const date = dateAt(times[middle]);
    if (date.year === year && date.month === month) low = middle;
    else high = middle - 1;
  }
  return low;
}
