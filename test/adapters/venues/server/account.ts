/**
 * An account at the venue server, and the little of a market that it needs: a price that the test sets, and how much can be had
 * at it. Orders are those of the matching engine (core/execution/order.ts), with its states and its tests of what rests.
 */
import {
  isImmediate,
  isUntriggeredStop,
  Order,
  type OrderType,
  type Side,
  type TimeInForce,
  worksAtMarket,
} from '../../../../core/execution/order.ts';
import { pow10 } from '../../../../core/numbers.ts';

/** Decimals of every amount of money and of every balance. */
export const AMOUNT_DECIMALS = 8;
const MAKER_BPS = 10n;
const TAKER_BPS = 10n;
/** Of the notional, that a perpetual position needs. */
const MARGIN_DIVISOR = 20n;

export interface AccountMarket {
  readonly base: string;
  readonly quote: string;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
}

export interface Placement {
  readonly clientOrderId: string;
  readonly market: AccountMarket;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  readonly quantity: number;
  readonly price: number;
  readonly trigger: number;
}

export type Refusal = 'duplicate' | 'insufficient' | 'would take' | 'would trigger' | 'reduce only' | 'halted';

export interface PlacedOrder {
  readonly number: number;
  readonly clientOrderId: string;
  readonly market: AccountMarket;
  readonly createdAt: number;
  readonly order: Order;
  /** Shown in place of the status that the venue has for the order's state. */
  statusShown?: string;
}

export interface AccountTrade {
  readonly number: number;
  readonly placed: PlacedOrder;
  readonly side: Side;
  readonly quantity: number;
  readonly price: number;
  /** Scaled by {@link AMOUNT_DECIMALS}. */
  readonly fee: bigint;
  readonly feeAsset: string;
  readonly maker: boolean;
  readonly time: number;
  /** Not in the list of trades before this. */
  readonly visibleAt: number;
}

/** What a replacement may change. */
export interface Change {
  readonly quantity: number;
  readonly price: number;
  readonly trigger: number;
}

/** What has just happened to an order, `trade` where it filled. */
export interface AccountEvent {
  readonly kind: 'accepted' | 'filled' | 'amended' | 'canceled' | 'expired';
  readonly placed: PlacedOrder;
  readonly trade?: AccountTrade;
}

interface Quote {
  price: number;
  available: number;
}

export class VenueAccount {
  readonly #kind: 'spot' | 'perpetual';
  readonly #fees: 'received' | 'quote' | 'later';
  readonly orders: PlacedOrder[] = [];
  readonly trades: AccountTrade[] = [];
  /** Scaled by {@link AMOUNT_DECIMALS}, what orders hold included. */
  readonly balances = new Map<string, bigint>();
  /** By base asset: the position and what it cost, scaled as the market's quantity and as an amount. */
  readonly positions = new Map<string, { market: AccountMarket; quantity: number; cost: bigint }>();
  /** What was settled without a fill, oldest first. */
  readonly funding: { number: number; market: AccountMarket; income: bigint; time: number }[] = [];
  readonly #quotes = new Map<string, Quote>();
  /** Told of every order's events, in their order. */
  readonly observers = new Set<(event: AccountEvent) => void>();
  /** How long the trades that happen now are kept from the list. */
  lateByMs = 0;
  /** Nothing trades. */
  halted = false;
  /** An order that rests fills as a whole, or is canceled where not all of it can be had. */
  fillsWhole = false;

  constructor(kind: 'spot' | 'perpetual', fees: 'received' | 'quote' | 'later') {
    this.#kind = kind;
    this.#fees = fees;
  }

