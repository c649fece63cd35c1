import { ORDER_TYPES, PURPOSES, SIDES, TIMES_IN_FORCE } from '../execution/order.ts';
import { DENIAL_CODES } from '../risk/denial.ts';
import { TRADING_STATES } from '../risk/trading-state.ts';

/**
 * The events of an account's stream, one table for both of their forms: the record of float64 words that the chain hashes
 * and a backtest keeps, and the JSON that people and stores read. Codes and orders of fields are for ever; a change is a new
 * version of a kind, with an upcaster beside it (upcasters.ts). Records are read by their code, so a change of a record's fields
 * also takes a new code; the JSON of the old one goes through the upcaster.
 */

/**
 * How a field is written in JSON.
 * - `integer`: a number.
 * - `scaled`: a scaled integer as text, so that no reader loses digits and wider assets fit later.
 * - `boolean`, or a list of names: packed into the first word.
 */
export type FieldForm = 'integer' | 'scaled' | 'boolean' | readonly string[];

export interface EventKind {
  readonly code: number;
  readonly version: number;
  /** Fields that share the first word, in order, with their widths in bits (at most 36 in all). */
  readonly packed: readonly (readonly [name: string, form: FieldForm, bits: number])[];
  /** Fields of a word each, after the cycle's time. */
  readonly words: readonly (readonly [name: string, form: FieldForm])[];
}

const flag = (name: string): readonly [string, FieldForm, number] => [name, 'boolean', 1];
const scaled = (name: string): readonly [string, FieldForm] => [name, 'scaled'];
const integer = (name: string): readonly [string, FieldForm] => [name, 'integer'];

