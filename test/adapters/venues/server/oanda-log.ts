/**
 * The transactions of an OANDA account, made from what happens in the account at the venue server: ids count up by one, an order's id is
 * that of the transaction that created it, and a refused order leaves a transaction too.
 */
import { isImmediate } from '../../../../core/execution/order.ts';
import { formatDecimal } from '../../../../core/numbers.ts';
import { type AccountTrade, AMOUNT_DECIMALS, type PlacedOrder, type VenueAccount } from './account.ts';

/** The ids before the first order: an account begins with its creation, a configuration and a deposit. */
const FIRST_ID = 4;
const USER_ID = 1_435_156;

export interface Transaction {
  readonly id: number;
  /** ms UTC. */
  readonly time: number;
  /** Not in the log before this. */
  readonly visibleAt: number;
  /** Whose creation, fill or end it is. */
  readonly placed?: PlacedOrder;
  readonly fields: Readonly<Record<string, unknown>>;
}

export const isMarket = ({ order }: PlacedOrder): boolean => order.type === 'market' || isImmediate(order);
export const instrumentName = ({ market }: PlacedOrder): string => `${market.base}_${market.quote}`;

export class OandaLog {
  readonly #account: VenueAccount;
  readonly #accountId: string;
  readonly transactions: Transaction[] = [];
  readonly #created = new Map<PlacedOrder, number>();
  readonly #ended = new Map<PlacedOrder, Transaction>();
  /** Orders whose end was asked for, and why. */
  readonly #reasons = new Map<PlacedOrder, Record<string, unknown>>();
  /** Orders that take another's place. */
  readonly #replaced = new Map<PlacedOrder, string>();
  #trades = 0;

  constructor(account: VenueAccount, accountId: string) {
    this.#account = account;
    this.#accountId = accountId;
  }

  get lastId(): number {
    return FIRST_ID - 1 + this.transactions.length;
  }