  #tell(event: AccountEvent): void {
    for (const observer of [...this.observers]) observer(event);
  }

  deposit(asset: string, amount: bigint): void {
    this.balances.set(asset, (this.balances.get(asset) ?? 0n) + amount);
  }

  /** The last price, at which `available` can be had (both scaled): stops it reaches are triggered, orders it reaches fill. */
  setPrice(market: AccountMarket, price: number, now: number, available = Number.POSITIVE_INFINITY): void {
    this.#quotes.set(market.base, { price, available });
    for (const placed of this.working().filter((one) => one.market.base === market.base)) {
      if (isUntriggeredStop(placed.order) && reaches(placed.order, price)) this.#trigger(placed, now);
      else if (!isUntriggeredStop(placed.order)) this.#fillResting(placed, now);
    }
  }

  place(placement: Placement, now: number, refuseReachedStops: boolean): PlacedOrder | Refusal {
    if (this.halted) return 'halted';
    if (this.working().some((one) => one.clientOrderId === placement.clientOrderId && one.clientOrderId !== '')) {
      return 'duplicate';
    }
    const quote = this.#quote(placement.market);
    const order = Object.assign(new Order(), withoutMarket(placement));
    const stops = isUntriggeredStop(order);
    const reached = stops && reaches(order, quote.price);
    if (reached && refuseReachedStops) return 'would trigger';
    if (placement.postOnly && crosses(order, quote.price)) return 'would take';
    if (placement.reduceOnly && !this.#reduces(placement)) return 'reduce only';
    if (!placement.reduceOnly && !this.#affords(placement, quote.price)) return 'insufficient';
    return this.#accept(placement, order, now, reached);
  }

  #accept(placement: Placement, order: Order, now: number, reached: boolean): PlacedOrder {
    const { clientOrderId, market } = placement;
    const placed = { number: this.orders.length + 1, clientOrderId, market, createdAt: now, order };
    this.orders.push(placed);
    order.to('Submitted');
    order.to('Accepted');
    this.#tell({ kind: 'accepted', placed });
    if (reached) this.#trigger(placed, now);
    else if (!isUntriggeredStop(order)) this.#take(placed, now);
    return placed;
  }

  /** Taken, and canceled by the venue at once: a post-only order that would take, where the venue says so later. */
  placeInVain(placement: Placement, now: number): PlacedOrder {
    const order = Object.assign(new Order(), withoutMarket(placement));
    const { clientOrderId, market } = placement;
    const placed = { number: this.orders.length + 1, clientOrderId, market, createdAt: now, order };
    this.orders.push(placed);
    order.to('Submitted');
    order.to('Accepted');
    this.#tell({ kind: 'accepted', placed });
    this.cancel(placed);
    return placed;
  }

  /** The order with other numbers, its fills counted; where as much has filled already, it is canceled. */
  amend(placed: PlacedOrder, change: Change, now: number): 'amended' | 'ended' | 'would take' {
    const { order } = placed;
    const last = this.#quote(placed.market).price;
    if (order.postOnly && crosses(Object.assign(new Order(), order, change), last)) return 'would take';
    if (change.quantity <= order.filled) {
      this.cancel(placed);
      return 'ended';
    }
    Object.assign(order, change);
    this.#tell({ kind: 'amended', placed });
    if (!isUntriggeredStop(order)) this.#take(placed, now);
    return 'amended';
  }

  /** By base asset, or `*` for all: when the venue cancels every working order, ms UTC. */
  readonly countdowns = new Map<string, number>();

  /** Starts, starts anew or (with 0 ms) ends a countdown. */
  countDown(scope: string, ms: number, now: number): void {
    if (ms === 0) this.countdowns.delete(scope);
    else this.countdowns.set(scope, now + ms);
  }

  /** Lets what is due by itself come to pass. */
  tick(now: number): void {
    for (const [scope, at] of this.countdowns) {
      if (at > now) continue;
      this.countdowns.delete(scope);
      for (const placed of this.working()) if (scope === '*' || scope === placed.market.base) this.cancel(placed);
    }
  }

  cancel(placed: PlacedOrder): void {
    placed.order.to('PendingCancel');
    placed.order.to('Canceled');
    this.#tell({ kind: 'canceled', placed });
  }

  /** As the venue does it by itself: maintenance, self-trade prevention. */
  expire(placed: PlacedOrder): void {
    placed.order.to('Expired');
    this.#tell({ kind: 'expired', placed });
  }

  working(): PlacedOrder[] {
    return this.orders.filter(({ order }) => order.state === 'Accepted' || order.state === 'PartiallyFilled');
  }

  /** The latest order under an id. */
  byClientId(clientOrderId: string): PlacedOrder | undefined {
    return this.orders.findLast((one) => one.clientOrderId === clientOrderId);
  }

  visibleTrades(now: number): AccountTrade[] {
    return this.trades.filter((trade) => trade.visibleAt <= now);
  }

  /** What working orders hold of an asset. */
  held(asset: string): bigint {
    let held = 0n;
    for (const { market, order } of this.working()) {
      const left = order.quantity - order.filled;
      if (this.#kind === 'perpetual') {
        if (market.quote === asset) held += notional(market, left, order.price) / MARGIN_DIVISOR;
      } else if (order.side === 'sell' && market.base === asset) held += amount(left, market.quantityDecimals);
      else if (order.side === 'buy' && market.quote === asset) {
        held += notional(market, left, order.price || order.trigger);
      }
    }
    return held;
  }

  free(asset: string): bigint {
    const margin = [...this.positions.values()]
      .filter(({ market }) => market.quote === asset)
      .reduce((sum, { cost }) => sum + (cost < 0n ? -cost : cost) / MARGIN_DIVISOR, 0n);
    return (this.balances.get(asset) ?? 0n) - this.held(asset) - margin;
  }

  /** What the test set; undefined before. */
  lastPrice(base: string): number | undefined {
    return this.#quotes.get(base)?.price;
  }

  #quote(market: AccountMarket): Quote {
    const quote = this.#quotes.get(market.base);
    if (quote === undefined) throw new Error(`the test has set no price for ${market.base}`);
    return quote;
  }

  #affords({ market, side, quantity, price, trigger }: Placement, last: number): boolean {
    const money = notional(market, quantity, price || trigger || last);
    if (this.#kind === 'perpetual') return this.free(market.quote) >= money / MARGIN_DIVISOR;
    if (side === 'buy') return this.free(market.quote) >= money;
    return this.free(market.base) >= amount(quantity, market.quantityDecimals);
  }

  #reduces({ market, side, quantity }: Placement): boolean {
    const held = this.positions.get(market.base)?.quantity ?? 0;
    return side === 'sell' ? held >= quantity : -held >= quantity;
  }

  #trigger(placed: PlacedOrder, now: number): void {
    placed.order.triggered = true;
    this.#take(placed, now);
  }

  /** A new order against the price. */
  #take(placed: PlacedOrder, now: number): void {
    const { order } = placed;
    const quote = this.#quote(placed.market);
    const fillable = worksAtMarket(order) || crosses(order, quote.price);
    const whole = quote.available >= order.quantity;
    const goesOn = !worksAtMarket(order) && !isImmediate(order);
    const wantsWhole = order.timeInForce === 'fok' || (this.fillsWhole && goesOn);
    if (fillable && (!wantsWhole || whole)) this.#fill(placed, quote, quote.price, false, now);
    if (order.filled < order.quantity && (!goesOn || (this.fillsWhole && fillable))) this.expire(placed);
  }

  #fillResting(placed: PlacedOrder, now: number): void {
    const quote = this.#quote(placed.market);
    if (!crosses(placed.order, quote.price)) return;
    if (this.fillsWhole && quote.available < placed.order.quantity) this.expire(placed);
    else this.#fill(placed, quote, placed.order.price, true, now);
  }

  #fill(placed: PlacedOrder, quote: Quote, price: number, maker: boolean, now: number): void {
    const { order, market } = placed;
    const quantity = Math.min(order.quantity - order.filled, quote.available);
    if (quantity <= 0) return;
    quote.available -= quantity;
    order.filled += quantity;
    order.to(order.filled === order.quantity ? 'Filled' : 'PartiallyFilled');
    const money = notional(market, quantity, price);
    const received = this.#fees === 'received' && order.side === 'buy';
    const feeAsset = received ? market.base : market.quote;
    const fee =
      this.#fees === 'later'
        ? 0n
        : ((received ? amount(quantity, market.quantityDecimals) : money) * (maker ? MAKER_BPS : TAKER_BPS)) / 10_000n;
    this.#book(placed, quantity, money);
    this.deposit(feeAsset, -fee);
    const number = this.trades.length + 1_000;
    const visibleAt = now + this.lateByMs;
    const { side } = order;
    const trade = { number, placed, side, quantity, price, fee, feeAsset, maker, time: now, visibleAt };
    this.trades.push(trade);
    this.#tell({ kind: 'filled', placed, trade });
  }

  #book({ market, order }: PlacedOrder, quantity: number, money: bigint): void {
    const sign = order.side === 'buy' ? 1 : -1;
    if (this.#kind === 'spot') {
      this.deposit(market.base, amount(sign * quantity, market.quantityDecimals));
      this.deposit(market.quote, BigInt(-sign) * money);
      return;
    }
    const position = this.positions.get(market.base) ?? { market, quantity: 0, cost: 0n };
    this.deposit(market.quote, realise(position, sign * quantity, BigInt(sign) * money));
    this.positions.set(market.base, position);
  }

  /** The venue pays (or charges) what is held, at a rate in millionths of its worth: longs pay where it is positive. */
  fund(market: AccountMarket, rateMillionths: number, now: number): void {
    const { quantity = 0 } = this.positions.get(market.base) ?? {};
    const worth = notional(market, Math.abs(quantity), this.#quote(market).price);
    const income = (worth * BigInt(-Math.sign(quantity) * rateMillionths)) / 1_000_000n;
    this.deposit(market.quote, income);
    this.funding.push({ number: this.funding.length + 1, market, income, time: now });
  }

  /** The venue closes what is held, at the price, by an order of its own. */
  liquidate(market: AccountMarket, now: number): void {
    const { quantity = 0 } = this.positions.get(market.base) ?? {};
    const side = quantity > 0 ? 'sell' : 'buy';
    const kind = {
      type: 'market',
      timeInForce: 'ioc',
      postOnly: false,
      reduceOnly: true,
      price: 0,
      trigger: 0,
    } as const;
    const placement = {
      ...kind,
      market,
      side,
      quantity: Math.abs(quantity),
      clientOrderId: `autoclose-${now}`,
    } as const;
    this.place(placement, now, false);
  }
}

