import type { MarketState } from '../engine/market-state.ts';
import type { Position } from '../engine/position.ts';
import type { BarColumns } from '../market/bars.ts';
import type { BarView, PositionView, SeriesView } from './contract.ts';
import type { Track, TrackClock } from './track.ts';

/** The column of a series, and where it gets another one. Not on the series itself: a callback holds it, and the column reaches ahead. */
export let columnOf: (series: Series) => Float64Array;
export let useColumn: (series: Series, column: Float64Array) => void;

/** One output of an indicator, read through its track's clock. */
export class Series implements SeriesView {
  static {
    columnOf = (series) => series.#column;
    useColumn = (series, column) => {
      series.#column = column;
    };
  }

  #column: Float64Array;
  readonly #clock: TrackClock;

  constructor(column: Float64Array, clock: TrackClock) {
    this.#column = column;
    this.#clock = clock;
  }

  get value(): number {
    return this.#column[this.#clock.now];
  }

  get previous(): number {
    return this.#column[this.#clock.before];
  }
}

/** The strategy's latest bar, in plain units: the market's own, or the last completed one of a longer timeframe. */
export class LatestBar implements BarView {
  readonly #market: MarketState;
  readonly #track: Track;

  constructor(market: MarketState, track: Track) {
    this.#market = market;
    this.#track = track;
  }

  #columns(): BarColumns {
    return this.#track.isBase ? this.#market.bars : this.#track.bars;
  }

  #place(): number {
    return this.#track.isBase ? this.#market.at : this.#track.clock.now;
  }

  get timestamp(): number {
    return this.#columns().timestamp[this.#place()];
  }
  get open(): number {
    return this.#columns().open[this.#place()] / this.#market.priceScale;
  }
  get high(): number {
    return this.#columns().high[this.#place()] / this.#market.priceScale;
  }
  get low(): number {
    return this.#columns().low[this.#place()] / this.#market.priceScale;
  }
  get close(): number {
    return this.#columns().close[this.#place()] / this.#market.priceScale;
  }
  get volume(): number {
    return this.#columns().volume[this.#place()];
  }
}

/** The strategy's position in plain units. */
export class HeldPosition implements PositionView {
  readonly #held: Position;
  readonly #market: MarketState;
  readonly #moneyScale: number;

  constructor(held: Position, market: MarketState, moneyScale: number) {
    this.#held = held;
    this.#market = market;
    this.#moneyScale = moneyScale;
  }

  get isLong(): boolean {
    return this.#held.quantity > 0;
  }
  get isShort(): boolean {
    return this.#held.quantity < 0;
  }
  get isFlat(): boolean {
    return this.#held.quantity === 0;
  }
  get quantity(): number {
    return this.#held.quantity / this.#market.quantityScale;
  }
  get entryPrice(): number {
    const { quantity, cost } = this.#held;
    return (cost / quantity) * (this.#market.valueDivisor / this.#market.priceScale);
  }
  get unrealised(): number {
    const { quantity, cost } = this.#held;
    if (quantity === 0) return 0;
    return (Math.floor((quantity * this.#market.lastPrice) / this.#market.valueDivisor) - cost) / this.#moneyScale;
  }
}
