/**
 * What a batch said of an earlier bar, as an indicator: predictions of methods that are fitted and asked by a job of their own, and read by the
 * platform from the table that it writes. A bar is given the row of the bar `lag` bars before, exactly that one, so that what is known in a
 * backtest was known in the cycle too.
 */
import { PlimsollError } from '../../errors.ts';
import { type Indicator, type IndicatorSpec, type IndicatorState, indicatorSpec } from '../../indicators/indicator.ts';
import { Delay } from '../../indicators/kernels/delay.ts';
import { CHUNK_BARS } from '../../indicators/memory.ts';
import { priceUnit } from '../../indicators/source.ts';
import type { BarColumns } from '../../market/bars.ts';
import { formatInstant } from '../../market/civil.ts';
import type { Timeframe } from '../../market/timeframe.ts';
import type { BatchRow } from '../../ports/batch-rows.ts';
import { missingPlace, missingText } from './missing.ts';
import type { BatchRows } from './rows.ts';

/** A batch with the version whose rows are read. */
export interface BatchAtHand {
  readonly name: string;
  /** 16 hex digits: the hash of its definition and of the code that makes its rows. */
  readonly version: string;
  /** Bars by which a strategy gets a row late, 1 or more. */
  readonly lag: number;
  /** Of its bars; undefined where a decision is made again, and only what was read then is at hand. */
  readonly timeframe?: Timeframe;
  readonly rows: BatchRows;
}

/** The batch of a name. Throws `BATCH_UNKNOWN`. */
export type BatchesAtHand = (name: string) => BatchAtHand;

/**
 * `value` is what the batch said, NaN where it said nothing; `bar` the open of the bar that it is of, ms UTC; `refused` 0 where there is a value,
 * else why there is none. A strategy is not asked about a bar where there is none.
 */
export type BatchOutput = (typeof BATCH_OUTPUTS)[number];
const BATCH_OUTPUTS = ['value', 'bar', 'refused'] as const;

/** A batch as a strategy declares it, and where batches are at hand with the version that is read. */
export interface BatchSpec extends IndicatorSpec<BatchOutput> {
  readonly batch: string;
  readonly given: BatchAtHand | undefined;
  with(at: BatchesAtHand): BatchSpec;
  on(timeframe: Timeframe): BatchSpec;
}

/** Why there is no value; of a row that has none, {@link MISSING} and the place of its reason. */
const NO_ROW = 1;
const OTHER_BARS = 2;
const NOT_READ = 3;
const MISSING = 10;

/** What a batch of `batches.yaml` said of the bar `lag` bars before each bar. */
export const batch = (name: string): BatchSpec => specOf(name, undefined, undefined);

export const isBatch = (spec: IndicatorSpec): spec is BatchSpec => 'batch' in spec;

/** The specs with their batches given by those at hand. */
export const withBatchesAtHand = <Specs extends Record<string, IndicatorSpec>>(
  specs: Specs,
  at: BatchesAtHand,
): Specs =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, isBatch(spec) ? spec.with(at) : spec]),
  ) as Specs;

function specOf(name: string, given: BatchAtHand | undefined, timeframe: Timeframe | undefined): BatchSpec {
  const create = (): Indicator => {
    if (given) return new LaggedRows(given);
    throw new PlimsollError(
      'BATCH_NOT_AT_HAND',
      `the batch "${name}" is not at hand here`,
      'run the strategy where its table is: the platform, a backtest',
    );
  };
  const parameters = given ? [name, given.version, given.lag] : [name];
  const warmUp = (given?.lag ?? 1) + 1;
  return {
    ...indicatorSpec('batch', parameters, BATCH_OUTPUTS, warmUp, create, timeframe),
    batch: name,
    given,
    with: (at) => specOf(name, at(name), timeframe),
    on: (longer) => specOf(name, given, longer),
  };
}

/**
 * In words, why a batch gives no value. `bar` is its output of that name. They follow from the two numbers alone, since a longer bar is
 * looked at again in cycles that do not read its row.
 */
export function batchRefusal({ name, rows }: BatchAtHand, refused: number, bar: number): string {
  const said = `the batch "${name}"`;
  const of = `the bar of ${formatInstant(bar)}`;
  if (refused === NO_ROW) return `${said} has no row for ${of}: run \`plimsoll models batch ${name}\``;
  if (refused === OTHER_BARS) return `the row of ${said} for ${of} was made from other bars`;
  if (refused === NOT_READ) return `${said} was not read: ${rows.refusal}`;
  return `${said} has no value for ${of}: ${missingText(refused - MISSING)}`;
}

class LaggedRows implements Indicator {
  readonly #rows: BatchRows;
  readonly #times: Delay;
  readonly #closes: Delay;
  #closed = new Float64Array(1);

  constructor({ rows, lag }: BatchAtHand) {
    this.#rows = rows;
    this.#times = new Delay(lag);
    this.#closes = new Delay(lag);
  }

  advance(bars: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): void {
    const [, bar] = out;
    const unit = priceUnit(bars);
    if (to - from > this.#closed.length) this.#closed = new Float64Array(CHUNK_BARS);
    for (let start = from; start < to; start += CHUNK_BARS) {
      const end = Math.min(to, start + CHUNK_BARS);
      this.#times.run(bars.timestamp, start, end, bar, at + start - from);
      this.#closes.run(bars.close, start, end, this.#closed, 0);
      for (let k = 0; k < end - start; k++) this.#answer(this.#closed[k], unit, out, at + start - from + k);
    }
  }

  #answer(close: number, unit: number, [value, bar, refused]: readonly Float64Array[], place: number): void {
    value[place] = Number.NaN;
    refused[place] = Number.NaN;
    if (Number.isNaN(bar[place])) return;
    const row = this.#rows.of(bar[place]);
    refused[place] = refusalOf(row, close, unit);
    if (refused[place] === 0) value[place] = (row as BatchRow).value as number;
  }

  snapshot(): IndicatorState {
    return { times: this.#times.snapshot(), closes: this.#closes.snapshot() };
  }

  restore(state: IndicatorState): void {
    this.#times.restore(state.times as IndicatorState);
    this.#closes.restore(state.closes as IndicatorState);
  }
}

/** Whether a row answers for a bar that closed at `close`, which is scaled by `unit`. */
function refusalOf(row: BatchRow | null | undefined, close: number, unit: number): number {
  if (row === undefined) return NOT_READ;
  if (row === null) return NO_ROW;
  // Prices may have fewer decimals here than those that the row was made from.
  if (Math.round(row.close * unit) !== close) return OTHER_BARS;
  return row.value === null ? MISSING + missingPlace(row.missing) : 0;
}

const SUFFIX = '/batch';

/** As a ledger names it among the models of a strategy: under `NAME/batch`, as `VERSION@LAG`. */
export const batchEntry = ({ name, version, lag }: BatchAtHand): readonly [name: string, version: string] => [
  `${name}${SUFFIX}`,
  `${version}@${lag}`,
];

/** The batch, version and lag of such an entry; undefined for that of a model. */
export function batchInEntry(name: string, text: string): Pick<BatchAtHand, 'name' | 'version' | 'lag'> | undefined {
  if (!name.endsWith(SUFFIX)) return undefined;
  const [version, lag] = text.split('@');
  return { name: name.slice(0, -SUFFIX.length), version, lag: Number(lag) };
}
