/**
 * What happens to orders at a real venue, written and applied as in bookkeeping.ts: each function appends one event and changes the
 * engine's state by it.
 */
import { invariant } from '../errors.ts';
import { type Arming, EXTERNAL, type LiveAccount, type LiveOrder } from '../execution/live/account.ts';
import type { Order, Side } from '../execution/order.ts';
import {
  addCash,
  begin,
  bookPosition,
  endTrade,
  flowUp,
  notionalOf,
  queueForVenue,
  RECORDS,
  recordDocument,
} from './bookkeeping.ts';
import type { Engine } from './engine.ts';
import type { MarketState } from './market-state.ts';
import type { Position } from './position.ts';
import { release, releaseFilled } from './reservations.ts';

/** The live part of an engine that must have one. */
export function liveOf({ live }: Engine): LiveAccount {
  invariant(live, 'only a live account has orders at a venue');
  return live;
}

/** The order of what was sent; undefined where it is over. */
export const orderOf = (engine: Engine, { order, instrument }: Pick<LiveOrder, 'order' | 'instrument'>) =>
  engine.markets[instrument].orders.find(({ id }) => id === order);

/** The venue is about to be asked for `quantity` under `clientOrderId`. Committed before it is. */
export function prepare(engine: Engine, order: Order, live: LiveOrder, clientOrderId: string, quantity: number): void {
  const text = engine.text(clientOrderId);
  const at = begin(engine, RECORDS.OrderPrepared, 0);
  const words = engine.journal.words;
  words[at] = order.id;
  words[at + 1] = quantity;
  words[at + 2] = text;
  live.phase = 'sending';
  live.sends++;
  live.clientOrderId = clientOrderId;
  // What the venue did not know before this sending says nothing of it.
  live.unclearSince = 0;
  live.unknownAt = 0;
  live.quantity = quantity;
}

/** The venue has it, under an id of its own. */
export function acknowledge(engine: Engine, order: Order, live: LiveOrder, venueOrderId: string): void {
  live.phase = 'known';
  live.unclearSince = 0;
  if (order.state === 'Submitted' || order.state === 'Unresolved') {
    order.to('Accepted');
    writeOrder(engine, RECORDS.OrderAccepted, order);
  }
  if (live.venueOrderId !== '' || venueOrderId === '') return;
  live.venueOrderId = venueOrderId;
  writeOrder(engine, RECORDS.OrderAcknowledged, order, venueOrderId);
}

/** Nobody knows what became of it. An order that is to be canceled stays so. */
export function unresolve(engine: Engine, order: Order, live: LiveOrder, reason: string, clock: number): void {
  live.phase = 'unclear';
  if (clock > 0) live.unclearSince = clock;
  if (order.state === 'Unresolved' || order.state === 'PendingCancel') return;
  order.to('Unresolved');
  writeOrder(engine, RECORDS.OrderUnresolved, order, reason);
}

/** It can no longer come to be. */
export function lose(engine: Engine, order: Order, reason: string): void {
  order.to('Lost');
  writeOrder(engine, RECORDS.OrderLost, order, reason);
  release(engine, order);
}

/** A submitted order stays here: its price is watched. */
export function watchHere(engine: Engine, order: Order, reason: string): void {
  order.to('Accepted');
  writeOrder(engine, RECORDS.OrderWatched, order, reason);
  engine.live?.orders.delete(order.id);
}

/** An order that was watched here goes to the venue. */
export function releaseToVenue(engine: Engine, order: Order, triggered: boolean): void {
  order.to('Submitted');
  order.triggered = triggered;
  const at = begin(engine, RECORDS.OrderReleased, triggered ? 1 : 0);
  const words = engine.journal.words;
  words[at] = order.id;
  words[at + 1] = order.quantity;
  words[at + 2] = order.trigger;
  queueForVenue(engine, order);
}

function writeOrder(engine: Engine, kind: (typeof RECORDS)['OrderAccepted'], order: Order, reason?: string): void {
  const text = reason === undefined ? 0 : engine.text(reason);
  const at = begin(engine, kind, 0);
  engine.journal.words[at] = order.id;
  if (reason !== undefined) engine.journal.words[at + 1] = text;
}

