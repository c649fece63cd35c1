/** The fills of a run, read out of its ledger. */
import { codeOf, packedOf, recordsOf, timeOf, wordOf } from '../../backtest/record-fields.ts';
import type { BacktestResult } from '../../backtest/trades.ts';
import { notionalOf } from '../../engine/bookkeeping.ts';
import { NUMERIC_EVENTS } from '../../ledger/events.ts';

export interface Fill {
  /** The cycle, ms UTC: when the bar closed in which it happened. */
  readonly time: number;
  /** Place of the instrument among those of the account. */
  readonly instrument: number;
  /** Base units. */
  readonly quantity: number;
  /** Quantity at its price, in money. */
  readonly notional: number;
}

const INITIALIZED = {
  code: NUMERIC_EVENTS.OrderInitialized.code,
  order: wordOf('OrderInitialized', 'order'),
  instrument: wordOf('OrderInitialized', 'instrument'),
  side: packedOf('OrderInitialized', 'side'),
};
const FILLED = {
  code: NUMERIC_EVENTS.OrderFilled.code,
  order: wordOf('OrderFilled', 'order'),
  quantity: wordOf('OrderFilled', 'quantity'),
  price: wordOf('OrderFilled', 'price'),
};

/** In the order in which they happened. */
export function* fillsOf({ run: { engine } }: BacktestResult): Generator<Fill> {
  const { journal, markets, moneyScale } = engine;
  const { words } = journal;
  const orders = new Map<number, { readonly instrument: number; readonly buys: boolean }>();
  for (const at of recordsOf(journal)) {
    const code = codeOf(words[at]);
    if (code === INITIALIZED.code)
      orders.set(words[at + INITIALIZED.order], {
        instrument: words[at + INITIALIZED.instrument],
        buys: INITIALIZED.side(words[at]) === 0,
      });
    if (code !== FILLED.code) continue;
    const order = orders.get(words[at + FILLED.order]);
    if (!order) continue;
    const market = markets[order.instrument];
    const [quantity, price] = [words[at + FILLED.quantity], words[at + FILLED.price]];
    yield {
      time: timeOf(words, at),
      instrument: order.instrument,
      quantity: quantity / market.quantityScale,
      notional: notionalOf(market, quantity, price, order.buys) / moneyScale,
    };
  }
}
