/** When a market trades: around the clock, in exchange sessions, or in the foreign exchange week. */
import { PlimsollError } from '../errors.ts';
import { DAY_MS, dayOfCivil, formatDay, newYorkInstant, weekdayOf } from './civil.ts';
import { barOpenAt, timeframeMs } from './timeframe.ts';
import { FIRST_XNYS_YEAR, LAST_XNYS_YEAR, xnysHours } from './xnys.ts';

/**
 * `24/7`: always open. `XNYS`: New York Stock Exchange, regular hours, with its holidays and early closes. `FX`: Sunday
 * 17:00 to Friday 17:00 New York, in five sessions of a day; holidays of single centres are not in it.
 */
export type CalendarId = '24/7' | 'XNYS' | 'FX';

/** One trading session. */
export interface Session {
  /** 00:00 UTC of the trading date: the label that daily bars carry, not an instant of trading. */
  readonly date: number;
  /** Milliseconds UTC, inclusive. */
  readonly open: number;
  /** Milliseconds UTC, exclusive. */
  readonly close: number;
}

/** All times are milliseconds UTC. `XNYS` answers for 1990 to 2035 and `FX` for 1987 to
 * 2099; outside they throw `CALENDAR_RANGE`. */
export interface Calendar {
  readonly id: CalendarId;
  isOpen(time: number): boolean;
  /** The first instant at or after `time` at which the market is open. */
  nextOpen(time: number): number;
  /** The session that `time` falls in. */
  sessionOf(time: number): Session | undefined;
  /** The sessions whose date label lies in [from, to). */
  sessions(from: number, to: number): Session[];
  /**
   * The bar opens that a complete series has in [from, to). Bars shorter than a day stand on multiples of the timeframe
   * and are expected where they overlap a session (an hourly bar labelled 09:00 holds what trades from 09:30); daily
   * bars carry the session's date; longer ones are expected where any session falls in them.
   */
  expectedBars(timeframe: string, from: number, to: number): Float64Array;
  /** How many bars {@link expectedBars} would return. */
  countExpectedBars(timeframe: string, from: number, to: number): number;
}

/** The most bars that one call of `expectedBars` returns. */
export const MAX_EXPECTED_BARS = 50_000_000;

/** The calendar of that name. Throws `CALENDAR_UNKNOWN`. */
export function calendarOf(id: string): Calendar {
  const calendar = CALENDARS[id];
  if (!calendar) {
    throw new PlimsollError(
      'CALENDAR_UNKNOWN',
      `there is no calendar "${id}"`,
      `use one of ${Object.keys(CALENDARS).join(', ')}`,
    );
  }
  return calendar;
}

/** What a session calendar must know: the session that carries the date label `day`, if there is one. */
type SessionOfDay = (day: number) => Session | undefined;

/** A session's instants lie within this many days of its label. */
const LABEL_REACH_DAYS = 1;

/** No market of ours stays closed longer. */
const LONGEST_CLOSURE_DAYS = 14;

class SessionCalendar implements Calendar {
  readonly id: CalendarId;
  readonly #sessionOfDay: SessionOfDay;
  readonly #known: KnownYears;

  constructor(id: CalendarId, sessionOfDay: SessionOfDay, known: KnownYears) {
    this.id = id;
    this.#sessionOfDay = sessionOfDay;
    this.#known = known;
  }

  isOpen(time: number): boolean {
    return this.sessionOf(time) !== undefined;
  }

  sessionOf(time: number): Session | undefined {
    this.#assertKnown(time);
    const today = Math.floor(time / DAY_MS);
    for (let day = today - LABEL_REACH_DAYS; day <= today + LABEL_REACH_DAYS; day++) {
      const session = this.#sessionOfDay(day);
      if (session && session.open <= time && time < session.close) return session;
    }
    return undefined;
  }

  nextOpen(time: number): number {
    this.#assertKnown(time);
    const today = Math.floor(time / DAY_MS);
    for (let day = today - LABEL_REACH_DAYS; day <= today + LONGEST_CLOSURE_DAYS; day++) {
      const session = this.#sessionOfDay(day);
      if (session && time < session.close) return Math.max(time, session.open);
    }
    throw new PlimsollError(
      'CALENDAR_RANGE',
      `the calendar ${this.id} has no session within ${LONGEST_CLOSURE_DAYS} days of ${formatDay(today)}`,
      'check the date',
    );
  }

  sessions(from: number, to: number): Session[] {
    this.#assertKnown(from);
    this.#assertKnown(to - 1);
    return this.#sessionsAround(from, to);
  }

