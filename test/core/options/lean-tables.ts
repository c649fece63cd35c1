// Reads the quoted options with a broker's model figures beside them. Used by the tests of this folder only.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { DAY_MS } from '../../../core/market/civil.ts';
import type { OptionType } from '../../../core/options/option.ts';

const folder = process.env.PLIMSOLL_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const file = `${folder}/vectors/lean_option_greeks.jsonl.gz`;

/** Whether the recorded data are on this machine. */
export const leanTablesFound = existsSync(file);

const MINUTE_MS = 60_000;
/** The broker's clock ran ahead of the recorder's by this much, and its model time is in whole minutes. */
const CLOCK_AHEAD_MS = 10_000;
/** What was left of the minute, in the mean. */
const WITHIN_MINUTE_MS = 15_000;

export interface LeanRow {
  /** File and time of day (UTC): `SPX230811C04500000 13:32:50`. */
  readonly name: string;
  /** SPX is European, SPY American. */
  readonly root: string;
  /** `230811`. */
  readonly expiry: string;
  readonly type: OptionType;
  readonly strike: number;
  /** Calendar days until 16:00 in New York. */
  readonly days: number;
  readonly spot: number;
  readonly price: number;
  readonly volatility: number;
  readonly delta: number;
  readonly gamma: number;
  /** For one point of volatility. */
  readonly vega: number;
  /** A calendar day. */
  readonly theta: number;
}

export function leanRows(): LeanRow[] {
  const tables = gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter(Boolean);
  return tables.flatMap((line) => {
    const { path, text } = JSON.parse(line) as { path: string; text: string };
    const name = path.slice(path.lastIndexOf('/') + 1).replace('.csv', '');
    return text
      .split(/\r?\n/)
      .slice(1)
      .filter((row) => row.trim() !== '')
      .map((row) => rowOf(name, row.split(',')));
  });
}

function rowOf(name: string, [time, ...figures]: readonly string[]): LeanRow {
  const [price, volatility, delta, gamma, vega, theta, spot] = figures.map(Number);
  const expiry = name.slice(3, 9);
  return {
    name: `${name} ${time.slice(9, 17)}`,
    root: name.slice(0, 3),
    expiry,
    type: name[9] === 'C' ? 'call' : 'put',
    strike: Number(name.slice(10)) / 1_000,
    days: daysFrom(time, expiry),
    spot,
    price,
    volatility,
    delta,
    gamma,
    vega,
    theta,
  };
}

function daysFrom(time: string, expiry: string): number {
  const [, year, month, day, clock] = /^(\d{4})(\d\d)(\d\d) (.*)$/.exec(time) ?? [];
  const at = Date.parse(`${year}-${month}-${day}T${clock.slice(0, 12)}Z`) + CLOCK_AHEAD_MS;
  const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  const [, y, m, d] = /^(\d\d)(\d\d)(\d\d)$/.exec(expiry) ?? [];
  return (Date.parse(`20${y}-${m}-${d}T20:00:00Z`) - minute + WITHIN_MINUTE_MS) / DAY_MS;
}
