import { describe, expect, it } from 'vitest';
import { calendarOf } from '../../../core/market/calendar.ts';
import {
  civilOfDay,
  DAY_MS,
  dayOfCivil,
  easterSunday,
  formatInstant,
  newYorkInstant,
  parseInstant,
  weekdayOf,
} from '../../../core/market/civil.ts';
import { recorded, recordedFound, recordedSeries } from './recorded.ts';

const xnys = calendarOf('XNYS');
const fx = calendarOf('FX');
const at = (text: string): number => parseInstant(text)!;

/** Opening and closing instants of a date's session, as text. */
function hours(date: string): string {
  const session = xnys.sessions(at(date), at(date) + DAY_MS)[0];
  return session
    ? `${formatInstant(session.open).slice(11, 16)}-${formatInstant(session.close).slice(11, 16)}`
    : 'closed';
}

/** Hours that a date's session lasts. */
function sessionLength(date: string): number {
  const session = xnys.sessions(at(date), at(date) + DAY_MS)[0];
  return (session.close - session.open) / 3_600_000;
}

describe('civil dates', () => {
  it('agree with the platform on every day of two centuries', () => {
    for (let day = dayOfCivil(1900, 1, 1); day < dayOfCivil(2100, 1, 1); day++) {
      const date = new Date(day * DAY_MS);
      const civil = civilOfDay(day);
      expect([civil.year, civil.month, civil.day]).toEqual([
        date.getUTCFullYear(),
        date.getUTCMonth() + 1,
        date.getUTCDate(),
      ]);
      if (weekdayOf(day) !== date.getUTCDay()) throw new Error(`weekday of ${day}`);
    }
  });

  it('know the Easters of 1990, 2008, 2011, 2024 and 2035', () => {
    const easters = [1990, 2008, 2011, 2024, 2035].map((year) =>
      formatInstant(easterSunday(year) * DAY_MS).slice(0, 10),
    );
    expect(easters).toEqual(['1990-04-15', '2008-03-23', '2011-04-24', '2024-03-31', '2035-03-25']);
  });

  it("give New York's clock as the time zone database does, at every hour of 1990 to 2035 but the changing one", () => {
    const zone = new Intl.DateTimeFormat('en-GB', {
      timeZone: 'America/New_York',
      hour: '2-digit',
      minute: '2-digit',
      day: '2-digit',
      hourCycle: 'h23',
    });
    for (let day = dayOfCivil(1990, 1, 1); day < dayOfCivil(2036, 1, 1); day++) {
      for (const hour of [0, 9, 17]) {
        const shown = zone.format(newYorkInstant(day, hour * 60));
        const wanted = `${String(civilOfDay(day).day).padStart(2, '0')}, ${String(hour).padStart(2, '0')}:00`;
        if (shown !== wanted) expect(`${day}: ${shown}`).toBe(wanted);
      }
    }
  }, 60_000);

  it('read and write ISO instants, and refuse dates that do not exist', () => {
    for (const text of ['2024-02-29T22:03:00Z', '1950-01-03T00:00:00Z', '2024-02-07T22:03:00.125Z'])
      expect(formatInstant(at(text))).toBe(text);
    expect(parseInstant('2024-02-07 17:03:00-05:00')).toBe(at('2024-02-07T22:03Z'));
    for (const bad of ['2023-02-29', '2024-13-01', '2024-01-01T24:00', '07/02/2024', ''])
      expect(parseInstant(bad)).toBeUndefined();
  });
});