  /** Writes down what has happened in the account since the last time. */
  catchUp(now: number): void {
    const { orders, trades } = this.#account;
    const events: { time: number; rank: number; write: () => void }[] = [];
    for (const placed of orders.slice(this.#created.size)) {
      events.push({ time: placed.createdAt, rank: 0, write: () => this.#create(placed) });
    }
    for (const trade of trades.slice(this.#trades)) {
      events.push({ time: trade.time, rank: 1, write: () => this.#fill(trade) });
    }
    this.#trades = trades.length;
    for (const placed of orders) {
      const isOver = placed.order.state === 'Canceled' || placed.order.state === 'Expired';
      const fillsOnce = isMarket(placed) && placed.order.filled > 0;
      if (!isOver || fillsOnce || this.#ended.has(placed)) continue;
      events.push({ time: now, rank: 2, write: () => this.#cancel(placed, now) });
    }
    events.sort((a, b) => a.time - b.time || a.rank - b.rank);
    for (const event of events) event.write();
  }

  idOf(placed: PlacedOrder): number {
    return this.#created.get(placed)!;
  }

  placedOf(id: number): PlacedOrder | undefined {
    return [...this.#created].find(([, one]) => one === id)?.[0];
  }

  endOf(placed: PlacedOrder): Transaction | undefined {
    return this.#ended.get(placed);
  }

  fillOf(placed: PlacedOrder): Transaction | undefined {
    return this.transactions.find((one) => one.placed === placed && one.fields.type === 'ORDER_FILL');
  }

  /** Why the order ends that is canceled next. */
  explain(placed: PlacedOrder, reason: Record<string, unknown>): void {
    this.#reasons.set(placed, reason);
  }

  /** The order takes the place of the one with that id. */
  replaces(placed: PlacedOrder, orderId: string): void {
    this.#replaced.set(placed, orderId);
  }

  /** A transaction that has no order in the account: a refusal, a payment. */
  add(type: string, fields: Record<string, unknown>, time: number): Transaction {
    return this.#append(type, fields, time, time);
  }

  #create(placed: PlacedOrder): void {
    const type = isMarket(placed) ? 'MARKET_ORDER' : `${placed.order.type.toUpperCase()}_ORDER`;
    const replaced = this.#replaced.get(placed);
    const fields = {
      ...requested(placed),
      reason: replaced === undefined ? 'CLIENT_ORDER' : 'REPLACEMENT',
      ...(replaced === undefined ? {} : { replacesOrderID: replaced }),
    };
    this.#created.set(placed, this.#append(type, fields, placed.createdAt, placed.createdAt, placed).id);
  }

  #fill({ placed, side, quantity, price, fee, time, visibleAt }: AccountTrade): void {
    const { market, clientOrderId } = placed;
    const sign = side === 'buy' ? 1 : -1;
    const units = formatDecimal(sign * quantity, market.quantityDecimals);
    const priceText = formatDecimal(price, market.priceDecimals);
    const fields = {
      orderID: String(this.idOf(placed)),
      ...(clientOrderId === '' ? {} : { clientOrderID: clientOrderId }),
      instrument: instrumentName(placed),
      units,
      requestedUnits: formatDecimal(sign * placed.order.quantity, market.quantityDecimals),
      price: priceText,
      fullVWAP: priceText,
      reason: `${isMarket(placed) ? 'MARKET' : placed.order.type.toUpperCase()}_ORDER`,
      pl: '0.0000',
      financing: '0.0000',
      commission: formatDecimal(fee, AMOUNT_DECIMALS),
      guaranteedExecutionFee: '0.0000',
      accountBalance: formatDecimal(this.#account.balances.get(market.quote) ?? 0n, AMOUNT_DECIMALS),
      tradeOpened: { tradeID: String(this.lastId + 1), units, price: priceText },
      halfSpreadCost: '0.0000',
    };
    this.#append('ORDER_FILL', fields, time, visibleAt, placed);
  }

  #cancel(placed: PlacedOrder, now: number): void {
    const fields = {
      orderID: String(this.idOf(placed)),
      ...(placed.clientOrderId === '' ? {} : { clientOrderID: placed.clientOrderId }),
      ...(this.#reasons.get(placed) ?? { reason: endReason(placed) }),
    };
    this.#ended.set(placed, this.#append('ORDER_CANCEL', fields, now, now, placed));
  }

  #append(
    type: string,
    fields: Record<string, unknown>,
    time: number,
    visibleAt: number,
    placed?: PlacedOrder,
  ): Transaction {
    const id = this.lastId + 1;
    const common = { id: String(id), batchID: String(id), accountID: this.#accountId, userID: USER_ID, type };
    const transaction = { id, time, visibleAt, placed, fields: { ...common, ...fields } };
    this.transactions.push(transaction);
    return transaction;
  }
}

function endReason(placed: PlacedOrder): string {
  if (!isMarket(placed)) return 'TIME_IN_FORCE_EXPIRED';
  return placed.order.price === 0 ? 'INSUFFICIENT_LIQUIDITY' : 'BOUNDS_VIOLATION';
}

/** What was asked for, as orders and their transactions repeat it. */
export function requested(placed: PlacedOrder): Record<string, unknown> {
  const { order, market, clientOrderId } = placed;
  const price = (scaled: number): string => formatDecimal(scaled, market.priceDecimals);
  const rests = { triggerCondition: 'DEFAULT', timeInForce: 'GTC' };
  const bounded = order.price === 0 ? {} : { priceBound: price(order.price) };
  const kind = isMarket(placed)
    ? { timeInForce: order.timeInForce === 'fok' ? 'FOK' : 'IOC', ...bounded }
    : { ...rests, price: price(order.type === 'stop' ? order.trigger : order.price) };
  return {
    instrument: instrumentName(placed),
    units: formatDecimal(order.side === 'buy' ? order.quantity : -order.quantity, market.quantityDecimals),
    positionFill: order.reduceOnly ? 'REDUCE_ONLY' : 'REDUCE_FIRST',
    ...kind,
    ...(clientOrderId === '' ? {} : { clientExtensions: { id: clientOrderId } }),
  };
}
