/** Regimes by rules over economic figures, each from the day on which it was published and not from the day that it is of. */
import * as z from 'zod';
import { PlimsollError } from '../../errors.ts';
import { DAY_MS } from '../../market/civil.ts';
import { regimeInvalid } from './regime.ts';

const MAX_OBSERVATIONS = 1_000_000;
const MAX_RULES = 64;
/** Observations of a series that a rule may look back on. */
const MAX_WINDOW = 1_000;

/** A figure as it was published. One that is revised later is a row of its own, with the same `observed` and a later `known`. */
export interface MacroObservation {
  readonly series: string;
  /** Begin of the day or period that it is of, ms UTC. */
  readonly observed: number;
  /** When anyone could know it, ms UTC. */
  readonly known: number;
  readonly value: number;
}

/** A figure of which only the period is known. */
export type UnpublishedObservation = Omit<MacroObservation, 'known'>;

const observations = z.int().min(1).max(MAX_WINDOW);

/** A sign of stress: a measure of a series beyond a level. */
export const macroRuleSchema = z
  .strictObject({
    name: z.string().min(1).max(100),
    series: z.string().min(1).max(100),
    measure: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('level') }),
      /** The last value less that so many observations before it, as a share of the latter. */
      z.strictObject({ kind: z.literal('change'), observations }),
      /** The mean of the last `average` observations less the least such mean of the `observations` before. */
      z.strictObject({ kind: z.literal('rise-from-low'), average: observations, observations }),
    ]),
    /** Stress where the measure is at this level or above it. */
    above: z.number().optional(),
    /** Stress where it is below this level. */
    below: z.number().optional(),
    /** A last figure that was published longer ago says nothing. */
    staleAfterDays: z.number().positive().max(3_660).default(120),
  })
  .refine(({ above, below }) => (above === undefined) !== (below === undefined), { message: 'give above or below' });
export type MacroRule = z.infer<typeof macroRuleSchema>;

/** Of the United States, by their names at FRED. */
export const US_RULES: readonly MacroRule[] = [
  {
    // C. Sahm, Direct Stimulus Payments to Individuals (2019).
    name: 'unemployment rises',
    series: 'UNRATE',
    measure: { kind: 'rise-from-low', average: 3, observations: 12 },
    above: 0.5,
    staleAfterDays: 75,
  },
  {
    // A. Estrella and F. Mishkin, Predicting U.S. Recessions (1998).
    name: 'yield curve inverted',
    series: 'T10Y2Y',
    measure: { kind: 'level' },
    below: 0,
    staleAfterDays: 15,
  },
  {
    name: 'industry shrinks',
    series: 'INDPRO',
    measure: { kind: 'change', observations: 12 },
    below: 0,
    staleAfterDays: 75,
  },
];

/**
 * Dates figures of which only the period is known: `lagDays` after its begin, by series. It stands in for the dates of publication; values
 * that were revised since are still the revised ones, which nobody had. Throws `MACRO_UNDATED` for a series without a lag above 0.
 */
export function withPublicationLag(
  rows: readonly UnpublishedObservation[],
  lagDays: Readonly<Record<string, number>>,
): MacroObservation[] {
  return rows.map((row) => {
    const days = Object.hasOwn(lagDays, row.series) ? lagDays[row.series] : Number.NaN;
    if (!(days > 0 && days <= 3_660)) throw undated(row);
    return { ...row, known: row.observed + days * DAY_MS };
  });
}

/**
 * The regime at each of `times` (ms UTC, ascending) by what was known then: 0 calm where no rule sees stress, 2 turbulent where half of
 * them or more do, else 1 normal; NaN where no rule has figures. Throws `MACRO_UNDATED` where a row has no date of publication later than
 * the date it is of, `REGIME_INPUT_INVALID` otherwise.
 */
