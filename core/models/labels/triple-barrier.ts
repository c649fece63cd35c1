/**
 * Labels by which of three barriers the price meets first: a profit, a loss, or the end of the time (Lopez de Prado, Advances in
 * Financial Machine Learning, 2018, chapter 3). Unlike there, the highs and lows of bars touch a barrier and not their closes alone.
 *
 * What a bar did first between its open and its close is not recorded. Where it touched both barriers the loss counts, and `touched`
 * says so.
 */
import type { BarColumns } from '../../market/bars.ts';
import {
  assertColumn,
  checkedFraction,
  checkedSpan,
  invalidInput,
  type Labels,
  lastReached,
  refusedParameter,
  type SpanOptions,
  unknownLabels,
} from './labels.ts';

/** What ended a label. */
export const TOUCHED = { unknown: 0, profit: 1, loss: 2, both: 3, vertical: 4 } as const;

/** The widest barrier, as a fraction of the price or a multiple of the volatility. */
export const MAX_WIDTH = 1_000;

export interface TripleBarrierOptions extends SpanOptions {
  /** Bars after which the label ends at the close. */
  readonly verticalBars: number;
  /** Width of the barrier of profit: a multiple of `volatility`, or without one a fraction of the price. Absent: no such barrier. */
  readonly profitWidth?: number;
  /** Width of the barrier of loss, likewise. */
  readonly lossWidth?: number;
  /** One fraction of the price a bar, known at its close ({@link exponentialVolatility}). Where NaN or 0 there is no label. */
  readonly volatility?: Float64Array;
  /** One of 1 (bought), -1 (sold), 0 or NaN (no label) a bar. Absent: bought everywhere, so a label is the way the price went. */
  readonly side?: Float64Array;
  /** The label where time ran out: 0, or the sign of what was gained. 'zero' where absent. */
  readonly atVertical?: 'zero' | 'sign';
}

export interface TripleBarrierLabels extends Labels {
  /** 1 for the profit, -1 for the loss, and for the vertical barrier what `atVertical` says; in the sense of `side`. */
  readonly label: Float64Array;
  /** A value of {@link TOUCHED} a bar. */
  readonly touched: Uint8Array;
  /**
   * What acting on `side` gained, as a fraction of the price before costs: at a barrier its width, at the vertical one the close, and
   * where a bar opened beyond the barrier of loss its open. NaN where the label is not known.
   */
  readonly gain: Float64Array;
}

/** Triple-barrier labels, one a bar. Throws `LABEL_PARAMETER` or `LABEL_INPUT_INVALID`. */
export function tripleBarrier(bars: BarColumns, options: TripleBarrierOptions): TripleBarrierLabels {
  const vertical = checkedSpan('verticalBars', options.verticalBars);
  const profitWidth = checkedWidth('profitWidth', options);
  const lossWidth = checkedWidth('lossWidth', options);
  const { volatility, side, atVertical = 'zero' } = options;
  if (atVertical !== 'zero' && atVertical !== 'sign')
    throw refusedParameter('atVertical', atVertical, "use 'zero' or 'sign'");
  if (volatility !== undefined) assertVolatility(volatility, bars);
  if (side !== undefined) assertSides(side, bars);
  const last = lastReached(bars, options);
  const { label, end } = unknownLabels(bars.length);
  const touched = new Uint8Array(bars.length);
  const gain = new Float64Array(bars.length).fill(Number.NaN);
  for (let i = 0; i < bars.length; i++) {
    const way = side === undefined ? 1 : side[i];
    const scale = volatility === undefined ? 1 : volatility[i];
    if (!(scale > 0 && Math.abs(way) === 1)) continue;
    const entry = bars.close[i];
    const meeting = firstMeeting(bars, i, Math.min(last[i], i + vertical), {
      way,
      profit: profitWidth * scale * entry,
      loss: lossWidth * scale * entry,
    });
    if (meeting !== undefined) {
      end[i] = meeting.bar;
      touched[i] = meeting.touched;
      label[i] = meeting.touched === TOUCHED.profit ? 1 : -1;
      gain[i] = meeting.move / entry;
    } else if (last[i] >= i + vertical) {
      const exit = bars.close[i + vertical];
      const move = way > 0 ? exit - entry : entry - exit;
      end[i] = i + vertical;
      touched[i] = TOUCHED.vertical;
      label[i] = atVertical === 'sign' ? Math.sign(move) : 0;
      gain[i] = move / entry;
    }
  }
  return { label, end, touched, gain };
}

