/** One-day value at risk and expected shortfall of what an account holds, from daily closes, by every method. */
import { PlimsollError } from '../../errors.ts';
import type { BarColumns } from '../../market/bars.ts';
import { DAY_MS, formatInstant } from '../../market/civil.ts';
import { portfolioRisk, type ValuedPosition } from '../portfolio/portfolio-risk.ts';
import { type AlignedReturns, alignedReturns } from '../portfolio/returns.ts';
import { TAIL_METHODS, type TailMethod } from '../portfolio/tail-risk.ts';
import type { Held } from './exposure.ts';

export const CONFIDENCES = [0.95, 0.99] as const;

/** Daily returns without which no method is asked: the fewest that say anything about one day in twenty. */
export const LEAST_DAYS = 20;

/** Money, losses positive, over one day. */
export interface TailFigure {
  readonly method: TailMethod;
  readonly confidence: number;
  readonly valueAtRisk: number;
  readonly expectedShortfall: number;
  /** What each position adds: they sum to the whole, and one below zero hedges the others. */
  readonly positions: readonly PositionPart[];
}

export interface PositionPart {
  readonly symbol: string;
  readonly value: number;
  readonly componentValueAtRisk: number;
  readonly componentExpectedShortfall: number;
  /** Change of the whole per unit of money added to the position. */
  readonly marginalValueAtRisk: number;
}

/** A method that gives no figure, and why. */
export interface RefusedFigure {
  readonly method: TailMethod;
  readonly confidence: number;
  readonly code: string;
  readonly because: string;
}

export interface Tail {
  /** Daily returns that all instruments held have in common. */
  readonly days: number;
  /** Day (ms UTC) of the first return and of the last; null without any. */
  readonly from: number | null;
  readonly to: number | null;
  readonly figures: readonly (TailFigure | RefusedFigure)[];
  /** What today's positions would have made on each of these days, oldest first; empty where that is not known. */
  readonly profits: readonly { readonly day: number; readonly profit: number }[];
}

export const isRefused = (figure: TailFigure | RefusedFigure): figure is RefusedFigure => 'code' in figure;

/** @param closes the last price of each day (UTC) by symbol, oldest first; the timestamp is the day's beginning */
export function tailOf(held: readonly Held[], closes: ReadonlyMap<string, BarColumns>): Tail {
  if (held.length === 0) return refused('RISK_NO_POSITIONS', 'nothing is held');
  const unpriced = held.filter(({ value }) => value === undefined).map(({ instrument }) => instrument);
  if (unpriced.length > 0) return refused('PRICE_MISSING', `${unpriced.join(', ')} has no price`);
  const positions = held as readonly ValuedPosition[];
  const bare = positions.find(({ instrument }) => (closes.get(instrument)?.length ?? 0) < 2);
  if (bare) {
    const count = closes.get(bare.instrument)?.length ?? 0;
    return refused('RISK_OBSERVATIONS_TOO_FEW', `${bare.instrument} has ${count} daily closes; ${neededDays}`);
  }
  const table = alignedReturns(new Map(positions.map(({ instrument }) => [instrument, closes.get(instrument)!])));
  const days = table.times.length;
  if (days < LEAST_DAYS) {
    const shared = positions.length > 1 ? ' that all instruments held have in common' : '';
    return { ...refused('RISK_OBSERVATIONS_TOO_FEW', `there are ${days} daily returns${shared}; ${neededDays}`), days };
  }
  return {
    days,
    from: table.times[0],
    to: table.times[days - 1],
    figures: each((method, confidence) => figureOf(method, confidence, table, positions)),
    profits: profitsOf(table, positions),
  };
}

const neededDays = `${LEAST_DAYS} daily returns are needed`;

const each = <Figure>(make: (method: TailMethod, confidence: number) => Figure): Figure[] =>
  CONFIDENCES.flatMap((confidence) => TAIL_METHODS.map((method) => make(method, confidence)));

const refused = (code: string, because: string): Tail => ({
  days: 0,
  from: null,
  to: null,
  figures: each((method, confidence) => ({ method, confidence, code, because })),
  profits: [],
});

function figureOf(
  method: TailMethod,
  confidence: number,
  table: AlignedReturns,
  positions: readonly ValuedPosition[],
): TailFigure | RefusedFigure {
  try {
    const {
      valueAtRisk,
      expectedShortfall,
      positions: parts,
    } = portfolioRisk(method, table, positions, { confidence });
    return {
      method,
      confidence,
      valueAtRisk,
      expectedShortfall,
      positions: parts.map((part) => ({
        symbol: part.instrument,
        value: part.value,
        componentValueAtRisk: part.componentValueAtRisk,
        componentExpectedShortfall: part.componentExpectedShortfall,
        marginalValueAtRisk: part.marginalValueAtRisk,
      })),
    };
  } catch (problem) {
    if (!(problem instanceof PlimsollError)) throw problem;
    return { method, confidence, code: problem.code, because: problem.message };
  }
}

function profitsOf({ times, columns }: AlignedReturns, positions: readonly ValuedPosition[]): Tail['profits'] {
  return Array.from(times, (day, k) => ({
    day,
    profit: positions.reduce((sum, { value }, i) => sum + value * columns[i][k], 0),
  }));
}

/** Days between closes that are more than one apart are longer returns; and the newest may be old. In words. */
export function tailNotes({ days, from, to }: Tail, asOf: number): string[] {
  if (days === 0 || from === null || to === null) return [];
  const span = Math.round((to - from) / DAY_MS) + 1;
  const notes: string[] = [];
  if (span > days)
    notes.push(
      `${span - days} of the ${span} days of history have no close that all instruments held share; returns across them are longer than a day.`,
    );
  if (asOf - (to + DAY_MS) > STALE_DAYS * DAY_MS)
    notes.push(
      `The daily history ends on ${formatInstant(to).slice(0, 10)}: value at risk does not know what came after.`,
    );
  return notes;
}

/** A weekend with a holiday at its end. */
const STALE_DAYS = 4;
