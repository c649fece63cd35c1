/**
 * The account, worked out from its events alone. It shares no arithmetic with the engine that wrote them: everything is BigInt,
 * from the scaled integers of the events' JSON, so that the two can check each other.
 */
import { PlimsollError } from '../errors.ts';
import { type Side, TRANSITIONS } from '../execution/order.ts';
import type { LedgerEvent } from './events.ts';
import { chargeBorrow, moveCash, settleFunding } from './fold-charges.ts';
import { changeTradingState, closeGap, haltInstrument, pauseStrategy, turnAway } from './fold-controls.ts';
import {
  applyConfiguration,
  defineText,
  listInstrument,
  openStream,
  registerStrategy,
  relistInstrument,
} from './fold-definitions.ts';
import { fillOrder } from './fold-fills.ts';
import { applyLimits, dropLimits, holdLimits } from './fold-limits.ts';
import { activateOrder, endsIn, initializeOrder, moveStop, movesTo, submitOrder, triggerOrder } from './fold-orders.ts';
import { carveChild, endParent, setAlgorithm, startAlgorithm, stopAlgorithm } from './fold-parents.ts';
import {
  type Discrepancy,
  type FoldedAccount,
  type FoldedOrder,
  type FoldedPosition,
  FoldState,
} from './fold-state.ts';
import {
  acknowledgeOrder,
  armLive,
  closeAtVenue,
  fillAtVenue,
  fillExternally,
  payAtVenue,
  payInBaseAtVenue,
  prepareOrder,
  releaseOrder,
} from './fold-venue.ts';

/** What each kind of event does to the account. */
const KINDS: Readonly<Record<LedgerEvent['kind'], (state: FoldState, event: LedgerEvent) => void>> = {
  StreamOpened: openStream,
  InstrumentListed: listInstrument,
  StrategyRegistered: registerStrategy,
  ConfigurationApplied: applyConfiguration,
  TextDefined: defineText,
  CyclesMissed: () => undefined,
  CycleFailed: closeGap,
  CashMoved: moveCash,
  FundingSettled: settleFunding,
  BorrowCharged: chargeBorrow,
  TradingStateChanged: changeTradingState,
  StrategyPaused: pauseStrategy,
  InstrumentHalted: haltInstrument,
  StrategyFailed: turnAway,
  OrderDenied: turnAway,
  OrderInitialized: initializeOrder,
  OrderSubmitted: submitOrder,
  OrderAccepted: movesTo('Accepted'),
  OrderActivated: activateOrder,
  OrderTriggered: triggerOrder,
  OrderFilled: fillOrder,
  OrderPendingCancel: movesTo('PendingCancel'),
  OrderRejected: endsIn('Rejected'),
  OrderCanceled: endsIn('Canceled'),
  OrderExpired: endsIn('Expired'),
  OrderPrepared: prepareOrder,
  OrderAcknowledged: acknowledgeOrder,
  OrderUnresolved: movesTo('Unresolved'),
  OrderLost: endsIn('Lost'),
  OrderWatched: movesTo('Accepted'),
  OrderReleased: releaseOrder,
  OrderFilledAtVenue: fillAtVenue,
  ExternalFilled: fillExternally,
  PaidAtVenue: payAtVenue,
  PaidInBaseAtVenue: payInBaseAtVenue,
  ClosedAtVenue: closeAtVenue,
  LiveArmed: armLive,
  AlgorithmSet: setAlgorithm,
  AlgorithmStarted: startAlgorithm,
  ChildCarved: carveChild,
  ParentFilled: endParent,
  AlgorithmStopped: stopAlgorithm,
  VenueBaseline: () => undefined,
  ExternalOrderSeen: () => undefined,
  VenueAlert: () => undefined,
  OrderSized: () => undefined,
  TimeStopSet: () => undefined,
  StopMoved: moveStop,
  BudgetGranted: () => undefined,
  LimitsApplied: applyLimits,
  LimitsHeld: holdLimits,
  LimitsDropped: dropLimits,
  InstrumentRelisted: relistInstrument,
};

/** The account after `events`. Throws `LEDGER_DOES_NOT_FOLD` at the first event that contradicts those before it. */
export function fold(events: Iterable<LedgerEvent>): LedgerFold {
  const folded = new LedgerFold();
  for (const event of events) {
    const wrong = folded.apply(event);
    if (wrong) {
      throw new PlimsollError(
        'LEDGER_DOES_NOT_FOLD',
        `event ${folded.account.sequence} (${event.kind}) does not follow: ${wrong.what} is ${wrong.found}, expected ${wrong.expected}`,
        'restore the ledger from a copy whose chain holds',
      );
    }
  }
  return folded;
}

/** Events applied one by one. After a discrepancy the account is as its own arithmetic has it, which nothing should rest on. */
export class LedgerFold {
  readonly #state = new FoldState();

  get account(): FoldedAccount {
    return this.#state.account;
  }

  /** A strategy's position in an instrument. */
  position(strategy: number, instrument: number): FoldedPosition {
    return this.#state.position(strategy, instrument);
  }

  /** Orders that are not over, in order of their numbers. */
  workingOrders(): FoldedOrder[] {
    return this.account.orders.filter((order) => TRANSITIONS[order.state].length > 0);
  }

  /** Money by which working orders of an instrument may still raise a position. */
  exposure(instrument: number, side: Side): bigint {
    let sum = 0n;
    for (const order of this.account.orders)
      if (order.instrument === instrument && order.side === side) sum += order.exposure;
    return sum;
  }

  /** Applies the next event; returns what is wrong with it, if anything is. */
  apply(event: LedgerEvent): Discrepancy | undefined {
    const state = this.#state;
    state.begin(event.cycle);
    const isInPlace = (this.account.sequence === 1) === (event.kind === 'StreamOpened');
    state.check(isInPlace, 'kind', 'StreamOpened first and only first', event.kind);
    state.check(Object.hasOwn(KINDS, event.kind), 'kind', 'a kind that the fold knows', event.kind);
    if (!state.wrong) KINDS[event.kind](state, event);
    return state.wrong;
  }
}