  #sessionsAround(from: number, to: number): Session[] {
    const found: Session[] = [];
    for (let day = Math.ceil(from / DAY_MS); day * DAY_MS < to; day++) {
      const session = this.#sessionOfDay(day);
      if (session) found.push(session);
    }
    return found;
  }

  expectedBars(timeframe: string, from: number, to: number): Float64Array {
    const opens = new Float64Array(this.countExpectedBars(timeframe, from, to));
    let count = 0;
    this.#eachExpected(timeframe, from, to, (first, last, step) => {
      for (let open = first; open <= last; open += step) opens[count++] = open;
    });
    return opens;
  }

  countExpectedBars(timeframe: string, from: number, to: number): number {
    let count = 0;
    this.#eachExpected(timeframe, from, to, (first, last, step) => {
      count += (last - first) / step + 1;
    });
    return assertBounded(count, timeframe);
  }

  /** Calls back with runs of expected bar opens within [from, to), ascending and without repetition. */
  #eachExpected(
    timeframe: string,
    from: number,
    to: number,
    run: (first: number, last: number, step: number) => void,
  ): void {
    this.#assertKnown(from);
    this.#assertKnown(to - 1);
    const length = timeframeMs(timeframe);
    let next = from;
    const emit = (first: number, last: number): void => {
      const start = Math.max(first, barOpenAt(Math.max(next, first) + length - 1, timeframe));
      const end = Math.min(last, barOpenAt(to - 1, timeframe));
      if (start > end) return;
      run(start, end, length);
      next = end + length;
    };
    const reach = Math.max(length, DAY_MS);
    for (const session of this.#sessionsAround(from - reach - DAY_MS, to + reach + DAY_MS)) {
      if (length < DAY_MS) emit(barOpenAt(session.open, timeframe), barOpenAt(session.close - 1, timeframe));
      else emit(barOpenAt(session.date, timeframe), barOpenAt(session.date, timeframe));
    }
  }

  #assertKnown(time: number): void {
    const { first, last } = this.#known;
    const day = Math.floor(time / DAY_MS);
    if (day >= dayOfCivil(first, 1, 1) && day < dayOfCivil(last + 1, 1, 1)) return;
    throw new PlimsollError(
      'CALENDAR_RANGE',
      `the calendar ${this.id} is known from ${first} to ${last}, not on ${formatDay(day)}`,
      'use bars of those years, or the calendar 24/7',
    );
  }
}

/** The first and the last year that a calendar answers for. */
interface KnownYears {
  readonly first: number;
  readonly last: number;
}

class AlwaysOpen implements Calendar {
  readonly id = '24/7';

  isOpen(): boolean {
    return true;
  }

  nextOpen(time: number): number {
    return time;
  }

  sessionOf(time: number): Session {
    const open = Math.floor(time / DAY_MS) * DAY_MS;
    return { date: open, open, close: open + DAY_MS };
  }

  sessions(from: number, to: number): Session[] {
    const found: Session[] = [];
    for (let open = Math.ceil(from / DAY_MS) * DAY_MS; open < to; open += DAY_MS) found.push(this.sessionOf(open));
    return found;
  }

  expectedBars(timeframe: string, from: number, to: number): Float64Array {
    const length = timeframeMs(timeframe);
    const first = barOpenAt(from + length - 1, timeframe);
    return new Float64Array(this.countExpectedBars(timeframe, from, to)).map((_, i) => first + i * length);
  }

  countExpectedBars(timeframe: string, from: number, to: number): number {
    const length = timeframeMs(timeframe);
    const first = barOpenAt(from + length - 1, timeframe);
    return assertBounded(Math.max(0, Math.ceil((to - first) / length)), timeframe);
  }
}

function assertBounded(count: number, timeframe: string): number {
  if (count > MAX_EXPECTED_BARS) {
    throw new PlimsollError(
      'CALENDAR_RANGE',
      `${count} bars of ${timeframe} are more than ${MAX_EXPECTED_BARS}`,
      'ask for a shorter span',
    );
  }
  return count;
}

function xnysSession(day: number): Session | undefined {
  const hours = xnysHours(day);
  return (
    hours && { date: day * DAY_MS, open: newYorkInstant(day, hours.open), close: newYorkInstant(day, hours.close) }
  );
}

const FX_ROLLOVER_MINUTES = 17 * 60;

function foreignExchangeSession(day: number): Session | undefined {
  const weekday = weekdayOf(day);
  if (weekday === 0 || weekday === 6) return undefined;
  return {
    date: day * DAY_MS,
    open: newYorkInstant(day - 1, FX_ROLLOVER_MINUTES),
    close: newYorkInstant(day, FX_ROLLOVER_MINUTES),
  };
}

const CALENDARS: Readonly<Record<string, Calendar>> = {
  '24/7': new AlwaysOpen(),
  XNYS: new SessionCalendar('XNYS', xnysSession, { first: FIRST_XNYS_YEAR, last: LAST_XNYS_YEAR }),
  FX: new SessionCalendar('FX', foreignExchangeSession, { first: 1987, last: 2099 }),
};