export function macroRegimes(
  rows: readonly MacroObservation[],
  rules: readonly MacroRule[],
  times: Float64Array,
): Float64Array {
  assertRows(rows);
  const checked = checkedRules(rules);
  const bad = times.findIndex((time, k) => !Number.isFinite(time) || (k > 0 && time < times[k - 1]));
  if (bad >= 0) throw regimeInvalid(`time ${bad} is ${times[bad]}`, 'pass times in ascending order');
  const stress = checked.map((rule) =>
    stressAt(
      rule,
      rows.filter(({ series }) => series === rule.series),
      times,
    ),
  );
  return times.map((_, t) => {
    const said = stress.map((column) => column[t]).filter((value) => !Number.isNaN(value));
    const signs = said.reduce((sum, value) => sum + value, 0);
    if (said.length === 0) return Number.NaN;
    if (signs === 0) return 0;
    return 2 * signs >= said.length ? 2 : 1;
  });
}

/** 1 where the rule sees stress, 0 where it sees none, NaN where it cannot tell. */
function stressAt(rule: MacroRule, rows: readonly MacroObservation[], times: Float64Array): Float64Array {
  const published = [...rows].sort((a, b) => a.known - b.known || a.observed - b.observed);
  const series = new KnownSeries(windowOf(rule));
  let next = 0;
  return times.map((time) => {
    while (next < published.length && published[next].known <= time) series.publish(published[next++]);
    if (!(time - series.lastPublished <= rule.staleAfterDays * DAY_MS)) return Number.NaN;
    const measure = measureOf(rule, series.values());
    if (Number.isNaN(measure)) return measure;
    return Number(rule.above === undefined ? measure < (rule.below as number) : measure >= rule.above);
  });
}

/** The latest figures of a series as they were known at a time, in order of what they are of. */
class KnownSeries {
  readonly #window: number;
  #figures: { observed: number; value: number }[] = [];
  /** When a figure of the latest period was published. */
  lastPublished = Number.NEGATIVE_INFINITY;

  constructor(window: number) {
    this.#window = window;
  }

  publish({ observed, value, known }: MacroObservation): void {
    const figures = this.#figures;
    let at = figures.length;
    while (at > 0 && figures[at - 1].observed > observed) at--;
    if (at === figures.length) this.lastPublished = known;
    if (at > 0 && figures[at - 1].observed === observed) figures[at - 1].value = value;
    else figures.splice(at, 0, { observed, value });
    if (figures.length > this.#window) figures.shift();
  }

  values(): readonly number[] {
    return this.#figures.map(({ value }) => value);
  }
}

function windowOf({ measure }: MacroRule): number {
  if (measure.kind === 'level') return 1;
  return measure.observations + (measure.kind === 'change' ? 1 : measure.average);
}

function measureOf(rule: MacroRule, values: readonly number[]): number {
  const { measure } = rule;
  if (values.length < windowOf(rule)) return Number.NaN;
  const last = values[values.length - 1];
  if (measure.kind === 'level') return last;
  if (measure.kind === 'change') return (last - values[0]) / Math.abs(values[0]);
  const means = values
    .slice(measure.average - 1)
    .map((_, k) => values.slice(k, k + measure.average).reduce((sum, value) => sum + value, 0) / measure.average);
  return means[means.length - 1] - Math.min(...means.slice(0, -1));
}

function assertRows(rows: readonly MacroObservation[]): void {
  if (rows.length > MAX_OBSERVATIONS)
    throw regimeInvalid(`there are ${rows.length} macro observations`, `pass at most ${MAX_OBSERVATIONS}`);
  for (const row of rows) {
    if (!(row.known > row.observed)) throw undated(row);
    if (!Number.isFinite(row.value) || !Number.isFinite(row.observed))
      throw regimeInvalid(`a figure of ${row.series} is ${row.value} of ${row.observed}`, 'leave out what is missing');
  }
}

function checkedRules(rules: readonly MacroRule[]): readonly MacroRule[] {
  if (rules.length < 1 || rules.length > MAX_RULES)
    throw regimeInvalid(`there are ${rules.length} macro rules`, `pass 1 to ${MAX_RULES}`);
  return rules.map((rule) => {
    const read = macroRuleSchema.safeParse(rule);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    throw regimeInvalid(`a macro rule is not valid (${[...issue.path, issue.message].join(': ')})`, 'correct it');
  });
}

const undated = ({ series }: { readonly series: string }): PlimsollError =>
  new PlimsollError(
    'MACRO_UNDATED',
    `figures of ${series} do not say when they were published: at the date that they are of, nobody knew them`,
    'give each the time at which it was known, or the series a publication lag in days',
  );
