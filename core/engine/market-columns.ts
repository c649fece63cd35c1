/**
 * What changes of every market of an account from bar to bar, a column each, by the market's index: to add something up over a
 * hundred markets reads a few kilobytes in order, instead of a hundred objects. {@link MarketState} has them as fields.
 */
export class MarketColumns {
  readonly count: number;
  /** Last price; 0 before the first. */
  readonly lastPrice: Float64Array;
  /** Sum of all strategies' positions. */
  readonly netQuantity: Float64Array;
  /** The strategies' long positions added up, and their short ones (positive): what each side can come to by itself. */
  readonly longQuantity: Float64Array;
  readonly shortQuantity: Float64Array;
  /** Money by which working orders may still raise the position, long and short. */
  readonly reservedBuys: Float64Array;
  readonly reservedSells: Float64Array;
  /** The sums of these two columns. */
  reservedForBuys = 0;
  reservedForSells = 0;
  /** What the net position adds to the cash to give equity, at the last price: money, rounded down. */
  readonly mark: Float64Array;
  /** Scaled quantity × scaled price / this is money. */
  readonly valueDivisor: Float64Array;

  constructor(count: number) {
    this.count = count;
    this.lastPrice = new Float64Array(count);
    this.netQuantity = new Float64Array(count);
    this.longQuantity = new Float64Array(count);
    this.shortQuantity = new Float64Array(count);
    this.reservedBuys = new Float64Array(count);
    this.reservedSells = new Float64Array(count);
    this.mark = new Float64Array(count);
    this.valueDivisor = new Float64Array(count);
  }
}
