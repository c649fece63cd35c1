/** What the venue says of orders and fills, taken over into the ledger. */
import { endCanceled, expire, notionalOf, recordDocument, reject } from '../../engine/bookkeeping.ts';
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import {
  acknowledge,
  alert,
  type BookedFill,
  fillAtVenue,
  liveOf,
  lose,
  orderOf,
  unresolve,
} from '../../engine/venue-bookkeeping.ts';
import { PlimsollError } from '../../errors.ts';
import { EXACT_LIMIT } from '../../numbers.ts';
import type {
  QueryAnswer,
  VenueCapabilities,
  VenueFill,
  VenueOrder,
  VenuePayment,
} from '../../ports/execution-venue.ts';
import { forbids, reduceUnlessHalted } from '../../risk/kill-switch.ts';
import { afterFill } from '../after-fill.ts';
import type { Order } from '../order.ts';
import { LIVE_BOUNDS, type LiveOrder } from './account.ts';
import { COMPARED_DECIMALS, comparable, scaledOf, unitsOf } from './amounts.ts';
import { missProtection } from './answers.ts';
import { takePayment } from './payments.ts';
import { takeExternal } from './perpetuals.ts';
import { resolutionOf } from './resolve.ts';

/** What a venue said, each thing asked after the one before it. */
export interface VenueFacts {
  /** The venue's clock (ms UTC), before everything else. */
  readonly clock: number;
  readonly openOrders: readonly VenueOrder[];
  /** About the orders that are out, by their number. */
  readonly answers: ReadonlyMap<number, QueryAnswer>;
  readonly fills: readonly VenueFill[];
  readonly cursor: string;
  /** Undefined where the account holds nothing that any are made for. */
  readonly payments: { readonly payments: readonly VenuePayment[]; readonly cursor: string } | undefined;
}

/**
 * Orders first, as far as their state does not wait for fills; then fills; then the orders that these have completed. False where a
 * fill has to wait for an order to be known.
 */
export function takeOver(engine: Engine, facts: VenueFacts, capabilities: VenueCapabilities): boolean {
  meetOrders(engine, facts.answers);
  noteUnknown(engine, facts);
  const isComplete = takeFills(engine, facts.fills, facts.cursor, facts.payments?.payments);
  if (facts.payments) liveOf(engine).paymentCursor = facts.payments.cursor;
  takeAnswers(engine, facts.answers, facts.clock, capabilities);
  adoptOrders(engine, facts.openOrders);
  return isComplete;
}

/** What the venue says of single orders; one that has filled further than the ledger knows waits for its fills. */
export function takeAnswers(
  engine: Engine,
  answers: ReadonlyMap<number, QueryAnswer>,
  clock: number,
  capabilities: VenueCapabilities,
): void {
  meetOrders(engine, answers);
  for (const [id, answer] of answers) {
    const sent = liveOf(engine).orders.get(id);
    if (sent) resolve(engine, sent, answer, clock, capabilities);
  }
}

function meetOrders(engine: Engine, answers: ReadonlyMap<number, QueryAnswer>): void {
  for (const [id, answer] of answers) {
    const sent = liveOf(engine).orders.get(id);
    if (sent && answer.kind === 'found' && answer.order.status !== 'rejected') meet(engine, sent, answer.order);
  }
}

function noteUnknown(engine: Engine, { answers, clock }: VenueFacts): void {
  for (const [id, answer] of answers) {
    const sent = liveOf(engine).orders.get(id);
    if (sent && answer.kind === 'unknown') sent.unknownAt = clock;
  }
}

function meet(engine: Engine, live: LiveOrder, found: VenueOrder): void {
  const order = orderOf(engine, live);
  if (order) acknowledge(engine, order, live, found.venueOrderId);
}

function resolve(
  engine: Engine,
  live: LiveOrder,
  answer: QueryAnswer,
  clock: number,
  capabilities: VenueCapabilities,
): void {
  const order = orderOf(engine, live);
  if (!order) return;
  const isWantedStill = order.reduceOnly && order.state !== 'PendingCancel' && !forbids(engine, order);
  const { settings } = liveOf(engine);
  const resolution = resolutionOf({ live, filled: order.filled, isWantedStill }, answer, clock, capabilities, settings);
  if (resolution === 'ended' && answer.kind === 'found') end(engine, order, answer.order);
  else if (resolution === 'unrecognised' && answer.kind === 'found') doubt(engine, order, answer.order);
  else if (resolution === 'unclear') unresolve(engine, order, live, 'the venue does not know it', clock);
  else if (resolution === 'resend') live.phase = 'prepared';
  else if (resolution === 'lost') giveUp(engine, order, live, capabilities);
}

