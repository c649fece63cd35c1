/**
 * What happens, written and applied: each function appends one event to the journal and changes the engine's state by it. No
 * other code does either for orders, cash and positions, so that the ledger and the state cannot part.
 */
import { append } from '../append.ts';
import { invariant } from '../errors.ts';
import { childrenOf, type ParentOrder, parentOf } from '../execution/algorithms/parent-order.ts';
import { closeEnvelopeOver } from '../execution/envelope.ts';
import { ORDER_TYPES, type Order, PURPOSES, SIDES, TIMES_IN_FORCE } from '../execution/order.ts';
import type { Json } from '../json.ts';
import { DOCUMENT_EVENTS, NUMERIC_EVENTS } from '../ledger/events.ts';
import { documentRecord, PACKED_FACTOR, RECORD_WIDTHS, VERSION_FACTOR } from '../ledger/records.ts';
import { EXACT_LIMIT, mulDivCeil, mulDivFloor } from '../numbers.ts';
import { DENIAL_CODES, type DenialCode } from '../risk/denial.ts';
import { TRADING_STATES, type TradingState } from '../risk/trading-state.ts';
import type { Engine } from './engine.ts';
import type { MarketState } from './market-state.ts';
import type { Position } from './position.ts';
import { addExposure, release, releaseFilled } from './reservations.ts';

/** How each record begins, and its width in words. */
export const RECORDS = Object.fromEntries(
  Object.entries(NUMERIC_EVENTS).map(([name, { code, version }]) => [
    name,
    { head: code + version * VERSION_FACTOR, width: RECORD_WIDTHS[code] },
  ]),
) as Record<keyof typeof NUMERIC_EVENTS, { readonly head: number; readonly width: number }>;
const position = <T extends string>(names: readonly T[]): Record<T, number> =>
  Object.fromEntries(names.map((name, index) => [name, index])) as Record<T, number>;
const SIDE = position(SIDES);
const TYPE = position(ORDER_TYPES);
const TIME_IN_FORCE = position(TIMES_IN_FORCE);
const PURPOSE = position(PURPOSES);
const DENIAL = position(DENIAL_CODES);
const STATE = position(TRADING_STATES);

/**
 * Starts a record: its head and its cycle. Returns where its fields begin. The journal may replace its words in the call, so
 * they are read after it and never in the same expression.
 */
export function begin(engine: Engine, kind: (typeof RECORDS)[keyof typeof RECORDS], packed: number): number {
  const at = engine.journal.reserve(kind.width);
  const words = engine.journal.words;
  words[at] = kind.head + packed * PACKED_FACTOR;
  words[at + 1] = engine.time;
  return at + 2;
}

/** Appends an event that carries a document. */
export function recordDocument(engine: Engine, kind: keyof typeof DOCUMENT_EVENTS, body: Json): void {
  const { code, version } = DOCUMENT_EVENTS[kind];
  const record = documentRecord(code, version, engine.time, body);
  const at = engine.journal.reserve(record.length);
  engine.journal.words.set(record, at);
}

/** Money came in (positive) or went out. */
export function moveCash(engine: Engine, amount: number): void {
  addCash(engine, amount);
  const at = begin(engine, RECORDS.CashMoved, 0);
  const words = engine.journal.words;
  words[at] = amount;
  words[at + 1] = engine.cash;
}

/** Risk let an order pass: it exists, and what it may cost is reserved. */
export function initialize(engine: Engine, order: Order, reason: number, reduced: boolean): void {
  const packed =
    SIDE[order.side] +
    2 *
      (TYPE[order.type] +
        8 *
          (TIME_IN_FORCE[order.timeInForce] +
            4 *
              (PURPOSE[order.purpose] +
                8 *
                  ((order.postOnly ? 1 : 0) +
                    2 *
                      ((order.reduceOnly ? 1 : 0) +
                        2 * ((reduced ? 1 : 0) + 2 * (order.strategy + 1_024 * order.offsetBps)))))));
  const at = begin(engine, RECORDS.OrderInitialized, packed);
  const words = engine.journal.words;
  words[at] = order.id;
  words[at + 1] = order.instrument;
  words[at + 2] = reason;
  words[at + 3] = order.quantity;
  words[at + 4] = order.budget;
  words[at + 5] = order.price;
  words[at + 6] = order.trigger;
  words[at + 7] = order.reference;
  words[at + 8] = order.reserved;
  words[at + 9] = order.exposure;
  words[at + 10] = order.parent;
  words[at + 11] = order.group;
  engine.workingOrders++;
  engine.reservedCash += order.reserved;
  addExposure(engine.markets[order.instrument], order, order.exposure);
}

