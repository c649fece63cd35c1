/**
 * A spot exchange in memory that keeps the sentences of the port and no others: requests are lost on the way there or back, come late
 * (within the validity it states), fills are told late and twice, cancels race with fills, orders end by the exchange's own will, it is
 * closed for minutes, and somebody else trades in the same account.
 */
import { PlimsollError } from '../../core/errors.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import { formatDecimal } from '../../core/numbers.ts';
import type {
  CancelAnswer,
  ExecutionVenuePort,
  QueryAnswer,
  SubmitAnswer,
  VenueBalance,
  VenueCapabilities,
  VenueFill,
  VenueOrder,
  VenueOrderRequest,
  VenueOrderStatus,
  VenueStatus,
} from '../../core/ports/execution-venue.ts';

/** What can go wrong; the harness says how often each does. */
export const VENUE_FAULTS = [
  'submit lost before effect',
  'submit lost after effect',
  'submit live later',
  'submit held back',
  'cancel lost',
  'cancel accepted only',
  'fill before cancel',
  'query unclear',
  'unavailable',
  'fill told late',
  'fill told twice',
  'ended by the venue',
  'traded by another',
  'maintenance',
  'market halted',
] as const;
export type VenueFault = (typeof VENUE_FAULTS)[number];

export interface SimulatedExchangeOptions {
  /** Its name as configured. */
  readonly venue: string;
  readonly capabilities: VenueCapabilities;
  readonly feeIn: 'settlement' | 'base' | 'another';
  /** Longest time that a request is on its way, ms. */
  readonly latestMs: number;
  /** Whether this happens now. */
  readonly happens: (fault: VenueFault) => boolean;
  /** A fraction from 0 to 1. */
  readonly random: () => number;
  /** By asset, in plain units. */
  readonly holds: Readonly<Record<string, number>>;
  /** Told of every order that comes to exist, before it meets the market. */
  readonly onPlaced?: (order: Placed) => void;
}

/** An order at the exchange. */
export interface Placed {
  readonly request: VenueOrderRequest;
  readonly venueOrderId: string;
  readonly isOurs: boolean;
  readonly createdAt: number;
  status: VenueOrderStatus;
  filled: number;
  cancelAt: number;
  triggered: boolean;
}

interface Told {
  readonly fill: VenueFill;
  readonly at: number;
}

const UNITS = 12;
/** Longest time that the exchange is closed for, and that one market is halted for. */
const MAINTENANCE_MS = 180_000;
/** Longest time that a fill is told late by, and that a cancel takes that was only accepted. */
const LATE_FILL_MS = 60_000;
const CANCEL_MS = 70_000;

export class SimulatedExchange implements ExecutionVenuePort {
  readonly venue: string;
  readonly capabilities: VenueCapabilities;
  /** ms UTC; every request takes a while. */
  now = 0;
  readonly placed: Placed[] = [];
  /** Every fill that there was, once, whether it has been told or not. */
  readonly executed: VenueFill[] = [];
  /** Client order ids in the order in which requests reached this machine's end of the line. */
  readonly requested: string[] = [];
  readonly #options: SimulatedExchangeOptions;
  readonly #prices = new Map<string, number>();
  /** In units of 10^-12. */
  readonly #balances = new Map<string, bigint>();
  readonly #onTheWay: { readonly request: VenueOrderRequest; readonly at: number; readonly until: number }[] = [];
  readonly #telling: Told[] = [];
  /** Fills in the order in which they are told. */
  readonly #feed: VenueFill[] = [];
  #ids = 0;
  #closedUntil = 0;
  #cancelAllAt = Number.POSITIVE_INFINITY;
  /** By symbol. */
  readonly #haltedUntil = new Map<string, number>();

  constructor(options: SimulatedExchangeOptions) {
    this.#options = options;
    this.venue = options.venue;
    this.capabilities = options.capabilities;
    for (const [asset, units] of Object.entries(options.holds))
      this.#balances.set(asset, BigInt(Math.round(units * 1_000)) * 10n ** BigInt(UNITS - 3));
  }