/** Events whose record has a fixed width. All of them happen inside a cycle, or at the time of one. */
export const NUMERIC_EVENTS = {
  /** Money came in (+) or went out (-) by the owner's hand. */
  CashMoved: { code: 1, version: 1, packed: [], words: [scaled('amount'), scaled('cash')] },
  /** An order intent that passed risk: persisted, with what is reserved for it, before any venue hears of it. */
  OrderInitialized: {
    code: 2,
    version: 1,
    packed: [
      ['side', SIDES, 1],
      ['type', ORDER_TYPES, 3],
      ['timeInForce', TIMES_IN_FORCE, 2],
      ['purpose', PURPOSES, 3],
      flag('postOnly'),
      flag('reduceOnly'),
      flag('reduced'),
      ['strategy', 'integer', 10],
      ['offsetBps', 'integer', 14],
    ],
    words: [
      integer('order'),
      integer('instrument'),
      integer('reason'),
      scaled('quantity'),
      scaled('budget'),
      scaled('price'),
      scaled('trigger'),
      scaled('reference'),
      scaled('reserved'),
      scaled('exposure'),
      integer('parent'),
      integer('group'),
    ],
  },
  /** A proposal that risk refused. `limit` and `value` are in the unit of the code's reference page. */
  OrderDenied: {
    code: 3,
    version: 1,
    packed: [
      ['denial', DENIAL_CODES, 8],
      ['side', SIDES, 1],
      ['strategy', 'integer', 10],
    ],
    words: [
      integer('instrument'),
      integer('reason'),
      scaled('quantity'),
      scaled('budget'),
      integer('limit'),
      integer('value'),
    ],
  },
  OrderSubmitted: { code: 4, version: 1, packed: [], words: [integer('order')] },
  /** The venue has it. `trigger` and `price` are what it works at, once a bracket's leg knows its entry. */
  OrderAccepted: { code: 5, version: 1, packed: [], words: [integer('order')] },
  /** A bracket's leg went to work: its entry has filled. */
  OrderActivated: { code: 6, version: 1, packed: [], words: [integer('order'), scaled('price'), scaled('trigger')] },
  OrderRejected: { code: 7, version: 1, packed: [], words: [integer('order'), integer('reason')] },
  OrderTriggered: { code: 8, version: 1, packed: [], words: [integer('order'), scaled('trigger')] },
  /** A fill, whole or in part; what the account and the position came to is in it, so that every fold can be checked. */
  OrderFilled: {
    code: 9,
    version: 1,
    packed: [flag('maker'), flag('complete')],
    words: [
      integer('order'),
      scaled('quantity'),
      scaled('price'),
      scaled('fee'),
      scaled('realised'),
      scaled('cash'),
      scaled('position'),
    ],
  },
  OrderCanceled: { code: 10, version: 1, packed: [], words: [integer('order'), integer('reason')] },
  OrderExpired: { code: 11, version: 1, packed: [], words: [integer('order')] },
  OrderPendingCancel: { code: 12, version: 1, packed: [], words: [integer('order'), integer('reason')] },
  /** Funding of a perpetual: paid (-) or received (+) for a strategy's position. */
  FundingSettled: {
    code: 13,
    version: 1,
    packed: [['strategy', 'integer', 10]],
    words: [integer('instrument'), integer('rateMillionths'), scaled('mark'), scaled('amount'), scaled('cash')],
  },
  /** Cost of borrowing what a short position sold (always negative). */
  BorrowCharged: {
    code: 14,
    version: 1,
    packed: [['strategy', 'integer', 10]],
    words: [integer('instrument'), scaled('mark'), scaled('amount'), scaled('cash')],
  },
  TradingStateChanged: {
    code: 15,
    version: 1,
    packed: [
      ['from', TRADING_STATES, 2],
      ['to', TRADING_STATES, 2],
    ],
    words: [integer('reason'), scaled('equity')],
  },
  /** A strategy was paused (its proposals are not asked for) or resumed. */
  StrategyPaused: {
    code: 16,
    version: 1,
    packed: [['strategy', 'integer', 10], flag('paused')],
    words: [integer('reason')],
  },
  /** A strategy threw, returned nonsense or took too long; what it held stays, and it is not asked again in this cycle. */
  StrategyFailed: {
    code: 17,
    version: 1,
    packed: [['strategy', 'integer', 10]],
    words: [integer('instrument'), integer('reason')],
  },
  /** A person halted an instrument (nothing is opened in it) or let it be traded again. */
  InstrumentHalted: {
    code: 90,
    version: 1,
    packed: [flag('halted')],
    words: [integer('instrument'), integer('reason')],
  },
  /** The venue is about to be asked for it: for this quantity, under this client order id (a text). */
  OrderPrepared: {
    code: 18,
    version: 1,
    packed: [],
    words: [integer('order'), scaled('quantity'), integer('clientOrderId')],
  },
  /** The venue's own id of an order (a text). */
  OrderAcknowledged: { code: 19, version: 1, packed: [], words: [integer('order'), integer('venueOrderId')] },
  /** It was sent, or may have been, and the venue has not said what became of it. It keeps what is reserved for it. */
  OrderUnresolved: { code: 20, version: 1, packed: [], words: [integer('order'), integer('reason')] },
  /** An unresolved order that can no longer come to be: the venue does not know it, and the time in which it could is over. */
  OrderLost: { code: 21, version: 1, packed: [], words: [integer('order'), integer('reason')] },
  /** It is not at a venue: its price is watched here. */
  OrderWatched: { code: 22, version: 1, packed: [], words: [integer('order'), integer('reason')] },
  /** An order that was watched here goes to the venue: because its price was reached (`triggered`), or to be held there. */
  OrderReleased: {
    code: 23,
    version: 1,
    packed: [flag('triggered')],
    words: [integer('order'), scaled('quantity'), scaled('trigger')],
  },
  /**
   * A fill as a venue reports it, with the venue's fee: `fee` in money, `feeQuantity` in the base, taken out of what is held.
   * `fill` is the venue's id of it (a text), `time` the venue's time (ms UTC).
   */
  OrderFilledAtVenue: {
    code: 24,
    version: 1,
    packed: [flag('maker'), flag('complete')],
    words: [
      integer('order'),
      scaled('quantity'),
      scaled('price'),
      scaled('fee'),
      scaled('feeQuantity'),
      scaled('realised'),
      scaled('cash'),
      scaled('position'),
      integer('fill'),
      integer('time'),
    ],
  },
  /** The same for an order that the ledger does not know: it changes the cash and a position of no strategy's. */
  ExternalFilled: {
    code: 25,
    version: 1,
    packed: [flag('maker'), ['side', SIDES, 1]],
    words: [
      integer('instrument'),
      scaled('quantity'),
      scaled('price'),
      scaled('fee'),
      scaled('feeQuantity'),
      scaled('realised'),
      scaled('cash'),
      scaled('position'),
      integer('fill'),
      integer('time'),
    ],
  },
  /** A position is closed when a bar closes at this time (ms UTC) or after it. */
  TimeStopSet: {
    code: 40,
    version: 1,
    packed: [['strategy', 'integer', 10]],
    words: [integer('instrument'), integer('closeAt')],
  },
  /** A stop moved to break even: it waits at `trigger` from here on. */
  StopMoved: { code: 41, version: 1, packed: [], words: [integer('order'), scaled('trigger')] },
  /** A person has armed live trading up to these limits (money), or disarmed it. */
  LiveArmed: {
    code: 26,
    version: 1,
    packed: [flag('armed')],
    words: [scaled('maxOrderNotional'), scaled('maxExposure'), integer('reason')],
  },
  /**
   * What a venue settled for a strategy's position in a perpetual, such as funding: paid (-) or received (+). `payment` is the venue's
   * id of it (a text), `time` the venue's time (ms UTC).
   */
  PaidAtVenue: {
    code: 27,
    version: 1,
    packed: [['strategy', 'integer', 10]],
    words: [integer('instrument'), scaled('amount'), scaled('cash'), integer('payment'), integer('time')],
  },
  /** A part of a strategy's position in a perpetual that was closed at the venue by no order of the ledger's: a liquidation. */
  ClosedAtVenue: {
    code: 28,
    version: 1,
    packed: [flag('maker'), ['side', SIDES, 1], ['strategy', 'integer', 10]],
    words: [
      integer('instrument'),
      scaled('quantity'),
      scaled('price'),
      scaled('fee'),
      scaled('realised'),
      scaled('cash'),
      scaled('position'),
      integer('fill'),
      integer('time'),
    ],
  },
  /**
   * What a venue took (-) or gave (+) of the base itself, such as a fee that comes after its fill: out of what is held, at no price.
   * `realised` is what the last of a position had cost. `payment` and `time` as in PaidAtVenue.
   */
  PaidInBaseAtVenue: {
    code: 29,
    version: 1,
    packed: [['strategy', 'integer', 10]],
    words: [
      integer('instrument'),
      scaled('quantity'),
      scaled('realised'),
      scaled('position'),
      integer('payment'),
      integer('time'),
    ],
  },
  /** An algorithm goes to work on an order that has passed risk; the order itself is never sent. */
  AlgorithmStarted: { code: 30, version: 1, packed: [], words: [integer('order')] },
  /** The order that was initialized just before is a part of `parent`: what is reserved for it was reserved for that. */
  ChildCarved: { code: 31, version: 1, packed: [], words: [integer('order'), integer('parent')] },
  /**
   * An order that an algorithm worked has filled, by its parts: `quantity` in all, what was left being too small to be sent.
   * `price` is the last of the market.
   */
  ParentFilled: { code: 32, version: 1, packed: [], words: [integer('order'), scaled('quantity'), scaled('price')] },
  /** The algorithm of an order that ends before it has filled stops, at this last price of the market. */
  AlgorithmStopped: { code: 33, version: 1, packed: [], words: [integer('order'), scaled('price')] },
} as const satisfies Record<string, EventKind>;