interface Barriers {
  readonly way: number;
  /** Distances from the entry, in the unit of the prices. */
  readonly profit: number;
  readonly loss: number;
}

interface Meeting {
  readonly bar: number;
  readonly touched: 1 | 2 | 3;
  /** From the entry, in the unit of the prices and the sense of the side. */
  readonly move: number;
}

/** The first bar after `from`, up to `to`, that touches a barrier. A price at a barrier touches it. */
function firstMeeting(
  { open, high, low, close }: BarColumns,
  from: number,
  to: number,
  { way, profit, loss }: Barriers,
): Meeting | undefined {
  const entry = close[from];
  for (let bar = from + 1; bar <= to; bar++) {
    const best = way > 0 ? high[bar] - entry : entry - low[bar];
    const worst = way > 0 ? entry - low[bar] : high[bar] - entry;
    if (worst >= loss) {
      const opened = way * (entry - open[bar]);
      return { bar, touched: best >= profit ? TOUCHED.both : TOUCHED.loss, move: -Math.max(loss, opened) };
    }
    if (best >= profit) return { bar, touched: TOUCHED.profit, move: profit };
  }
  return undefined;
}

function checkedWidth(name: 'profitWidth' | 'lossWidth', options: TripleBarrierOptions): number {
  const width = options[name];
  if (width === undefined) return Number.POSITIVE_INFINITY;
  if (typeof width === 'number' && width > 0 && width <= MAX_WIDTH) return width;
  throw refusedParameter(
    name,
    width,
    `use a number above 0, at most ${MAX_WIDTH}, or leave it out for no such barrier`,
  );
}

function assertVolatility(volatility: Float64Array, bars: BarColumns): void {
  assertColumn('volatility', volatility, bars);
  const bad = volatility.findIndex((value) => value < 0 || value === Number.POSITIVE_INFINITY);
  if (bad >= 0)
    throw invalidInput(`the volatility of bar ${bad} is ${volatility[bad]}`, 'pass fractions, NaN for none');
}

function assertSides(side: Float64Array, bars: BarColumns): void {
  assertColumn('side', side, bars);
  const bad = side.findIndex((value) => !(Number.isNaN(value) || value === 0 || Math.abs(value) === 1));
  if (bad >= 0) throw invalidInput(`the side of bar ${bad} is ${side[bad]}`, 'pass 1, -1, and 0 or NaN for none');
}

export interface MetaLabelOptions extends TripleBarrierOptions {
  /** What the primary model says, as in {@link TripleBarrierOptions}. */
  readonly side: Float64Array;
  /** What a gain must exceed to have paid, as a fraction of the price. 0 where absent. */
  readonly costFraction?: number;
}

/**
 * Whether to act on a primary model (Lopez de Prado 2018, section 3.6): 1 where acting on its side gained more than the cost under
 * the three barriers, else 0; NaN where it named no side or the outcome is not known. Throws `LABEL_PARAMETER` or `LABEL_INPUT_INVALID`.
 */
export function metaLabels(bars: BarColumns, { costFraction = 0, ...options }: MetaLabelOptions): TripleBarrierLabels {
  const cost = checkedFraction('costFraction', costFraction);
  if (options.side === undefined) throw invalidInput('there is no primary side', 'pass `side`, one value a bar');
  const barriers = tripleBarrier(bars, options);
  const label = barriers.gain.map((gain) => (Number.isNaN(gain) ? Number.NaN : gain > cost ? 1 : 0));
  return { ...barriers, label };
}