/** Moves a position by a signed quantity and what it cost; returns the profit of the part that it closed. */
function realise(position: { quantity: number; cost: bigint }, change: number, cost: bigint): bigint {
  const { quantity } = position;
  const closes = Math.sign(change) === -Math.sign(quantity) ? Math.min(Math.abs(change), Math.abs(quantity)) : 0;
  const costClosed = closes === 0 ? 0n : (position.cost * BigInt(closes)) / BigInt(Math.abs(quantity));
  const moneyOfClosed = closes === 0 ? 0n : (cost * BigInt(closes)) / BigInt(Math.abs(change));
  position.quantity += change;
  position.cost += cost - moneyOfClosed - costClosed;
  return closes === 0 ? 0n : -moneyOfClosed - costClosed;
}

const reaches = (order: Order, price: number): boolean =>
  order.side === 'buy' ? price >= order.trigger : price <= order.trigger;

const crosses = (order: Order, price: number): boolean =>
  order.price !== 0 && (order.side === 'buy' ? price <= order.price : price >= order.price);

function withoutMarket({ market: _market, clientOrderId: _id, ...rest }: Placement) {
  return rest;
}

/** Of a scaled quantity. */
export const amount = (scaled: number, decimals: number): bigint =>
  BigInt(scaled) * BigInt(pow10(AMOUNT_DECIMALS - decimals));

export function notional({ priceDecimals, quantityDecimals }: AccountMarket, quantity: number, price: number): bigint {
  return (
    (BigInt(quantity) * BigInt(price) * BigInt(pow10(AMOUNT_DECIMALS))) /
    BigInt(pow10(priceDecimals + quantityDecimals))
  );
}
