import { decodeRecord, recordWidth } from '../../ledger/records.ts';
import { formatInstant } from '../../market/civil.ts';
import type { DecisionTrace, IndicatorTrace, Trace } from './trace.ts';

/** The first thing in which two traces differ. */
export interface Difference {
  /** ms UTC of the close of the bar. */
  readonly time: number;
  readonly of: 'indicator' | 'proposal' | 'ledger';
  /** Empty where the ledger differs and nothing of a strategy does. */
  readonly strategy: string;
  readonly symbol: string;
  /** Which indicator and output, `a proposal`, or the kind of the event. */
  readonly what: string;
  /** What the run over all bars has, and what the other one has there. */
  readonly full: string;
  readonly other: string;
}

export interface Compared {
  /** Only what happened up to then is looked at (ms UTC), and never more than both traces have. */
  readonly until?: number;
  /** How much later everything is in the other trace, ms. Ledgers and reasons, which may name times, are then left out. */
  readonly shiftMs?: number;
}

/**
 * The earliest difference between a trace and another one of the same definition. Of several in one bar, that of an indicator comes before
 * that of a proposal, and that before the ledger's: a cause before what it leads to.
 */
export function firstDifference(full: Trace, other: Trace, compared: Compared = {}): Difference | undefined {
  const shiftMs = compared.shiftMs ?? 0;
  const isWhole = full.brokenOff === null && other.brokenOff === null;
  const until = Math.min(
    compared.until ?? Number.POSITIVE_INFINITY,
    full.brokenOff?.at ?? Number.POSITIVE_INFINITY,
    (other.brokenOff?.at ?? Number.POSITIVE_INFINITY) - shiftMs,
  );
  const found = [
    ...full.indicators.map((indicator, k) => ofIndicators(indicator, other.indicators[k], until, shiftMs)),
    ofDecisions(full.decisions, other.decisions, until, shiftMs),
    shiftMs === 0 && isWhole ? ofLedgers(full.ledger, other.ledger, until) : undefined,
  ];
  let first: Difference | undefined;
  for (const each of found) if (each && (first === undefined || each.time < first.time)) first = each;
  return first;
}

function ofIndicators(
  full: IndicatorTrace,
  other: IndicatorTrace | undefined,
  until: number,
  shiftMs: number,
): Difference | undefined {
  // One that is not there at all differs from its first bar on.
  const length = Math.min(full.times.length, other?.times.length ?? full.times.length);
  for (let bar = 0; bar < length && full.times[bar] <= until; bar++) {
    if (other && full.times[bar] + shiftMs !== other.times[bar]) {
      return indicatorDifference(
        full,
        bar,
        'bars',
        formatInstant(full.times[bar]),
        formatInstant(other.times[bar] - shiftMs),
      );
    }
    for (let output = 0; output < full.outputs.length; output++) {
      const there = full.values[output][bar];
      const here = other?.values[output]?.[bar];
      if (here !== undefined && (there === here || (Number.isNaN(there) && Number.isNaN(here)))) continue;
      return indicatorDifference(full, bar, full.outputs[output], String(there), String(here ?? 'not declared'));
    }
  }
  return undefined;
}

const indicatorDifference = (
  { strategy, symbol, name, call, times }: IndicatorTrace,
  bar: number,
  output: string,
  full: string,
  other: string,
): Difference => ({
  time: times[bar],
  of: 'indicator',
  strategy,
  symbol,
  what: `the indicator ${name}.${output}, ${call}`,
  full,
  other,
});

function ofDecisions(
  full: readonly DecisionTrace[],
  other: readonly DecisionTrace[],
  until: number,
  shiftMs: number,
): Difference | undefined {
  for (let k = 0; ; k++) {
    const there = within(full[k], until);
    const found = other[k] && { ...other[k], time: other[k].time - shiftMs };
    const here = within(found, until);
    if (!there && !here) return undefined;
    if (there && here && isSamePlace(there, here)) {
      if (proposed(there, shiftMs) === proposed(here, shiftMs)) continue;
      return decisionDifference(there, there.text, here.text);
    }
    if (here && (!there || here.time < there.time)) return decisionDifference(here, NOTHING, here.text);
    return decisionDifference(there!, there!.text, NOTHING);
  }
}

const NOTHING = 'nothing';

const within = (decision: DecisionTrace | undefined, until: number): DecisionTrace | undefined =>
  decision && decision.time <= until ? decision : undefined;

const isSamePlace = (a: DecisionTrace, b: DecisionTrace): boolean =>
  a.time === b.time && a.symbol === b.symbol && a.strategy === b.strategy;

/** What counts of an answer: all of it, but for its words where all dates were moved, since they may name one. */
function proposed({ text }: DecisionTrace, shiftMs: number): string {
  if (shiftMs === 0 || !/^[[{]/.test(text)) return text;
  return JSON.stringify(JSON.parse(text), (key, value) => (key === 'reason' ? undefined : value));
}

const decisionDifference = ({ time, strategy, symbol }: DecisionTrace, full: string, other: string): Difference => ({
  time,
  of: 'proposal',
  strategy,
  symbol,
  what: 'a proposal',
  full,
  other,
});

/** The two chains of records are walked side by side up to the first word that differs. */
function ofLedgers(full: Float64Array, other: Float64Array, until: number): Difference | undefined {
  let at = 0;
  for (;;) {
    const there = at < full.length && full[at + 1] <= until;
    const here = at < other.length && other[at + 1] <= until;
    if (!there && !here) return undefined;
    if (!there || !here || !isSameRecord(full, other, at)) return ledgerDifference(full, other, at, there, here);
    at += recordWidth(full, at);
  }
}

/** By its bytes: as numbers, the words of a text may be NaN. */
function isSameRecord(full: Float64Array, other: Float64Array, at: number): boolean {
  const width = recordWidth(full, at);
  return recordWidth(other, at) === width && Buffer.compare(bytes(full, at, width), bytes(other, at, width)) === 0;
}

const bytes = ({ buffer, byteOffset }: Float64Array, at: number, width: number): Uint8Array =>
  new Uint8Array(buffer, byteOffset + at * 8, width * 8);

function ledgerDifference(
  full: Float64Array,
  other: Float64Array,
  at: number,
  there: boolean,
  here: boolean,
): Difference {
  const inFull = there ? decodeRecord(full, at) : undefined;
  const inOther = here ? decodeRecord(other, at) : undefined;
  const first = inFull && (!inOther || inFull.cycle <= inOther.cycle) ? inFull : inOther!;
  return {
    time: first.cycle,
    of: 'ledger',
    strategy: '',
    symbol: '',
    what: `the event ${first.kind}`,
    full: inFull ? JSON.stringify(inFull) : NOTHING,
    other: inOther ? JSON.stringify(inOther) : NOTHING,
  };
}
