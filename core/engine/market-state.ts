import type { Order } from '../execution/order.ts';
import { type Bar, type BarColumns, barAt, barsFromRows, emptyBars } from '../market/bars.ts';
import { type Instrument, isMargined } from '../market/instrument.ts';
import { pow10 } from '../numbers.ts';
import type { Limits } from '../risk/limits.ts';
import type { MarketColumns } from './market-columns.ts';

/** Something that was stopped: why, and by whom, and in which cycle (ms UTC). */
export interface Stop {
  readonly reason: string;
  readonly since: number;
}

/** Bars that are averaged where a control compares with what is usual. */
const LOOKBACK_BARS = 20;
const NO_BARS = emptyBars(0, 0);
const NO_PRICES = NO_BARS.open;

/**
 * One instrument at work: its numbers, the bar of this cycle (columns and a position in them: a whole file in a backtest, one
 * bar live), and the orders that rest in it.
 */
export class MarketState {
  readonly index: number;
  readonly instrument: Instrument;
  readonly intervalMs: number;
  readonly priceScale: number;
  readonly quantityScale: number;
  /** Money of `quantity × price` is `quantity × price × numerator / divisor`, in scaled integers. */
  readonly numerator: number;
  readonly divisor: number;
  /** The same as one number, for marks, which are measured and not booked. */
  readonly valueDivisor: number;
  /** Held on margin: a perpetual, or a currency pair. */
  readonly isPerpetual: boolean;
  /** Millionths of the notional. */
  readonly takerFee: number;
  readonly makerFee: number;
  /** Smallest step of a quantity. */
  readonly lot: number;
  readonly tick: number;
  readonly minQuantity: number;
  readonly minNotional: number;
  readonly restricted: boolean;
  /** Of a perpetual: how near its price may come to its liquidation, as a share of the price; 0 for no bound. */
  readonly leastLiquidationDistance: number;
  /** A person's halt of this instrument: nothing is opened in it, and what closes goes on. */
  halted: Stop | undefined = undefined;
  /** Bars that the controls in force average, the latest included. */
  readonly averaged: number;
  /** Bars that they and the sizing methods look back to. */
  readonly lookback: number;

  timestamp: Float64Array = NO_PRICES;
  open: Float64Array = NO_PRICES;
  high: Float64Array = NO_PRICES;
  low: Float64Array = NO_PRICES;
  close: Float64Array = NO_PRICES;
  volume: Float64Array = NO_PRICES;
  bars: BarColumns = NO_BARS;
  length = 0;
  /** The bar of this cycle. */
  at = -1;
  /** Highest and lowest price of the block of bars that the cycle's is in; infinite where they are not known. */
  blockHigh = Number.POSITIVE_INFINITY;
  blockLow = Number.NEGATIVE_INFINITY;

  /** When the bar of the last price closed (ms UTC); 0 before the first. */
  pricedAt = 0;
  /** Sum of the costs of all strategies' positions (perpetuals). */
  netCost = 0;
  readonly #columns: MarketColumns;

  /** Working orders, in order of their ids; legs that wait for an entry, and orders that an algorithm works, are in `held`. */
  orders: Order[] = [];
  held: Order[] = [];
  /** A bar that stays below the one and above the other touches no resting order. */
  touchAbove = Number.POSITIVE_INFINITY;
  touchBelow = Number.NEGATIVE_INFINITY;
  /** Cycle (ms UTC) at which the time of a position may be over, or after which it is; infinite where none has one. */
  closeDue = Number.POSITIVE_INFINITY;

  /** When funding is next due (ms UTC): at once for a perpetual that was never funded, never for anything else. */
  nextFunding: number;
  fundingRateMillionths = 0;

  constructor(
    columns: MarketColumns,
    index: number,
    instrument: Instrument,
    intervalMs: number,
    limits: Limits,
    sizingBars = 1,
  ) {
    this.#columns = columns;
    this.index = index;
    this.instrument = instrument;
    this.intervalMs = intervalMs;
    this.priceScale = pow10(instrument.priceDecimals);
    this.quantityScale = pow10(instrument.quantityDecimals);
    const shift = instrument.priceDecimals + instrument.quantityDecimals - instrument.moneyDecimals;
    const multiplier = fraction(instrument.multiplier);
    this.numerator = multiplier.numerator * (shift < 0 ? pow10(-shift) : 1);
    this.divisor = multiplier.divisor * (shift > 0 ? pow10(shift) : 1);
    this.valueDivisor = this.divisor / this.numerator;
    columns.valueDivisor[index] = this.valueDivisor;
    this.isPerpetual = isMargined(instrument.type);
    this.takerFee = millionths(instrument.takerFeeBps);
    this.makerFee = millionths(instrument.makerFeeBps);
    this.nextFunding = instrument.fundingIntervalMs > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    this.lot = instrument.lotSize ?? 1;
    this.tick = instrument.tickSize ?? 1;
    this.minQuantity = Math.max(this.lot, instrument.minQuantity ?? 1);
    this.minNotional = instrument.minNotional ?? 0;
    this.leastLiquidationDistance = limits.minLiquidationDistance ?? 0;
    this.restricted = limits.restricted.includes(instrument.symbol);
    const looksBack = limits.referenceCollarBps !== undefined || limits.maxShareOfVolume !== undefined;
    this.averaged = looksBack ? LOOKBACK_BARS : 1;
    this.lookback = Math.max(this.averaged, sizingBars);
  }