export interface Refusal {
  readonly code: DenialCode;
  /** In the unit of the code; whole numbers. */
  readonly limit: number;
  readonly value: number;
}

/** Risk refused what a strategy proposed. */
export function deny(
  engine: Engine,
  strategy: number,
  instrument: number,
  side: 'buy' | 'sell',
  reason: number,
  quantity: number,
  budget: number,
  refusal: Refusal,
): void {
  const at = begin(engine, RECORDS.OrderDenied, DENIAL[refusal.code] + 256 * (SIDE[side] + 2 * strategy));
  const words = engine.journal.words;
  words[at] = instrument;
  words[at + 1] = reason;
  words[at + 2] = quantity;
  words[at + 3] = budget;
  words[at + 4] = refusal.limit + 0;
  words[at + 5] = refusal.value + 0;
}

export function submit(engine: Engine, order: Order): void {
  order.to('Submitted');
  const at = begin(engine, RECORDS.OrderSubmitted, 0);
  engine.journal.words[at] = order.id;
  if (engine.live !== undefined) awaitVenue(engine, order);
}

/** A venue will be asked for it; a bracket's leg waits here for its entry. */
function awaitVenue(engine: Engine, order: Order): void {
  if (order.parent !== 0) {
    hold(engine, order);
    return;
  }
  rest(engine.markets[order.instrument], order);
  queueForVenue(engine, order);
}

/** From here on it may be sent, by whoever marks it so first. */
export function queueForVenue({ live }: Engine, order: Order): void {
  live?.orders.set(order.id, {
    order: order.id,
    instrument: order.instrument,
    phase: 'prepared',
    sends: 0,
    clientOrderId: '',
    venueOrderId: '',
    quantity: 0,
    unclearSince: 0,
    unknownAt: 0,
    heldUntil: 0,
  });
}

/** The venue has it: it rests in its market. */
export function accept(engine: Engine, order: Order): void {
  order.to('Accepted');
  const at = begin(engine, RECORDS.OrderAccepted, 0);
  engine.journal.words[at] = order.id;
  rest(engine.markets[order.instrument], order);
}

/** A bracket's leg waits at the venue for its entry. */
export function hold(engine: Engine, order: Order): void {
  order.to('Held');
  engine.markets[order.instrument].held.push(order);
}

/** The entry of a bracket has filled: its leg goes to work at `price` and `trigger`. */
export function activate(engine: Engine, order: Order, price: number, trigger: number): void {
  order.to('Accepted');
  order.price = price;
  order.trigger = trigger;
  const at = begin(engine, RECORDS.OrderActivated, 0);
  const words = engine.journal.words;
  words[at] = order.id;
  words[at + 1] = price;
  words[at + 2] = trigger;
  rest(engine.markets[order.instrument], order);
}

function rest(market: MarketState, order: Order): void {
  market.orders = append(market.orders, order);
  closeEnvelopeOver(market);
}

export function reject(engine: Engine, order: Order, reason: string): void {
  const text = engine.text(reason);
  order.to('Rejected');
  const at = begin(engine, RECORDS.OrderRejected, 0);
  engine.journal.words[at] = order.id;
  engine.journal.words[at + 1] = text;
  release(engine, order);
  endWith(engine, order);
}

/** A stop's price was reached: it works as a market or limit order from here on. */
export function trigger(engine: Engine, order: Order): void {
  order.triggered = true;
  const at = begin(engine, RECORDS.OrderTriggered, 0);
  engine.journal.words[at] = order.id;
  engine.journal.words[at + 1] = order.trigger;
}

/** A stop moves: it waits at another price from here on. */
export function moveStop(engine: Engine, order: Order, to: number): void {
  order.trigger = to;
  const at = begin(engine, RECORDS.StopMoved, 0);
  engine.journal.words[at] = order.id;
  engine.journal.words[at + 1] = to;
}

/** Ends an order; one that a venue may have ends when the venue says so, and is asked to be canceled until then. */
export function cancel(engine: Engine, order: Order, reason: string): void {
  if (order.isParent) cancelParent(engine, order, reason);
  else if (engine.live?.isOut(order)) requestCancel(engine, order, reason);
  else endCanceled(engine, order, reason);
}

function requestCancel(engine: Engine, order: Order, reason: string): void {
  if (order.state === 'PendingCancel') return;
  const text = engine.text(reason);
  order.to('PendingCancel');
  const at = begin(engine, RECORDS.OrderPendingCancel, 0);
  engine.journal.words[at] = order.id;
  engine.journal.words[at + 1] = text;
}

