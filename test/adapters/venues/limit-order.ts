import type { Instrument } from '../../../core/market/instrument.ts';
import type { VenueOrderRequest } from '../../../core/ports/execution-venue.ts';

/** Of a venue's bench, what an order at it takes. */
export interface OrderingBench {
  readonly instrument: Instrument;
  clientOrderId(id: number): string;
  /** The quantity of an order, in units of the instrument. A hundredth of a whole one without it. */
  readonly unit?: number;
}

/** A limit order to buy one unit, which rests while the price is 45,000 and more. */
export const limitOrder = (
  bench: OrderingBench,
  id = 1,
  change: Partial<VenueOrderRequest> = {},
): VenueOrderRequest => ({
  instrument: bench.instrument,
  clientOrderId: bench.clientOrderId(id),
  side: 'buy',
  type: 'limit',
  timeInForce: 'gtc',
  postOnly: false,
  reduceOnly: false,
  quantity: bench.unit ?? 10 ** bench.instrument.quantityDecimals / 100,
  price: 4_400_000,
  trigger: 0,
  ...change,
});