  // Fields that stand in columns, where they are described.
  get lastPrice(): number {
    return this.#columns.lastPrice[this.index];
  }
  set lastPrice(value: number) {
    this.#columns.lastPrice[this.index] = value;
  }
  get netQuantity(): number {
    return this.#columns.netQuantity[this.index];
  }
  set netQuantity(value: number) {
    this.#columns.netQuantity[this.index] = value;
  }
  get longQuantity(): number {
    return this.#columns.longQuantity[this.index];
  }
  set longQuantity(value: number) {
    this.#columns.longQuantity[this.index] = value;
  }
  get shortQuantity(): number {
    return this.#columns.shortQuantity[this.index];
  }
  set shortQuantity(value: number) {
    this.#columns.shortQuantity[this.index] = value;
  }
  get reservedBuys(): number {
    return this.#columns.reservedBuys[this.index];
  }
  set reservedBuys(value: number) {
    this.#columns.reservedForBuys += value - this.#columns.reservedBuys[this.index];
    this.#columns.reservedBuys[this.index] = value;
  }
  get reservedSells(): number {
    return this.#columns.reservedSells[this.index];
  }
  set reservedSells(value: number) {
    this.#columns.reservedForSells += value - this.#columns.reservedSells[this.index];
    this.#columns.reservedSells[this.index] = value;
  }
  get mark(): number {
    return this.#columns.mark[this.index];
  }
  set mark(value: number) {
    this.#columns.mark[this.index] = value;
  }

  /** The bars at hand; the cursor stands before the first. */
  useBars(bars: BarColumns): void {
    this.bars = bars;
    this.timestamp = bars.timestamp;
    this.open = bars.open;
    this.high = bars.high;
    this.low = bars.low;
    this.close = bars.close;
    this.volume = bars.volume;
    this.length = bars.length;
    this.at = -1;
    this.blockHigh = Number.POSITIVE_INFINITY;
    this.blockLow = Number.NEGATIVE_INFINITY;
  }

  /**
   * The bar of a live cycle, behind those that controls look back to; the cursor stands before it. Each step of the cycle takes the
   * same bar, which counts once.
   */
  useNextBar(bar: Bar): void {
    const earlier = this.lookback === 1 ? [] : this.barsBack().filter(({ timestamp }) => timestamp < bar.timestamp);
    const before = earlier.slice(Math.max(0, earlier.length - this.lookback + 1));
    this.useBars(barsFromRows([...before, bar], this.instrument.priceDecimals));
    this.at = before.length - 1;
  }

  /** The bar of this cycle and those that controls look back to, oldest first. */
  barsBack(): Bar[] {
    const rows: Bar[] = [];
    for (let k = this.#first(this.lookback); k <= this.at; k++) rows.push(barAt(this.bars, k));
    return rows;
  }

  #first(count: number): number {
    return Math.max(0, this.at - count + 1);
  }

  /** Average close of the bars that controls look back to, scaled; NaN before the first. */
  averageClose(): number {
    return average(this.close, this.#first(this.averaged), this.at + 1);
  }

  /** Average volume of them, in units of the base. */
  averageVolume(): number {
    return average(this.volume, this.#first(this.averaged), this.at + 1);
  }

  /** The cycles to come have the bars from `from` to `to`: what rests outside their extremes need not be looked at. */
  enterBlock(from: number, to: number): void {
    const { high, low } = this;
    let highest = Number.NEGATIVE_INFINITY;
    let lowest = Number.POSITIVE_INFINITY;
    for (let k = from; k < to; k++) {
      if (high[k] > highest) highest = high[k];
      if (low[k] < lowest) lowest = low[k];
    }
    this.blockHigh = highest;
    this.blockLow = lowest;
  }
}

function average(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let k = from; k < to; k++) sum += values[k];
  return sum / (to - from);
}

/** Basis points in millionths, up to the next where they are finer: 1.005 is 101. */
export const millionths = (bps: number): number => Math.ceil(bps * 100 - 1e-9) + 0;

/** A contract's multiplier as a fraction of whole numbers: 0.001 is 1 / 1000. */
function fraction(multiplier: number): { numerator: number; divisor: number } {
  for (let decimals = 0; decimals <= 12; decimals++) {
    const numerator = multiplier * pow10(decimals);
    if (Math.abs(numerator - Math.round(numerator)) < 1e-9 * numerator) {
      return { numerator: Math.round(numerator), divisor: pow10(decimals) };
    }
  }
  throw new RangeError(`the multiplier ${multiplier} has more than 12 decimals`);
}