/** The venue's last word. What was asked to be canceled, or asked for at once, ends as expected; anything else is told. */
function end(engine: Engine, order: Order, { status, statusText }: VenueOrder): void {
  const wasAsked = order.state === 'PendingCancel';
  if (status === 'expired') expire(engine, order);
  else if (status === 'rejected' && order.filled === 0) reject(engine, order, `the venue: ${statusText}`);
  else endCanceled(engine, order, wasAsked ? 'as it was asked to be' : `the venue: ${statusText}`);
  if (!wasAsked && order.purpose === 'stop-loss') missProtection(engine, order, `the venue: ${statusText}`);
}

function doubt(engine: Engine, order: Order, { statusText, symbol, venueOrderId }: VenueOrder): void {
  liveOf(engine).reconciled = false;
  const facts = { order: order.id, symbol, venueOrderId, status: statusText };
  alert(engine, `status ${order.id} ${statusText}`, 'ORDER_STATUS_UNRECOGNISED', facts);
}

function giveUp(engine: Engine, order: Order, sent: LiveOrder, { requestValidityMs }: VenueCapabilities): void {
  const live = liveOf(engine);
  const { clientOrderId, instrument } = sent;
  live.lost = [...live.lost, { order: order.id, instrument, clientOrderId }].slice(-LIVE_BOUNDS.lost);
  if (order.purpose !== 'stop-loss') engine.position(order.strategy, instrument).target = Number.NaN;
  const isProven = requestValidityMs !== undefined;
  // An order that the venue had known is over there, and forgotten; what it filled came with the fills.
  if (sent.venueOrderId !== '') endCanceled(engine, order, 'the venue no longer knows it');
  else lose(engine, order, isProven ? 'the venue took no such order in time' : 'the venue has not known it for long');
  if (order.purpose === 'stop-loss') missProtection(engine, order, 'the venue does not know it');
  if (isProven) return;
  const { symbol } = engine.markets[instrument].instrument;
  alert(engine, `lost ${order.id}`, 'ORDER_LOST_WITHOUT_PROOF', { order: order.id, symbol, clientOrderId });
}

/** Throws `VENUE_ANSWER_MALFORMED` for fills that cannot be, before anything of them is taken. */
export function assertFills(engine: Engine, fills: readonly VenueFill[]): void {
  for (const fill of fills) {
    const market = engine.markets.find(({ instrument }) => instrument.symbol === fill.symbol);
    if (market) bookedOf(market, fill);
  }
}

/**
 * Books fills, each once, and moves the cursor past them: both are kept in one commit. One that names its order by an id that is not
 * known here, while an order of ours may be the one, waits, and the cursor with it; false then.
 */
export function takeFills(
  engine: Engine,
  fills: readonly VenueFill[],
  cursor: string,
  payments: readonly VenuePayment[] = [],
): boolean {
  const live = liveOf(engine);
  let isComplete = true;
  let paid = 0;
  // A payment is for what was held at its time.
  const payUntil = (time: number): void => {
    for (; paid < payments.length && payments[paid].time <= time; paid++) takePayment(engine, payments[paid]);
  };
  for (const fill of fills) {
    payUntil(fill.time);
    const market = engine.markets.find(({ instrument }) => instrument.symbol === fill.symbol);
    // Of before the account began at the venue: part of what it holds beyond the ledger.
    if (!market || fill.time < live.fillsSince) continue;
    if (mayBeOurs(engine, market, fill)) isComplete = false;
    else if (live.takeFill(`${fill.symbol} ${fill.id}`)) takeFill(engine, market, fill, bookedOf(market, fill));
  }
  payUntil(Number.POSITIVE_INFINITY);
  if (isComplete) live.fillCursor = cursor;
  return isComplete;
}

/** Whether a fill that says no client order id may be of an order whose id at the venue is not known yet. */
function mayBeOurs(engine: Engine, market: MarketState, fill: VenueFill): boolean {
  if (fill.clientOrderId !== '' || sentAs(engine, market, fill)) return false;
  for (const sent of liveOf(engine).orders.values()) {
    if (sent.instrument !== market.index || sent.venueOrderId !== '' || sent.clientOrderId === '') continue;
    // What the venue did not know then has no fill of before.
    if (fill.time >= sent.unknownAt && orderOf(engine, sent)?.side === fill.side) return true;
  }
  return false;
}

function takeFill(engine: Engine, market: MarketState, fill: VenueFill, booked: BookedFill): void {
  const sent = sentAs(engine, market, fill);
  const order = sent && orderOf(engine, sent);
  keepRounding(engine, market, fill, booked);
  if (fill.feeAtMost !== undefined) {
    liveOf(engine).feesToCome.expect(fill.feeAsset, unitsOf(fill.feeAtMost, COMPARED_DECIMALS), fill.time);
  }
  if (sent && order && order.side === fill.side) fillOurs(engine, market, order, sent, booked);
  else {
    takeExternal(engine, market, fill, booked);
    const { symbol, venueOrderId, clientOrderId } = fill;
    alert(engine, `fill ${symbol} ${fill.id}`, 'EXTERNAL_FILL', { symbol, venueOrderId, clientOrderId, fill: fill.id });
  }
  const { base, settlement } = market.instrument;
  if (fill.feeAsset === settlement || fill.feeAsset === base || !isSome(fill.fee)) return;
  alert(engine, `fee ${fill.feeAsset}`, 'FEE_IN_ANOTHER_ASSET', { asset: fill.feeAsset, fee: fill.fee, fill: fill.id });
  reduceUnlessHalted(engine, `the venue takes fees in ${fill.feeAsset}, which the ledger does not count`);
}