describe('the New York Stock Exchange', () => {
  it('trades 09:30 to 16:00 New York in winter and in summer', () => {
    expect([hours('2024-02-07'), hours('2024-07-10')]).toEqual(['14:30-21:00', '13:30-20:00']);
  });

  it('keeps the holidays of each era', () => {
    const closed = [
      '1994-04-27',
      '1997-07-04',
      '1998-01-19',
      '2001-09-14',
      '2004-06-11',
      '2010-12-24',
      '2012-10-29',
      '2018-12-05',
      '2021-12-24',
      '2022-06-20',
      '2024-03-29',
      '2025-01-09',
      '2026-07-03',
      '2027-06-18',
      '2033-12-26',
    ];
    expect(closed.filter((date) => hours(date) !== 'closed')).toEqual([]);
    const open = ['1997-01-20', '2010-12-31', '2021-06-18', '2021-12-31', '2024-10-14', '2024-11-11', '2027-12-31'];
    expect(open.filter((date) => hours(date) === 'closed')).toEqual([]);
  });

  it('closes early after Thanksgiving, on Christmas Eve and around the 4th of July', () => {
    const early = Object.fromEntries(
      [
        '1992-11-27',
        '1990-12-24',
        '1993-11-26',
        '2002-07-05',
        '2013-07-03',
        '2019-07-03',
        '2023-07-03',
        '2024-11-29',
        '2024-12-24',
      ].map((date) => [date, hours(date)]),
    );
    expect(early).toEqual({
      '1992-11-27': '14:30-19:00',
      '1990-12-24': '14:30-19:00',
      '1993-11-26': '14:30-18:00',
      '2002-07-05': '13:30-17:00',
      '2013-07-03': '13:30-17:00',
      '2019-07-03': '13:30-17:00',
      '2023-07-03': '13:30-17:00',
      '2024-11-29': '14:30-18:00',
      '2024-12-24': '14:30-18:00',
    });
    expect([hours('2013-07-05'), hours('2002-07-03'), hours('2021-12-23')]).toEqual([
      '13:30-20:00',
      '13:30-20:00',
      '14:30-21:00',
    ]);
  });

  it('says where an instant falls and when the market opens next', () => {
    expect(xnys.isOpen(at('2024-02-09T14:29:59Z'))).toBe(false);
    expect(xnys.isOpen(at('2024-02-09T14:30Z'))).toBe(true);
    expect(xnys.isOpen(at('2024-02-09T21:00Z'))).toBe(false);
    expect(xnys.sessionOf(at('2024-02-09T20:59Z'))?.date).toBe(at('2024-02-09'));
    expect(formatInstant(xnys.nextOpen(at('2024-03-08T21:00Z')))).toBe('2024-03-11T13:30:00Z');
    expect(formatInstant(xnys.nextOpen(at('2001-09-10T20:00Z')))).toBe('2001-09-17T13:30:00Z');
    expect(xnys.nextOpen(at('2024-02-09T15:00Z'))).toBe(at('2024-02-09T15:00Z'));
  });

  it('expects an hourly bar wherever one overlaps the session', () => {
    const bars = [...xnys.expectedBars('1h', at('2024-02-09'), at('2024-02-10'))].map((time) =>
      formatInstant(time).slice(11, 16),
    );
    expect(bars).toEqual(['14:00', '15:00', '16:00', '17:00', '18:00', '19:00', '20:00']);
    expect(xnys.countExpectedBars('1m', at('2024-11-29'), at('2024-11-30'))).toBe(210);
    expect(xnys.countExpectedBars('1w', at('2024-01-01'), at('2024-02-01'))).toBe(5);
  });

  it('answers for 1990 to 2035 and says so outside', () => {
    expect(xnys.countExpectedBars('1d', at('1990-01-01'), at('2036-01-01'))).toBeGreaterThan(11_500);
    expect(() => xnys.isOpen(at('1989-12-31T12:00Z'))).toThrowError(/known from 1990 to 2035/);
    expect(() => xnys.expectedBars('1d', at('2030-01-01'), at('2036-06-01'))).toThrowError(/known from 1990 to 2035/);
  });
});

