/** A ledger written by hand that holds and has every kind of event in it. */
import { EXTERNAL } from '../../../core/execution/live/account.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { account, CYCLE, type HandWritten, listing, PERPETUAL, SPOT } from './by-hand.ts';

/** What a stop that reduces or a part adds to an order. */
const REDUCES = { side: 'sell', purpose: 'exit', reduceOnly: true, reserved: '0', exposure: '0' };
const NOTHING_LEFT = { quantity: '2000', reserved: '20020', exposure: '20000' };

export function everyKind(): readonly LedgerEvent[] {
  const at = account();
  definitions(at);
  canceledOrders(at);
  simulatedFills(at);
  venueFills(at);
  workedOrder(at);
  controls(at);
  return at.events;
}

function definitions(at: HandWritten): void {
  const change = { limit: 'maxOrderNotional', from: 1, to: 2 };
  at.add('TextDefined', { body: { index: 1, text: 'why' } })
    .add('InstrumentRelisted', { body: { index: SPOT, instrument: listing('A/USD'), changes: ['tick'] } })
    .add('LimitsApplied', { body: { version: 1, changes: [{ ...change, effect: 'tightens' }] } })
    .add('LimitsHeld', { body: { version: 2, changes: [{ ...change, effect: 'loosens' }] } })
    .add('LimitsDropped', { body: { version: 2, changes: [{ ...change, effect: 'loosens' }] } })
    .add('BudgetGranted', { body: { amount: 5, by: 'owner' } })
    .add('CyclesMissed', { body: { from: CYCLE, to: CYCLE } })
    .add('VenueBaseline', { body: { held: { USD: '1' } } })
    .add('ExternalOrderSeen', { body: { venueOrderId: 'x' } })
    .add('VenueAlert', { body: { code: 'X' } })
    .add('LiveArmed', { armed: true, maxOrderNotional: '5', maxExposure: '6', reason: 1 });
}

/** Orders 1 to 6: each ends without a fill. */
function canceledOrders(at: HandWritten): void {
  at.order({ reason: 1 }).add('OrderSubmitted', { order: 1 }).add('OrderRejected', { order: 1, reason: 1 });
  at.order({ type: 'limit', price: '9000' }).add('OrderSubmitted', { order: 2 }).add('OrderAccepted', { order: 2 });
  at.add('OrderPendingCancel', { order: 2, reason: 1 }).add('OrderCanceled', { order: 2, reason: 1 });
  at.order().add('OrderSubmitted', { order: 3 }).add('OrderUnresolved', { order: 3, reason: 1 });
  at.add('OrderLost', { order: 3, reason: 1 });
  at.order({ type: 'stop', trigger: '11000' }).add('OrderSubmitted', { order: 4 });
  at.add('OrderWatched', { order: 4, reason: 1 });
  at.add('OrderReleased', { order: 4, quantity: '2000', trigger: '11000', triggered: true });
  at.add('OrderExpired', { order: 4 });
  at.add('OrderSized', { body: { order: null, size: 1 } });
  at.add('OrderDenied', {
    ...{ denial: 'SIGNAL_STALE', side: 'buy', strategy: 0, instrument: SPOT, reason: 1 },
    ...{ quantity: '1', budget: '0', limit: 1, value: 2 },
  });
}