/** A fill as the venue has it, in scaled integers. */
export interface BookedFill {
  /** The venue's id of it. */
  readonly id: string;
  readonly quantity: number;
  readonly price: number;
  /** In money; negative for a rebate. */
  readonly fee: number;
  /** In the base. */
  readonly feeQuantity: number;
  readonly maker: boolean;
  /** ms UTC. */
  readonly time: number;
}

/** A fill of an order of ours; it is complete once all that was asked for has filled. */
export function fillAtVenue(engine: Engine, order: Order, live: LiveOrder, booked: BookedFill): void {
  const { quantity, fee } = booked;
  const market = engine.markets[order.instrument];
  const held = engine.position(order.strategy, order.instrument);
  const buys = order.side === 'buy';
  const before = held.quantity;
  const earned = held.realised - held.fees + held.funding;
  const { realised, notional } = bookFill(engine, order.instrument, held, buys, booked);
  if (before === 0) held.earnedBefore = earned;
  else if (held.quantity === 0 || held.quantity > 0 !== before > 0) endTrade(engine, order, held);
  engine.watch.countFill(order, held);
  order.filled += quantity;
  order.filledNotional += notional + (buys ? fee : 0);
  if (order.carvedFrom !== 0) flowUp(engine, order, quantity, notional + (buys ? fee : 0));
  const complete = order.filled >= live.quantity;
  if (complete) order.to('Filled');
  else if (order.state !== 'PendingCancel') order.to('PartiallyFilled');
  live.phase = 'known';
  live.unclearSince = 0;
  const fill = engine.text(booked.id);
  const at = begin(engine, RECORDS.OrderFilledAtVenue, (booked.maker ? 1 : 0) + (complete ? 2 : 0));
  writeFill(engine, at, order.id, booked, realised, held.quantity, fill);
  releaseFilled(engine, market, order, notional, fee, complete);
}

/** A fill of an order that the ledger does not know. */
export function fillExternally(engine: Engine, instrument: number, side: Side, booked: BookedFill): void {
  const held = liveOf(engine).positionIn(instrument);
  const { realised } = bookFill(engine, instrument, held, side === 'buy', booked);
  const fill = engine.text(booked.id);
  const at = begin(engine, RECORDS.ExternalFilled, (booked.maker ? 1 : 0) + (side === 'sell' ? 2 : 0));
  writeFill(engine, at, instrument, booked, realised, held.quantity, fill);
}

/** A part of a strategy's position in a perpetual that the venue closed, by no order of ours. */
export function closeAtVenue(
  engine: Engine,
  strategy: number,
  instrument: number,
  side: Side,
  booked: BookedFill,
): void {
  const held = engine.position(strategy, instrument);
  const { realised } = bookFill(engine, instrument, held, side === 'buy', booked);
  const fill = engine.text(booked.id);
  const packed = (booked.maker ? 1 : 0) + (side === 'sell' ? 2 : 0) + strategy * 4;
  const at = begin(engine, RECORDS.ClosedAtVenue, packed);
  const words = engine.journal.words;
  words[at] = instrument;
  words[at + 1] = booked.quantity;
  words[at + 2] = booked.price;
  words[at + 3] = booked.fee + 0;
  words[at + 4] = realised + 0;
  words[at + 5] = engine.cash;
  words[at + 6] = held.quantity + 0;
  words[at + 7] = fill;
  words[at + 8] = booked.time;
}

/** Money that the venue settled for a position, in scaled money; `strategy` may be {@link EXTERNAL}. */
export function payAtVenue(
  engine: Engine,
  strategy: number,
  instrument: number,
  amount: number,
  { id, time }: { readonly id: string; readonly time: number },
): void {
  const held = strategy === EXTERNAL ? liveOf(engine).positionIn(instrument) : engine.position(strategy, instrument);
  held.funding += amount;
  addCash(engine, amount);
  const payment = engine.text(id);
  const at = begin(engine, RECORDS.PaidAtVenue, strategy);
  const words = engine.journal.words;
  words[at] = instrument;
  words[at + 1] = amount + 0;
  words[at + 2] = engine.cash;
  words[at + 3] = payment;
  words[at + 4] = time;
}