  /** Time passes and prices move; resting orders meet them. */
  move(now: number, prices: ReadonlyMap<Instrument, number>): void {
    this.now = Math.max(this.now, now);
    for (const [{ symbol }, price] of prices) this.#prices.set(symbol, price);
    if (this.#happens('maintenance'))
      this.#closedUntil = this.now + Math.floor(MAINTENANCE_MS * this.#options.random());
    if (this.#isClosed) return;
    for (const { symbol } of prices.keys())
      if (this.#happens('market halted'))
        this.#haltedUntil.set(symbol, this.now + Math.floor(MAINTENANCE_MS * this.#options.random()));
    for (const instrument of prices.keys()) if (this.#happens('traded by another')) this.#tradeByAnother(instrument);
    this.#arrive();
    for (const order of this.placed) this.#meet(order);
    for (const order of this.placed)
      if (order.status === 'working' && this.#happens('ended by the venue'))
        order.status = this.#options.random() < 0.5 ? 'canceled' : 'expired';
  }

  /** Orders of others end, so that nothing moves here but what is ours. */
  withdrawOthers(): void {
    for (const order of this.placed) if (!order.isOurs && order.status === 'working') order.status = 'canceled';
  }

  /** What is held of an asset, exactly, in units of 10^-12. */
  balanceOf = (asset: string): bigint => this.#balances.get(asset) ?? 0n;

  async clock(): Promise<number> {
    await this.#travel();
    return this.now;
  }

  /** @param calledAt when the call began, which its validity counts from: now, unless its caller stood still since */
  async submit(request: VenueOrderRequest, calledAt = this.now): Promise<SubmitAnswer> {
    if (!this.capabilities.clientOrderId.test(request.clientOrderId))
      return { kind: 'rejected', reason: 'a malformed client order id' };
    if (this.#happens('submit held back')) return { kind: 'held-back', until: this.now + 100 };
    await this.#passTime();
    const until = calledAt + (this.capabilities.requestValidityMs ?? Number.POSITIVE_INFINITY);
    if (this.now > until) return { kind: 'rejected', reason: 'the request came too late' };
    this.requested.push(request.clientOrderId);
    const lost: SubmitAnswer = { kind: 'unclear', reason: 'no answer in time' };
    if (this.#isClosed || this.#happens('submit lost before effect')) return lost;
    if (this.#happens('submit live later')) {
      const { latestMs, random } = this.#options;
      this.#onTheWay.push({ request, at: this.now + Math.floor(latestMs * random()), until });
      return lost;
    }
    const answer = this.#place(request, true);
    return this.#happens('submit lost after effect') ? lost : answer;
  }

  async cancel(instrument: Instrument, clientOrderId: string): Promise<CancelAnswer> {
    await this.#passTime();
    const order = this.#find(instrument, clientOrderId);
    if (this.#isClosed) return { kind: 'unclear', reason: 'the exchange is closed' };
    if (this.#happens('cancel lost')) {
      if (order?.status === 'working' && this.#options.random() < 0.5) order.status = 'canceled';
      return { kind: 'unclear', reason: 'no answer in time' };
    }
    if (order?.status !== 'working') return { kind: 'unknown' };
    if (this.#happens('fill before cancel')) this.#fill(order, order.request.quantity - order.filled, true);
    if (order.status !== 'working') return { kind: 'unknown' };
    if (this.#happens('cancel accepted only')) {
      order.cancelAt = this.now + CANCEL_MS;
      return { kind: 'accepted' };
    }
    order.status = 'canceled';
    return { kind: 'canceled' };
  }

  async status(instruments: readonly Instrument[]): Promise<VenueStatus> {
    await this.#passTime();
    if (this.#happens('unavailable')) throw unavailable();
    const word = (isHalted: boolean) =>
      isHalted ? ({ state: 'halted', text: 'HALT' } as const) : ({ state: 'open', text: 'TRADING' } as const);
    const markets = instruments.map(({ symbol }) => ({ symbol, ...word(this.#isHalted(symbol)) }));
    return { ...word(this.#isClosed), markets };
  }

  /** Of everything here, as an account-wide switch. */
  async cancelAllAfter(_: readonly Instrument[], ms: number): Promise<void> {
    await this.#travel();
    this.#cancelAllAt = ms === 0 ? Number.POSITIVE_INFINITY : this.now + ms;
  }

  async query(instrument: Instrument, clientOrderId: string): Promise<QueryAnswer> {
    await this.#passTime();
    if (this.#isClosed || this.#happens('query unclear')) return { kind: 'unclear', reason: 'no answer in time' };
    const order = this.#find(instrument, clientOrderId);
    return order ? { kind: 'found', order: this.#shown(order) } : { kind: 'unknown' };
  }

  async openOrders(): Promise<VenueOrder[]> {
    await this.#travel();
    return this.placed.filter(({ status }) => status === 'working').map((order) => this.#shown(order));
  }

  async fills(_: readonly Instrument[], since: number, cursor: string | undefined) {
    await this.#travel();
    const from = Number(cursor ?? 0);
    const fills = this.#feed.slice(from).filter((fill) => cursor !== undefined || fill.time >= since);
    return { fills, cursor: String(this.#feed.length) };
  }

  async balances(): Promise<VenueBalance[]> {
    await this.#travel();
    return [...this.#balances].map(([asset, units]) => ({
      asset,
      free: formatDecimal(units, UNITS),
      held: formatDecimal(0n, UNITS),
    }));
  }

  async positions(): Promise<[]> {
    await this.#travel();
    return [];
  }

  async close(): Promise<void> {}

  get #isClosed(): boolean {
    return this.now < this.#closedUntil;
  }

  #isHalted = (symbol: string): boolean => this.now < (this.#haltedUntil.get(symbol) ?? 0);

  readonly #happens = (fault: VenueFault): boolean => this.#options.happens(fault);

  async #passTime(): Promise<void> {
    await Promise.resolve();
    this.now += Math.floor(this.#options.random() * 300);
    this.#arrive();
  }

  async #travel(): Promise<void> {
    await this.#passTime();
    if (this.#isClosed || this.#happens('unavailable')) throw unavailable();
  }

  /** Requests that were on their way, cancels that were accepted, and fills that were not told yet. */
  #arrive(): void {
    for (const late of this.#onTheWay.splice(0)) {
      if (late.at > this.now) this.#onTheWay.push(late);
      else if (late.at <= late.until) this.#place(late.request, true);
    }
    for (const order of this.placed)
      if (order.status === 'working' && order.cancelAt > 0 && order.cancelAt <= this.now) order.status = 'canceled';
    if (this.now >= this.#cancelAllAt) {
      this.#cancelAllAt = Number.POSITIVE_INFINITY;
      for (const order of this.placed) if (order.status === 'working') order.status = 'canceled';
    }
    for (const told of this.#telling.splice(0)) {
      if (told.at > this.now) this.#telling.push(told);
      else this.#feed.push(told.fill);
    }
  }

  #place(request: VenueOrderRequest, isOurs: boolean): SubmitAnswer {
    const { clientOrderIdReuse } = this.capabilities;
    const same = this.placed.filter((order) => order.request.clientOrderId === request.clientOrderId);
    const isRefused =
      clientOrderIdReuse === 'never'
        ? same.length > 0
        : clientOrderIdReuse === 'after-close' && same.some(({ status }) => status === 'working');
    if (isRefused && request.clientOrderId !== '') return { kind: 'duplicate' };
    if (this.#isHalted(request.instrument.symbol)) return { kind: 'rejected', reason: 'the market is halted' };
    if (!this.#isCovered(request)) return { kind: 'rejected', reason: 'insufficient balance' };
    const order: Placed = {
      request,
      venueOrderId: `V${++this.#ids}`,
      isOurs,
      createdAt: this.now,
      status: 'working',
      filled: 0,
      cancelAt: 0,
      triggered: false,
    };
    this.placed.push(order);
    this.#options.onPlaced?.(order);
    this.#meet(order);
    return { kind: 'accepted', venueOrderId: order.venueOrderId };
  }

  #isCovered({ instrument, side, quantity, price, trigger }: VenueOrderRequest): boolean {
    const at = price || trigger || (this.#prices.get(instrument.symbol) ?? 0);
    const needed = side === 'buy' ? moneyOf(instrument, quantity, at) : baseOf(instrument, quantity);
    return this.balanceOf(side === 'buy' ? instrument.quote : instrument.base) >= needed;
  }

  /** A market order fills at once, sometimes in parts; a limit order where the price has come to it. */
  #meet(order: Placed): void {
    const { type, side, price, trigger, quantity, instrument } = order.request;
    if (order.status !== 'working' || this.#isHalted(instrument.symbol)) return;
    const last = this.#prices.get(instrument.symbol) ?? 0;
    if (type === 'stop' && !order.triggered) {
      order.triggered = side === 'sell' ? last <= trigger : last >= trigger;
      if (!order.triggered) return;
    }
    if (type === 'limit' && (side === 'buy' ? last > price : last < price)) return;
    const rest = quantity - order.filled;
    const isPart = this.#options.random() < 0.3 && rest > 1;
    this.#fill(order, isPart ? Math.ceil(rest * this.#options.random()) : rest, type === 'limit');
    if (type === 'market' && order.status === 'working' && this.#options.random() < 0.5) order.status = 'canceled';
  }

  #fill(order: Placed, quantity: number, maker: boolean): void {
    const { instrument, side, clientOrderId, price: limit } = order.request;
    const price = maker
      ? limit || (this.#prices.get(instrument.symbol) ?? 0)
      : (this.#prices.get(instrument.symbol) ?? 0);
    const buys = side === 'buy';
    const money = moneyOf(instrument, quantity, price);
    const base = baseOf(instrument, quantity);
    const covered = buys
      ? this.balanceOf(instrument.quote) >= money + money / 500n
      : this.balanceOf(instrument.base) >= base;
    if (!covered) {
      order.status = 'canceled';
      return;
    }
    const { feeIn } = this.#options;
    const feeAsset = feeIn === 'base' && buys ? instrument.base : feeIn === 'another' ? 'BNB' : instrument.quote;
    const fee = feeAsset === instrument.base ? base / 1_000n : money / 1_000n;
    this.#add(instrument.quote, buys ? -money : money);
    this.#add(instrument.base, buys ? base : -base);
    this.#add(feeAsset, -fee);
    order.filled += quantity;
    if (order.filled === order.request.quantity) order.status = 'filled';
    const fill: VenueFill = {
      id: `F${++this.#ids}`,
      symbol: instrument.symbol,
      venueOrderId: order.venueOrderId,
      clientOrderId: this.#options.random() < 0.5 ? clientOrderId : '',
      side,
      quantity,
      price,
      fee: formatDecimal(fee, UNITS),
      feeAsset,
      maker,
      time: this.now,
    };
    this.executed.push(fill);
    this.#tell(fill);
    if (this.#happens('fill told twice')) this.#tell(fill);
  }

  #tell(fill: VenueFill): void {
    if (this.#happens('fill told late')) {
      this.#telling.push({ fill, at: this.now + Math.floor(LATE_FILL_MS * this.#options.random()) });
    } else this.#feed.push(fill);
  }

  #tradeByAnother(instrument: Instrument): void {
    const last = this.#prices.get(instrument.symbol) ?? 0;
    const type = this.#options.random() < 0.5 ? 'market' : 'limit';
    this.#place(
      {
        instrument,
        clientOrderId: '',
        side: 'buy',
        type,
        timeInForce: 'gtc',
        postOnly: false,
        reduceOnly: false,
        quantity: 10,
        price: type === 'limit' ? Math.floor(last * 0.99) : 0,
        trigger: 0,
      },
      false,
    );
  }

  #find({ symbol }: Instrument, clientOrderId: string): Placed | undefined {
    return this.placed.findLast(
      ({ request }) => request.instrument.symbol === symbol && request.clientOrderId === clientOrderId,
    );
  }

  #shown({ request, venueOrderId, status, filled, createdAt }: Placed): VenueOrder {
    const { instrument, clientOrderId, side, quantity, price, trigger } = request;
    const { symbol } = instrument;
    return {
      symbol,
      venueOrderId,
      clientOrderId,
      side,
      status,
      statusText: status,
      quantity,
      filled,
      price,
      trigger,
      createdAt,
    };
  }

  #add(asset: string, units: bigint): void {
    this.#balances.set(asset, this.balanceOf(asset) + units);
  }
}

const unavailable = (): PlimsollError =>
  new PlimsollError('VENUE_UNAVAILABLE', 'the venue did not answer', 'it is asked again');

/** In units of 10^-12. */
const moneyOf = ({ quantityDecimals, priceDecimals }: Instrument, quantity: number, price: number): bigint =>
  BigInt(quantity) * BigInt(price) * 10n ** BigInt(UNITS - quantityDecimals - priceDecimals);
const baseOf = ({ quantityDecimals }: Instrument, quantity: number): bigint =>
  BigInt(quantity) * 10n ** BigInt(UNITS - quantityDecimals);
