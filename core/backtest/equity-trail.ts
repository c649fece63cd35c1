import type { MarketState } from '../engine/market-state.ts';

/**
 * The equity of an account with one market, kept as what it follows from: between two orders it is money that does not change
 * and a quantity at the close. A few words an order instead of a word a bar; the column is made when somebody wants to see it.
 */
export class EquityTrail {
  #length = 0;
  #bars = new Int32Array(256);
  #money: Float64Array = new Float64Array(256);
  #quantities: Float64Array = new Float64Array(256);

  /** From this bar on, and until the next is added, equity is `money` and what `quantity` is worth. Bars never go back. */
  add(bar: number, money: number, quantity: number): void {
    if (this.#length > 0 && this.#bars[this.#length - 1] === bar) this.#length--;
    if (this.#length === this.#bars.length) this.#grow();
    const at = this.#length++;
    this.#bars[at] = bar;
    this.#money[at] = money;
    this.#quantities[at] = quantity;
  }

  /** Equity at each of the first `count` bars, scaled money. */
  column({ close, valueDivisor }: MarketState, count: number): Float64Array {
    const column = new Float64Array(count);
    for (let s = 0; s < this.#length; s++) {
      const end = s + 1 < this.#length ? this.#bars[s + 1] : count;
      const money = this.#money[s];
      const quantity = this.#quantities[s];
      for (let k = this.#bars[s]; k < end; k++) column[k] = equityAt(money, quantity, close[k], valueDivisor);
    }
    return column;
  }

  #grow(): void {
    const bars = new Int32Array(this.#bars.length * 2);
    bars.set(this.#bars);
    this.#bars = bars;
    this.#money = doubled(this.#money);
    this.#quantities = doubled(this.#quantities);
  }
}

/** Money, and the value of a quantity at a price rounded down: as positions are marked (measure.ts). */
export function equityAt(money: number, quantity: number, price: number, valueDivisor: number): number {
  return quantity === 0 ? money : money + Math.floor((quantity * price) / valueDivisor);
}

function doubled(values: Float64Array): Float64Array {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
}
