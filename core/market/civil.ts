/**
 * Dates of the proleptic Gregorian calendar by arithmetic, and New York's clock by rule. A day is a count since
 * 1970-01-01. Source of the day arithmetic: H. Hinnant, "chrono-compatible low-level date algorithms".
 */
import { PlimsollError } from '../errors.ts';

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface CivilDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

/** Days since 1970-01-01 of a date. */
export function dayOfCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The date of a day. */
export function civilOfDay(day: number): CivilDate {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

/** 0 is Sunday, 6 is Saturday. */
export const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;

/** The `nth` (1 to 4, or -1 for the last) `weekday` of a month, as a day. */
export function nthWeekday(year: number, month: number, weekday: number, nth: number): number {
  if (nth > 0) {
    const first = dayOfCivil(year, month, 1);
    return first + ((weekday - weekdayOf(first) + 7) % 7) + 7 * (nth - 1);
  }
  const last = (month === 12 ? dayOfCivil(year + 1, 1, 1) : dayOfCivil(year, month + 1, 1)) - 1;
  return last - ((weekdayOf(last) - weekday + 7) % 7);
}

/** Easter Sunday of the Gregorian calendar (anonymous algorithm, Nature 1876), as a day. */
export function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 19 * l) / 433);
  const month = Math.floor((h + l - 7 * m + 90) / 25);
  return dayOfCivil(year, month, (h + l - 7 * m + 33 * month + 19) % 32);
}

/**
 * The instant (ms UTC) at which New York's clocks show `minutes` past midnight on `day`. Rules since 1987: summer time
 * runs from the first Sunday of April to the last of October until 2006, and since 2007 from the second Sunday of March
 * to the first of November, changing at 02:00. No session begins or ends in the hours that a change skips or repeats.
 */
export function newYorkInstant(day: number, minutes: number): number {
  const offsetHours = isNewYorkSummerTime(day, minutes) ? 4 : 5;
  return day * DAY_MS + minutes * 60_000 + offsetHours * HOUR_MS;
}

function isNewYorkSummerTime(day: number, minutes: number): boolean {
  const { year } = civilOfDay(day);
  const start = year >= 2007 ? nthWeekday(year, 3, 0, 2) : nthWeekday(year, 4, 0, 1);
  const end = year >= 2007 ? nthWeekday(year, 11, 0, 1) : nthWeekday(year, 10, 0, -1);
  if (day === start) return minutes >= 120;
  if (day === end) return minutes < 120;
  return day > start && day < end;
}

/** `2024-02-07` for a day. */
export function formatDay(day: number): string {
  const { year, month, day: dayOfMonth } = civilOfDay(day);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`;
}

/** `2024-02-07T22:03:00Z` for an instant in ms UTC; what cannot be an instant is written as it is. */
export function formatInstant(ms: number): string {
  if (!(Math.abs(ms) < 8.64e15)) return String(ms);
  const day = Math.floor(ms / DAY_MS);
  const rest = ms - day * DAY_MS;
  const two = (value: number): string => String(value).padStart(2, '0');
  const seconds = Math.floor(rest / 1_000);
  const fraction = rest % 1_000 === 0 ? '' : `.${String(Math.floor(rest % 1_000)).padStart(3, '0')}`;
  const clock = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${formatDay(day)}T${clock}${fraction}Z`;
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds UTC of an ISO 8601 date or date and time; without a zone it is UTC. Undefined where it is neither. */
export function parseInstant(text: string): number | undefined {
  const match = ISO.exec(text.trim());
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const date = dayOfCivil(year, month, day);
  const back = civilOfDay(date);
  if (month < 1 || month > 12 || back.month !== month || back.day !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1_000 + 1e-6);
  return date * DAY_MS + hour * HOUR_MS + minute * 60_000 + second * 1_000 + fraction - zoneOffsetMs(match[8]);
}

function zoneOffsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'UTC') return 0;
  const digits = zone.slice(1).replace(':', '');
  const ms = Number(digits.slice(0, 2)) * HOUR_MS + Number(digits.slice(2)) * 60_000;
  return zone.startsWith('-') ? -ms : ms;
}

/** As {@link parseInstant}, for what a user wrote: throws `TIME_MALFORMED`. `what` names the field. */
export function requireInstant(text: string, what: string): number {
  const ms = parseInstant(text);
  if (ms === undefined) {
    throw new PlimsollError(
      'TIME_MALFORMED',
      `${what} "${text}" is not a date`,
      'write an ISO date such as 2024-02-07 or 2024-02-07T22:03:00Z',
    );
  }
  return ms;
}