/** The ledger rounds a fill against the account; what that leaves at the venue is remembered, so that balances compare exactly. */
function keepRounding(engine: Engine, market: MarketState, fill: VenueFill, booked: BookedFill): void {
  const { base, settlement, moneyDecimals, quantityDecimals } = market.instrument;
  const { quantity, price, fee, feeQuantity } = booked;
  const buys = fill.side === 'buy';
  const notional = comparable(notionalOf(market, quantity, price, buys), moneyDecimals);
  const value = BigInt(quantity) * BigInt(price) * BigInt(market.numerator);
  const exact = (value * 10n ** BigInt(COMPARED_DECIMALS - moneyDecimals)) / BigInt(market.divisor);
  const live = liveOf(engine);
  live.addRounding(settlement, buys ? notional - exact : exact - notional);
  const paid = unitsOf(fill.fee, COMPARED_DECIMALS);
  if (fill.feeAsset === settlement) live.addRounding(settlement, comparable(fee, moneyDecimals) - paid);
  else if (fill.feeAsset === base) live.addRounding(base, comparable(feeQuantity, quantityDecimals) - paid);
}

function fillOurs(engine: Engine, market: MarketState, order: Order, sent: LiveOrder, booked: BookedFill): void {
  const { quantity, price } = booked;
  if (order.filled + quantity > sent.quantity) {
    const facts = { order: order.id, asked: sent.quantity, filled: order.filled + quantity };
    alert(engine, `overfilled ${order.id}`, 'ORDER_OVERFILLED', facts);
  }
  fillAtVenue(engine, order, sent, booked);
  afterFill(engine, market, order, quantity, price, price, true);
}

function sentAs(engine: Engine, market: MarketState, fill: VenueFill): LiveOrder | undefined {
  for (const live of liveOf(engine).orders.values()) {
    if (live.instrument !== market.index || live.clientOrderId === '') continue;
    if (live.clientOrderId === fill.clientOrderId) return live;
    if (live.venueOrderId !== '' && live.venueOrderId === fill.venueOrderId) return live;
  }
  return undefined;
}

/** In scaled integers. Throws `VENUE_ANSWER_MALFORMED` for what no fill can be. */
function bookedOf({ instrument }: MarketState, fill: VenueFill): BookedFill {
  const { quantity, price, fee, feeAsset, id, maker, time } = fill;
  const isCountable = (value: number): boolean => Number.isInteger(value) && value > 0 && value < EXACT_LIMIT;
  if (!isCountable(quantity) || !isCountable(price)) {
    throw new PlimsollError(
      'VENUE_ANSWER_MALFORMED',
      `the venue gave a fill of ${quantity} at ${price} in ${fill.symbol}`,
      'look at the venue’s answer; nothing new is opened until it can be read',
    );
  }
  const inMoney = feeAsset === instrument.settlement ? scaledOf(fee, instrument.moneyDecimals) : 0;
  const isInBase = feeAsset === instrument.base && feeAsset !== instrument.settlement;
  const feeQuantity = isInBase ? Math.max(0, scaledOf(fee, instrument.quantityDecimals)) : 0;
  return { id, quantity, price, fee: inMoney, feeQuantity, maker, time };
}

const isSome = (decimal: string): boolean => /[1-9]/.test(decimal);

/** Orders of others are recorded, once, and left alone. */
function adoptOrders(engine: Engine, open: readonly VenueOrder[]): void {
  const live = liveOf(engine);
  const ours = new Set([...live.orders.values()].flatMap((sent) => [sent.clientOrderId, sent.venueOrderId]));
  const lost = new Set(live.lost.map(({ clientOrderId }) => clientOrderId));
  const others = open.filter(
    ({ clientOrderId, venueOrderId }) => !(clientOrderId !== '' && ours.has(clientOrderId)) && !ours.has(venueOrderId),
  );
  live.found = new Set(others.map(({ clientOrderId }) => clientOrderId).filter((id) => lost.has(id)));
  for (const { symbol, venueOrderId, clientOrderId, side, quantity, price, statusText } of others) {
    const body = { symbol, venueOrderId, clientOrderId, side, quantity, price, status: statusText };
    if (lost.has(clientOrderId)) alert(engine, `found ${clientOrderId}`, 'LOST_ORDER_FOUND', body);
    else if (!live.externalOrders.has(venueOrderId)) recordDocument(engine, 'ExternalOrderSeen', body);
  }
  live.externalOrders = new Set(others.map(({ venueOrderId }) => venueOrderId));
}
