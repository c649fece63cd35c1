import type { BarColumns } from '../market/bars.ts';
import { CHUNK_BARS } from './memory.ts';
import { checkedChoice, checkOptions } from './parameters.ts';

const PRICE_SOURCES = ['open', 'high', 'low', 'close', 'hl2', 'hlc3'] as const;

/** The price of a bar that an indicator reads: one of the four, (high + low) / 2 or (high + low + close) / 3. */
export type PriceSource = (typeof PRICE_SOURCES)[number];

export interface SourceOptions {
  /** @default 'close' */
  readonly source?: PriceSource;
}

/** The source named in the options; throws `INDICATOR_PARAMETER` where there is no such. */
export function checkedSource(indicator: string, options: SourceOptions): PriceSource {
  checkOptions(indicator, options, ['source']);
  return checkedChoice(indicator, 'source', options.source ?? 'close', PRICE_SOURCES);
}

/** What a source adds to the parameters of a spec: nothing where it is the default. */
export const sourceParameters = (source: PriceSource): readonly string[] => (source === 'close' ? [] : [source]);

// The means are kept as sums, which stay whole numbers: 2 or 3 times the price.
const sums = new Float64Array(CHUNK_BARS);

/**
 * The column that holds the source of bars `from` to `to` (at most a chunk) as whole numbers: divide by
 * {@link sourceUnit} for plain units. The first of them is at {@link sourceStart}. Good until the next call.
 */
export function sourceColumn(source: PriceSource, bars: BarColumns, from: number, to: number): Float64Array {
  if (source === 'hl2') {
    const { high, low } = bars;
    for (let i = from; i < to; i++) sums[i - from] = high[i] + low[i];
    return sums;
  }
  if (source === 'hlc3') {
    const { high, low, close } = bars;
    for (let i = from; i < to; i++) sums[i - from] = high[i] + low[i] + close[i];
    return sums;
  }
  return bars[source];
}

/** Where in {@link sourceColumn} bar `from` lies. */
export const sourceStart = (source: PriceSource, from: number): number =>
  source === 'hl2' || source === 'hlc3' ? 0 : from;

/** What a number of {@link sourceColumn} is divided by to be a price in plain units. */
export function sourceUnit(source: PriceSource, bars: BarColumns): number {
  const unit = priceUnit(bars);
  if (source === 'hl2') return 2 * unit;
  return source === 'hlc3' ? 3 * unit : unit;
}

const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** What a scaled price is divided by to be in plain units: 10^priceDecimals. */
export const priceUnit = (bars: BarColumns): number => POWERS_OF_TEN[bars.priceDecimals];
