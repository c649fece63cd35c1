/**
 * Regular hours of the New York Stock Exchange from 1990 to 2035: holidays and early closes by rule, and the days on
 * which it kept no rule. Halts of a few minutes (moments of silence, systems trouble) are not closures. Sources: NYSE
 * Rule 7.2 and the exchange's published closings.
 */
import { civilOfDay, dayOfCivil, easterSunday, nthWeekday, weekdayOf } from './civil.ts';

export const FIRST_XNYS_YEAR = 1990;
export const LAST_XNYS_YEAR = 2035;

/** Minutes past midnight in New York. */
export interface Hours {
  readonly open: number;
  readonly close: number;
}

const at = (hour: number, minute = 0): number => hour * 60 + minute;
const REGULAR: Hours = { open: at(9, 30), close: at(16) };

/** The hours of a day (days since 1970-01-01), or undefined where the exchange is closed. */
export function xnysHours(day: number): Hours | undefined {
  const weekday = weekdayOf(day);
  if (weekday === 0 || weekday === 6) return undefined;
  const { closed, irregular } = exceptionsOf(civilOfDay(day).year);
  if (closed.has(day)) return undefined;
  return irregular.get(day) ?? REGULAR;
}

interface Exceptions {
  readonly closed: ReadonlySet<number>;
  readonly irregular: ReadonlyMap<number, Hours>;
}

/** One entry a year; the years are bounded by {@link FIRST_XNYS_YEAR} and {@link LAST_XNYS_YEAR}. */
const exceptionsByYear = new Map<number, Exceptions>();

function exceptionsOf(year: number): Exceptions {
  let exceptions = exceptionsByYear.get(year);
  if (!exceptions) {
    exceptions = { closed: new Set([...holidays(year), ...closures(year)]), irregular: irregularHours(year) };
    exceptionsByYear.set(year, exceptions);
  }
  return exceptions;
}

function holidays(year: number): number[] {
  const days = [
    nthWeekday(year, 2, 1, 3), // Washington's Birthday
    easterSunday(year) - 2, // Good Friday
    nthWeekday(year, 5, 1, -1), // Memorial Day
    observed(dayOfCivil(year, 7, 4)),
    nthWeekday(year, 9, 1, 1), // Labor Day
    nthWeekday(year, 11, 4, 4), // Thanksgiving
    observed(dayOfCivil(year, 12, 25)),
  ];
  const newYear = dayOfCivil(year, 1, 1);
  // On a Saturday it is not moved to Friday, which would be the last trading day of the year before.
  days.push(weekdayOf(newYear) === 6 ? newYear : observed(newYear));
  if (year >= 1998) days.push(nthWeekday(year, 1, 1, 3)); // Martin Luther King Jr. Day
  if (year >= 2022) days.push(observed(dayOfCivil(year, 6, 19))); // Juneteenth
  return days;
}

/** A holiday on a Saturday is kept on Friday, on a Sunday on Monday. */
function observed(day: number): number {
  const weekday = weekdayOf(day);
  if (weekday === 6) return day - 1;
  return weekday === 0 ? day + 1 : day;
}

/** Year, month, day, for mourning, attacks and storms. */
const CLOSURES: readonly (readonly [number, number, number])[] = [
  [1994, 4, 27],
  [2001, 9, 11],
  [2001, 9, 12],
  [2001, 9, 13],
  [2001, 9, 14],
  [2004, 6, 11],
  [2007, 1, 2],
  [2012, 10, 29],
  [2012, 10, 30],
  [2018, 12, 5],
  [2025, 1, 9],
];

const closures = (year: number): number[] =>
  CLOSURES.filter((date) => date[0] === year).map(([y, month, day]) => dayOfCivil(y, month, day));

/** Days with hours of their own: year, month, day, open, close. */
const SINGLE_DAYS: readonly (readonly [number, number, number, number, number])[] = [
  [1994, 2, 11, at(9, 30), at(14, 30)], // snow
  [1995, 12, 18, at(10, 30), at(16)], // systems
  [1996, 1, 8, at(11), at(14)], // snow
  [1997, 10, 27, at(9, 30), at(15, 30)], // circuit breaker
  [1997, 12, 26, at(9, 30), at(13)],
  [1999, 12, 31, at(9, 30), at(13)],
  [2002, 9, 11, at(12), at(16)], // remembrance
  [2003, 12, 26, at(9, 30), at(13)],
];

function irregularHours(year: number): Map<number, Hours> {
  const hours = new Map<number, Hours>();
  // Half days ended at 14:00 until 1992 and at 13:00 since.
  const early: Hours = { open: REGULAR.open, close: year <= 1992 ? at(14) : at(13) };
  if (year >= 1992) hours.set(nthWeekday(year, 11, 4, 4) + 1, early);
  const christmasEve = dayOfCivil(year, 12, 24);
  if (isWeekdayBetween(christmasEve, 1, 4)) hours.set(christmasEve, early);
  const independenceEve = dayOfCivil(year, 7, 3);
  if (year >= 1995 && isIndependenceEveShort(year, weekdayOf(independenceEve))) hours.set(independenceEve, early);
  const dayAfterIndependence = dayOfCivil(year, 7, 5);
  if (year >= 1996 && year < 2013 && weekdayOf(dayAfterIndependence) === 5) hours.set(dayAfterIndependence, early);
  for (const [y, month, day, open, close] of SINGLE_DAYS) {
    if (y === year) hours.set(dayOfCivil(y, month, day), { open, close });
  }
  return hours;
}

/** When the 4th is a Thursday the half day was Friday the 5th until 2012, and is Wednesday the 3rd since. */
const isIndependenceEveShort = (year: number, weekday: number): boolean =>
  weekday === 1 || weekday === 2 || weekday === 4 || (weekday === 3 && year >= 2013);

const isWeekdayBetween = (day: number, first: number, last: number): boolean =>
  weekdayOf(day) >= first && weekdayOf(day) <= last;