/** Orders 5 to 7: an entry that fills, a stop that is moved, triggered and fills, and a leg that was activated. */
function simulatedFills(at: HandWritten): void {
  at.order().order({ ...REDUCES, type: 'stop', trigger: '9000', parent: 5 });
  at.add('OrderSubmitted', { order: 5 }).add('OrderSubmitted', { order: 6 }).add('OrderAccepted', { order: 5 });
  at.add('OrderFilled', {
    ...{ order: 5, quantity: '2000', price: '10000', fee: '20', realised: '0', cash: '979980' },
    ...{ position: '2000', maker: false, complete: true },
  });
  at.add('OrderActivated', { order: 6, price: '0', trigger: '9000' });
  at.add('StopMoved', { order: 6, trigger: '9500' }).add('OrderTriggered', { order: 6, trigger: '9500' });
  at.add('OrderFilled', {
    ...{ order: 6, quantity: '2000', price: '10000', fee: '20', realised: '0', cash: '999960' },
    ...{ position: '0', maker: false, complete: true },
  });
  at.order({ side: 'sell' }).add('OrderSubmitted', { order: 7 }).add('OrderAccepted', { order: 7 });
  at.add('OrderFilled', {
    ...{ order: 7, quantity: '2000', price: '10000', fee: '20', realised: '0', cash: '1019940' },
    ...{ position: '-2000', maker: false, complete: true },
  });
  // Nothing a year for the loan of it: the charge is nothing too.
  at.add('BorrowCharged', { strategy: 0, instrument: SPOT, mark: '10000', amount: '0', cash: '1019940' });
}

/** Order 8, at a venue, and what the venue does by itself. */
function venueFills(at: HandWritten): void {
  at.order({ instrument: PERPETUAL }).add('OrderSubmitted', { order: 8 });
  at.add('OrderPrepared', { order: 8, quantity: '2000', clientOrderId: 1 });
  at.add('OrderAcknowledged', { order: 8, venueOrderId: 1 });
  at.fillAtVenue(8, { cash: '1019920', fill: 1 });
  const funding = { strategy: 0, instrument: PERPETUAL, rateMillionths: 1_000, mark: '10000' };
  at.add('FundingSettled', { ...funding, amount: '-20', cash: '1019900' });
  const paid = { strategy: 0, instrument: PERPETUAL, payment: 1, time: CYCLE };
  at.add('PaidAtVenue', { ...paid, amount: '5', cash: '1019905' });
  const coins = { strategy: EXTERNAL, instrument: SPOT, payment: 1, time: CYCLE };
  at.add('PaidInBaseAtVenue', { ...coins, quantity: '-1', realised: '0', position: '-1' });
  at.add('ClosedAtVenue', {
    ...{ maker: false, side: 'sell', strategy: 0, instrument: PERPETUAL, quantity: '2000', price: '10000', fee: '0' },
    ...{ realised: '0', cash: '1019905', position: '0', fill: 1, time: CYCLE },
  });
  at.add('ExternalFilled', {
    ...{ maker: true, side: 'buy', instrument: PERPETUAL, quantity: '1000', price: '10000', fee: '1' },
    ...{ feeQuantity: '0', realised: '0', cash: '1019904', position: '1000', fill: 1, time: CYCLE },
  });
}

/** Order 9 is worked, by orders 10 and 11. */
function workedOrder(at: HandWritten): void {
  at.order({ instrument: PERPETUAL }).add('AlgorithmSet', { body: { order: 9, kind: 'twap', cycles: 2 } });
  at.add('AlgorithmStarted', { order: 9 });
  at.order({ instrument: PERPETUAL, ...NOTHING_LEFT }).add('ChildCarved', { order: 10, parent: 9 });
  at.add('OrderSubmitted', { order: 10 }).add('OrderAccepted', { order: 10 });
  at.add('OrderFilled', {
    ...{ order: 10, quantity: '2000', price: '10000', fee: '20', realised: '0', cash: '1019884' },
    ...{ position: '2000', maker: false, complete: true },
  });
  at.add('AlgorithmStopped', { order: 9, price: '10000' });
  at.add('ParentFilled', { order: 9, quantity: '2000', price: '10000' });
}

function controls(at: HandWritten): void {
  at.add('TimeStopSet', { strategy: 0, instrument: SPOT, closeAt: CYCLE })
    .add('StrategyPaused', { strategy: 0, paused: true, reason: 1 })
    .add('StrategyFailed', { strategy: 0, instrument: SPOT, reason: 1 })
    .add('InstrumentHalted', { instrument: SPOT, halted: true, reason: 1 })
    .add('CycleFailed', { body: { cycle: CYCLE, step: 'risk', attempts: 3 } })
    .add('TradingStateChanged', { from: 'Active', to: 'Halted', reason: 1, equity: '1000000' });
}
