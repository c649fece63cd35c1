/** Ledgers written by hand, event by event, for what the fold says of each. */
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { LedgerFold } from '../../../core/ledger/fold.ts';
import type { Discrepancy } from '../../../core/ledger/fold-state.ts';

export const CYCLE = 1_700_000_040_000;
export const SPOT = 0;
export const PERPETUAL = 1;

/** Prices and money have two decimals, quantities three; a taker pays 10 basis points, a maker 5. */
export const listing = (symbol: string, changes: object = {}): object => ({
  symbol,
  type: 'spot',
  multiplier: 1,
  priceDecimals: 2,
  quantityDecimals: 3,
  moneyDecimals: 2,
  makerFeeBps: 5,
  takerFeeBps: 10,
  borrowBpsPerYear: 0,
  ...changes,
});

export class HandWritten {
  readonly fold = new LedgerFold();
  /** Those that held. */
  readonly events: LedgerEvent[] = [];

  /** What is wrong with an event of this kind; undefined where nothing is. */
  try(kind: LedgerEvent['kind'], fields: object = {}): Discrepancy | undefined {
    const event = { kind, version: 1, cycle: CYCLE, ...fields } as LedgerEvent;
    const wrong = this.fold.apply(event);
    if (!wrong) this.events.push(event);
    return wrong;
  }

  /** An event that has to hold. */
  add(kind: LedgerEvent['kind'], fields: object = {}): this {
    const wrong = this.try(kind, fields);
    if (wrong) throw new Error(`${kind}: ${wrong.what} is ${wrong.found}, expected ${wrong.expected}`);
    return this;
  }

  tryOrder(changes: object = {}): Discrepancy | undefined {
    return this.try('OrderInitialized', orderFields(this.fold.account.orders.length + 1, changes));
  }

  /** The next order: by default one that buys 2 at the market, with 200.20 reserved. */
  order(changes: object = {}): this {
    return this.add('OrderInitialized', orderFields(this.fold.account.orders.length + 1, changes));
  }

  /** A fill at a venue whose amounts are those that follow. */
  fillAtVenue(order: number, fields: object): this {
    return this.add('OrderFilledAtVenue', { ...VENUE_FILL, order, ...fields });
  }
}

const orderFields = (order: number, changes: object): object => ({
  side: 'buy',
  type: 'market',
  timeInForce: 'gtc',
  purpose: 'entry',
  postOnly: false,
  reduceOnly: false,
  reduced: false,
  strategy: 0,
  offsetBps: 0,
  order,
  instrument: SPOT,
  reason: 0,
  quantity: '2000',
  budget: '0',
  price: '0',
  trigger: '0',
  reference: '10000',
  reserved: '20020',
  exposure: '20000',
  parent: 0,
  group: 0,
  ...changes,
});

/** 2 bought at 100 for a fee of 0.20, by an account of 10,000. */
export const VENUE_FILL = {
  quantity: '2000',
  price: '10000',
  fee: '20',
  feeQuantity: '0',
  realised: '0',
  cash: '979980',
  position: '2000',
  fill: 0,
  time: CYCLE,
  maker: false,
  complete: true,
} as const;

/** An account of 10,000 with a spot instrument, a perpetual and a strategy. */
export const account = (): HandWritten =>
  new HandWritten()
    .add('StreamOpened', { body: { stream: 'test/hand', currency: 'USD', provenance: 'simulated' } })
    .add('InstrumentListed', { body: { index: SPOT, instrument: listing('A/USD') } })
    .add('InstrumentListed', { body: { index: PERPETUAL, instrument: listing('P/USD', { type: 'linear-perpetual' }) } })
    .add('StrategyRegistered', { body: { index: 0, id: 'one' } })
    .add('ConfigurationApplied', { body: { configurationHash: 'hash', execution: { borrowBpsPerYear: 0 } } })
    .add('CashMoved', { amount: '1000000', cash: '1000000' });