/**
 * Coins that the venue took (-) or gave (+), scaled, at no price: what is left has cost as much as all of it did. `strategy` may be
 * {@link EXTERNAL}; of another's no more is taken than it holds.
 */
export function payInBaseAtVenue(
  engine: Engine,
  strategy: number,
  instrument: number,
  quantity: number,
  { id, time }: { readonly id: string; readonly time: number },
): void {
  const market = engine.markets[instrument];
  const held = strategy === EXTERNAL ? liveOf(engine).positionIn(instrument) : engine.position(strategy, instrument);
  const realised = movePosition(engine, market, held, quantity);
  const payment = engine.text(id);
  const at = begin(engine, RECORDS.PaidInBaseAtVenue, strategy);
  const words = engine.journal.words;
  words[at] = instrument;
  words[at + 1] = quantity + 0;
  words[at + 2] = realised + 0;
  words[at + 3] = held.quantity + 0;
  words[at + 4] = payment;
  words[at + 5] = time;
}

/** Returns what the last of a position had cost, as a loss; of one that is left, nothing is realised. */
function movePosition(engine: Engine, market: MarketState, held: Position, quantity: number): number {
  const before = held.quantity;
  const after = before + quantity;
  if (before === 0 || after === 0) return bookPosition(engine, market, held, quantity > 0, Math.abs(quantity), 0, 0);
  held.quantity = after;
  market.netQuantity += quantity;
  market.longQuantity += Math.max(0, after) - Math.max(0, before);
  market.shortQuantity += Math.max(0, -after) - Math.max(0, -before);
  return 0;
}

function bookFill(
  engine: Engine,
  instrument: number,
  held: Position,
  buys: boolean,
  { quantity, price, fee, feeQuantity }: BookedFill,
): { realised: number; notional: number } {
  const market = engine.markets[instrument];
  const notional = notionalOf(market, quantity, price, buys);
  const changed = buys ? quantity - feeQuantity : quantity + feeQuantity;
  const realised =
    changed === 0 ? loseToFee(held, notional) : bookPosition(engine, market, held, buys, changed, notional, fee);
  addCash(engine, (market.isPerpetual ? realised : buys ? -notional : notional) - fee);
  return { realised, notional };
}

/** A fee in the base that takes all that was bought: what it cost is lost. */
function loseToFee(held: Position, notional: number): number {
  held.realised -= notional;
  return -notional;
}

function writeFill(
  engine: Engine,
  at: number,
  of: number,
  booked: BookedFill,
  realised: number,
  position: number,
  fill: number,
): void {
  const words = engine.journal.words;
  words[at] = of;
  words[at + 1] = booked.quantity;
  words[at + 2] = booked.price;
  words[at + 3] = booked.fee + 0;
  words[at + 4] = booked.feeQuantity;
  words[at + 5] = realised + 0;
  words[at + 6] = engine.cash;
  words[at + 7] = position + 0;
  words[at + 8] = fill;
  words[at + 9] = booked.time;
}

/** A person arms live trading, or disarms it (undefined). */
export function arm(engine: Engine, arming: Arming | undefined, reason: string): void {
  const live = liveOf(engine);
  const text = engine.text(reason);
  const at = begin(engine, RECORDS.LiveArmed, arming ? 1 : 0);
  const words = engine.journal.words;
  words[at] = arming?.maxOrderNotional ?? 0;
  words[at + 1] = arming?.maxExposure ?? 0;
  words[at + 2] = text;
  live.arming = arming;
  if (!arming) return;
  const { maxOrderNotional = 0, maxExposure = 0 } = live.highestArmed ?? {};
  live.highestArmed = {
    maxOrderNotional: Math.max(maxOrderNotional, arming.maxOrderNotional),
    maxExposure: Math.max(maxExposure, arming.maxExposure),
  };
}

/** Tells a person, once while it stands under `key`. */
export function alert(
  engine: Engine,
  key: string,
  code: string,
  facts: { readonly [name: string]: string | number },
): void {
  const what =
    facts.what ??
    Object.entries(facts)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ');
  const isNew = liveOf(engine).raiseAlert(key, { code, what: String(what), since: engine.time });
  if (isNew) recordDocument(engine, 'VenueAlert', { code, ...facts });
}