export type NumericEventKind = keyof typeof NUMERIC_EVENTS;

/** Events that carry a document; their record is the canonical JSON of `body`. */
export const DOCUMENT_EVENTS = {
  /** First of every stream: account, currency, provenance, decimals. */
  StreamOpened: { code: 65, version: 1 },
  /** An instrument, or a new version of one, takes an index. */
  InstrumentListed: { code: 66, version: 1 },
  /** A strategy with its parameters and the hash of its code takes an index. */
  StrategyRegistered: { code: 67, version: 1 },
  /** The limits and execution model from here on, with the hash of the whole configuration. */
  ConfigurationApplied: { code: 68, version: 1 },
  /** A text (a reason) takes the next index, so that records stay of fixed width. */
  TextDefined: { code: 69, version: 1 },
  /** Cycles that could not be run: from, to, why. */
  CyclesMissed: { code: 70, version: 1 },
  /**
   * A cycle whose step failed as often as it is tried, closed as a gap: which step, with what error, after how many attempts, and
   * what became of intents and strategies. After it no intent waits to be sent.
   */
  CycleFailed: { code: 71, version: 1 },
  /** What a venue holds beyond the ledger, by asset or position, from which the two are compared; and why it was taken. */
  VenueBaseline: { code: 72, version: 1 },
  /** A working order at the venue that the ledger does not know. It is left alone. */
  ExternalOrderSeen: { code: 73, version: 1 },
  /** What a person should look at: a code, and the facts. */
  VenueAlert: { code: 74, version: 1 },
  /**
   * What the sizing methods said of an opening order: the size that won, with money of a fraction of 1 (`base`) and of what was taken
   * already, and every method's own. It follows the order, or the denial (`order` is null), that came of it.
   */
  OrderSized: { code: 79, version: 1 },
  /** By which algorithm, and how, the order that was initialized last is worked. */
  AlgorithmSet: { code: 77, version: 1 },
  /** A person moved a part of an instance's budget to the account, or away from it: scaled money, or orders a minute; who and why. */
  BudgetGranted: { code: 80, version: 1 },
  /** Limits that hold from here on: the number of the change, who and why, what changed from what to what, and all of them. */
  LimitsApplied: { code: 81, version: 1 },
  /** The part of a change that loosens, and waits for approval. */
  LimitsHeld: { code: 82, version: 1 },
  /** What waited will not be: it was rejected, or superseded by another change, or withdrawn by one that does not ask for it. */
  LimitsDropped: { code: 83, version: 1 },
  /** The venue changed the rules of an instrument: its next version, in the decimals of the first, and what is another in it. */
  InstrumentRelisted: { code: 84, version: 1 },
} as const;

export type DocumentEventKind = keyof typeof DOCUMENT_EVENTS;

/** An event as JSON: `kind`, `version`, `cycle` (ms UTC), and its fields or its `body`. */
export interface LedgerEvent {
  readonly kind: NumericEventKind | DocumentEventKind;
  readonly version: number;
  readonly cycle: number;
  readonly [field: string]: unknown;
}
