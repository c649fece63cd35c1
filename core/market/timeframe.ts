import { PlimsollError } from '../errors.ts';

/** A bar's length: a count and a unit, as in `1m`, `5m`, `1h`, `4h`, `1d`, `1w`. Minutes are `m`; there are no months. */
export type Timeframe = `${number}${'s' | 'm' | 'h' | 'd' | 'w'}`;

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** The length of a timeframe in milliseconds. Throws `TIMEFRAME_UNKNOWN` for anything else than a count and a unit. */
export function timeframeMs(timeframe: string): number {
  const match = /^([1-9]\d{0,4})([smhdw])$/.exec(timeframe);
  if (!match) {
    throw new PlimsollError(
      'TIMEFRAME_UNKNOWN',
      `"${timeframe}" is not a timeframe`,
      'write a count and a unit: 1m, 5m, 15m, 1h, 4h, 1d, 1w',
    );
  }
  return Number(match[1]) * UNIT_MS[match[2]];
}

/** The shortest way to write a length: 3600000 is `1h`. */
export function timeframeOf(ms: number): Timeframe {
  for (const unit of ['w', 'd', 'h', 'm', 's'] as const) {
    if (ms % UNIT_MS[unit] === 0) return `${ms / UNIT_MS[unit]}${unit}`;
  }
  throw new PlimsollError(
    'TIMEFRAME_UNKNOWN',
    `${ms} ms is not a whole number of seconds`,
    'use a timeframe of whole seconds',
  );
}

/** 1970-01-05, the first Monday of the epoch: weeks are counted from there, everything shorter from 1970-01-01. */
const FIRST_MONDAY_MS = 4 * 86_400_000;

/** Where bars of this timeframe are counted from, in milliseconds UTC: a Monday for weeks, else the epoch. */
export function timeframeOriginMs(timeframe: string): number {
  return timeframe.endsWith('w') ? FIRST_MONDAY_MS : 0;
}

/** The open of the bar that `time` (ms UTC) falls in: a multiple of the timeframe since the epoch, weeks from Monday. */
export function barOpenAt(time: number, timeframe: string): number {
  const length = timeframeMs(timeframe);
  const origin = timeframeOriginMs(timeframe);
  return Math.floor((time - origin) / length) * length + origin;
}