/** Ends a parent with its children. Where a venue may have one of them, it ends with the last of them. */
function cancelParent(engine: Engine, parent: Order, reason: string): void {
  for (const child of childrenOf(engine, parent)) cancel(engine, child, reason);
  if (parent.state === 'Canceled') return;
  if (childrenOf(engine, parent).length > 0) requestCancel(engine, parent, reason);
  else endCanceled(engine, parent, reason);
}

/** Ends a parent that was to be canceled and waited for its last child. */
export function endIfAsked(engine: Engine, parent: ParentOrder): void {
  if (parent.state === 'PendingCancel' && childrenOf(engine, parent).length === 0)
    endCanceled(engine, parent, 'its last part is over');
}

/** What the market was at then, so that the ledger alone can say what the rest would have cost. */
function stopAlgorithm(engine: Engine, parent: Order): void {
  const at = begin(engine, RECORDS.AlgorithmStopped, 0);
  engine.journal.words[at] = parent.id;
  engine.journal.words[at + 1] = engine.markets[parent.instrument].lastPrice;
}

/** It is canceled, whoever has it. */
export function endCanceled(engine: Engine, order: Order, reason: string): void {
  if (order.isParent) stopAlgorithm(engine, order);
  const text = engine.text(reason);
  order.to('Canceled');
  const at = begin(engine, RECORDS.OrderCanceled, 0);
  engine.journal.words[at] = order.id;
  engine.journal.words[at + 1] = text;
  release(engine, order);
  endWith(engine, order);
}

export function expire(engine: Engine, order: Order): void {
  order.to('Expired');
  const at = begin(engine, RECORDS.OrderExpired, 0);
  engine.journal.words[at] = order.id;
  release(engine, order);
  endWith(engine, order);
}

/** Legs that wait for an entry end with it, and a parent that waited for its last child. */
function endWith(engine: Engine, entry: Order): void {
  const { held } = engine.markets[entry.instrument];
  if (held.length === 0) return;
  const parent = entry.carvedFrom === 0 ? undefined : parentOf(engine, entry);
  if (parent) endIfAsked(engine, parent);
  for (const leg of held.filter((order) => order.parent === entry.id))
    cancel(engine, leg, 'its entry ended without a fill');
}

/**
 * A fill of `quantity` at `price` (scaled). Cash, fee, position and realised profit follow from it, rounded against us;
 * `complete` ends the order.
 */
export function fill(
  engine: Engine,
  order: Order,
  quantity: number,
  price: number,
  maker: boolean,
  complete: boolean,
): void {
  const market = engine.markets[order.instrument];
  const held = engine.positions[order.strategy * engine.markets.length + order.instrument];
  const buys = order.side === 'buy';
  const notional = notionalOf(market, quantity, price, buys);
  const fee = mulDivCeil(notional, maker ? market.makerFee : market.takerFee, 1_000_000);
  const before = held.quantity;
  const earned = held.realised - held.fees + held.funding;
  const realised = bookPosition(engine, market, held, buys, quantity, notional, fee);
  addCash(engine, (market.isPerpetual ? realised : buys ? -notional : notional) - fee);
  if (before === 0) held.earnedBefore = earned;
  else if (held.quantity === 0 || held.quantity > 0 !== before > 0) endTrade(engine, order, held);
  engine.watch.countFill(order, held);
  order.filled += quantity;
  order.filledNotional += notional + (buys ? fee : 0);
  order.to(complete ? 'Filled' : 'PartiallyFilled');
  if (order.carvedFrom !== 0) flowUp(engine, order, quantity, notional + (buys ? fee : 0));

  const at = begin(engine, RECORDS.OrderFilled, (maker ? 1 : 0) + (complete ? 2 : 0));
  const words = engine.journal.words;
  words[at] = order.id;
  words[at + 1] = quantity;
  words[at + 2] = price;
  words[at + 3] = fee;
  words[at + 4] = realised + 0;
  words[at + 5] = engine.cash;
  words[at + 6] = held.quantity + 0;

  releaseFilled(engine, market, order, notional, fee, complete);
}

/** A fill of a child is one of its parent. */
export function flowUp(engine: Engine, child: Order, quantity: number, notional: number): void {
  const parent = parentOf(engine, child);
  if (!parent) return;
  parent.filled += quantity;
  parent.filledNotional += notional;
  if (parent.state !== 'PendingCancel') parent.to('PartiallyFilled');
}