describe('foreign exchange', () => {
  it('opens Sunday and closes Friday at 17:00 New York, across a change of clocks', () => {
    expect(
      [at('2024-03-08T21:59Z'), at('2024-03-08T22:00Z'), at('2024-03-10T20:59Z'), at('2024-03-10T21:00Z')].map((time) =>
        fx.isOpen(time),
      ),
    ).toEqual([true, false, false, true]);
    expect(formatInstant(fx.nextOpen(at('2024-03-09')))).toBe('2024-03-10T21:00:00Z');
  });

  it('labels what trades on Sunday evening as Monday', () => {
    expect(fx.sessionOf(at('2024-02-04T23:00Z'))?.date).toBe(at('2024-02-05'));
  });

  it('expects five daily bars and 120 hourly bars in a week, each once', () => {
    expect(fx.countExpectedBars('1d', at('2024-02-04'), at('2024-02-11'))).toBe(5);
    const hourly = fx.expectedBars('1h', at('2024-02-04'), at('2024-02-11'));
    expect([hourly.length, new Set(hourly).size]).toEqual([120, 120]);
  });
});

describe('around the clock', () => {
  it('is always open and expects every multiple of the timeframe', () => {
    const calendar = calendarOf('24/7');
    expect(calendar.isOpen(0)).toBe(true);
    expect([...calendar.expectedBars('4h', at('2024-02-09T01:00Z'), at('2024-02-09T12:00Z'))]).toEqual([
      at('2024-02-09T04:00Z'),
      at('2024-02-09T08:00Z'),
    ]);
  });

  it('has no calendar of another name', () => {
    expect(() => calendarOf('XLON')).toThrowError(/no calendar "XLON"/);
  });
});

describe.skipIf(!recordedFound)('against recorded sessions', () => {
  it('has a session on every date of daily SPY since 1998, and a date for every session', async () => {
    const { timestamp } = await recordedSeries('equity/spy_1d.parquet');
    const expected = xnys.expectedBars('1d', timestamp[0], timestamp[timestamp.length - 1] + 1);
    expect([...timestamp]).toEqual([...expected]);
  });

  it('has the dates of the S&P 500 since 1990', async () => {
    const { timestamp } = await recordedSeries('equity/spx_1d_1990_2022.parquet');
    const expected = xnys.expectedBars('1d', timestamp[0], timestamp[timestamp.length - 1] + 1);
    expect([...timestamp]).toEqual([...expected]);
  });

  it('expects the hourly bars of SPY, early closes included', async () => {
    const { timestamp } = await recordedSeries('equity/spy_1h.parquet');
    const expected = new Set(xnys.expectedBars('1h', timestamp[0], timestamp[timestamp.length - 1] + 1));
    const found = new Set(timestamp);
    expect([...expected].filter((time) => !found.has(time)).map(formatInstant)).toEqual([]);
    // On short days the fund went on trading elsewhere after the exchange had closed; on full days nothing is left over.
    const beyond = new Set(
      [...found].filter((time) => !expected.has(time)).map((time) => formatInstant(time).slice(0, 10)),
    );
    expect([...beyond].filter((date) => sessionLength(date) === 6.5)).toEqual([]);
    expect(beyond.size).toBe(24);
  });

  it('expects the 390 regular minutes of a day', async () => {
    const { timestamp } = await recordedSeries('equity/intraday_1m.parquet');
    const expected = xnys.expectedBars('1m', timestamp[0], timestamp[timestamp.length - 1] + 1);
    const found = new Set(timestamp);
    expect(expected.length).toBe(4 * 390);
    expect([...expected].filter((time) => !found.has(time))).toEqual([]);
    // The source closes each day with a bar of 16:00.
    expect([...found].filter((time) => !xnys.isOpen(time)).map((time) => formatInstant(time).slice(11))).toEqual(
      Array(4).fill('21:00:00Z'),
    );
  });

  it('finds no daily bar of EUR/USD on a weekend', async () => {
    for (const bars of (await recorded('fx/eurusd_d1_2012_2022.parquet')).values()) {
      const expected = new Set(fx.expectedBars('1d', bars.timestamp[0], bars.timestamp[bars.length - 1] + 1));
      expect([...bars.timestamp].filter((time) => !expected.has(time))).toEqual([]);
    }
  });
});