/** A position takes a quantity and what it cost; returns what closing realised. The cash is the caller's to move. */
export function bookPosition(
  engine: Engine,
  market: MarketState,
  held: Position,
  buys: boolean,
  quantity: number,
  notional: number,
  fee: number,
): number {
  const costBefore = held.cost;
  const before = held.quantity;
  const realised = applyToPosition(held, buys, quantity, notional, engine.time);
  held.realised += realised;
  held.fees += fee;
  market.netQuantity += buys ? quantity : -quantity;
  market.netCost += held.cost - costBefore;
  market.longQuantity += Math.max(0, held.quantity) - Math.max(0, before);
  market.shortQuantity += Math.max(0, -held.quantity) - Math.max(0, -before);
  if (before === 0) engine.openPositions++;
  else if (held.quantity === 0) engine.openPositions--;
  return realised;
}

/** A position was closed, or turned: then the fill's fee is counted to the trade that it ended. */
export function endTrade({ watch, time }: Engine, { strategy, instrument, purpose }: Order, held: Position): void {
  const earned = held.realised - held.fees + held.funding;
  if (watch.followsTrades) {
    const profit = earned - held.earnedBefore;
    const stake = watch.takeStake(strategy, instrument);
    watch.trades.add({ time, strategy, instrument, profit, stopped: purpose === 'stop-loss', stake });
  }
  held.earnedBefore = earned;
}

/** Money of a quantity at a price, rounded against who pays (buyer up) or receives (seller down). */
export function notionalOf(market: MarketState, quantity: number, price: number, buys: boolean): number {
  const scaled = quantity * market.numerator;
  return buys ? mulDivCeil(scaled, price, market.divisor) : mulDivFloor(scaled, price, market.divisor);
}

/** Changes the position by a fill and returns what closing realised: average cost, rounded against us. */
function applyToPosition(held: Position, buys: boolean, quantity: number, notional: number, time: number): number {
  const before = held.quantity;
  const size = Math.abs(before);
  const opens = before === 0 || before > 0 === buys;
  const closed = opens ? 0 : Math.min(size, quantity);
  let realised = 0;
  if (closed > 0) {
    const share = closed === size ? held.cost : mulDivCeil(held.cost, closed, size);
    const part =
      closed === quantity
        ? notional
        : buys
          ? mulDivCeil(notional, closed, quantity)
          : mulDivFloor(notional, closed, quantity);
    realised = buys ? -share - part : part - share;
    held.cost -= share;
    if (closed < quantity) held.cost = buys ? notional - part : part - notional;
  } else {
    held.cost += buys ? notional : -notional;
  }
  held.quantity = before + (buys ? quantity : -quantity);
  held.cost += 0;
  const isNew = before === 0 || (closed < quantity && closed > 0);
  if (isNew) held.openedAt = time;
  if (held.quantity === 0) held.openedAt = 0;
  if (isNew || held.quantity === 0) held.closeAt = 0;
  return realised;
}

export function changeTradingState(engine: Engine, to: TradingState, reason: string): void {
  const text = engine.text(reason);
  const at = begin(engine, RECORDS.TradingStateChanged, STATE[engine.tradingState] + 4 * STATE[to]);
  engine.journal.words[at] = text;
  engine.journal.words[at + 1] = engine.equity;
  engine.tradingState = to;
  engine.stopped = to === 'Active' ? undefined : { reason, since: engine.time };
  // Who resumes accepts the loss: the drawdown is counted from here, or the breaker would trip again at once.
  if (to !== 'Active') return;
  engine.watch.setPeak(engine.equity);
  engine.watch.forgetRepeats();
}

export function pauseStrategy(engine: Engine, strategy: number, paused: boolean, reason: string): void {
  const text = engine.text(reason);
  const at = begin(engine, RECORDS.StrategyPaused, strategy + (paused ? 1_024 : 0));
  engine.journal.words[at] = text;
  engine.paused[strategy] = paused;
  if (paused) engine.pauses.set(strategy, { reason, since: engine.time });
  else engine.pauses.delete(strategy);
}

/** A person halts an instrument, or lets it be traded again. */
export function haltInstrument(engine: Engine, market: MarketState, halted: boolean, reason: string): void {
  const text = engine.text(reason);
  const at = begin(engine, RECORDS.InstrumentHalted, halted ? 1 : 0);
  engine.journal.words[at] = market.index;
  engine.journal.words[at + 1] = text;
  market.halted = halted ? { reason, since: engine.time } : undefined;
}

export function failStrategy(engine: Engine, strategy: number, instrument: number, reason: string): void {
  const text = engine.text(reason);
  const at = begin(engine, RECORDS.StrategyFailed, strategy);
  engine.journal.words[at] = instrument;
  engine.journal.words[at + 1] = text;
}

export function addCash(engine: Engine, amount: number): void {
  engine.cash += amount;
  invariant(engine.cash < EXACT_LIMIT && engine.cash > -EXACT_LIMIT, 'the cash of an account stays below 2^53 units');
}
