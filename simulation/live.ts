/** The exchange of a seed's live account: where its prices and faults come from, and each process's way to it. */
import { PlimsollError } from '../core/errors.ts';
import type { Instrument } from '../core/market/instrument.ts';
import type { ExecutionVenuePort } from '../core/ports/execution-venue.ts';
import type { FaultKind, FaultPlan } from './faults.ts';
import { type CallFaults, type Process, type VirtualLoop, workOf } from './loop.ts';
import { type Placed, SimulatedExchange, type VenueFault } from './ports/exchange.ts';
import type { SimulatedMarket } from './ports/market.ts';
import { Random } from './random.ts';
import { EVERY_MS, type ExchangeScenario } from './scenario.ts';

export interface LiveSideOptions {
  readonly seed: number;
  readonly exchange: ExchangeScenario;
  readonly instruments: readonly Instrument[];
  readonly market: SimulatedMarket;
  readonly faults: FaultPlan;
  readonly loop: VirtualLoop;
  /** Whether the account has begun to compare itself with the exchange: what others did before is not its business. */
  readonly isCompared: () => boolean;
  /** An order came to exist at the exchange. */
  readonly onPlaced: (order: Placed) => void;
  /** An order is about to be sent; what the work that sends it has seen of the account's trading state since it last sent one. */
  readonly onSubmit: (clientOrderId: string, seen: string | undefined) => void;
}

/** What the exchange holds at first; the account's ledger may use some of the money. */
export const EXCHANGE_HOLDS = { USD: 12_000, AAA: 3, CCC: 0, BNB: 1_000 } as const;

const KIND_OF: Readonly<Record<VenueFault, FaultKind>> = {
  'submit lost before effect': 'submit-dead',
  'submit lost after effect': 'submit-live',
  'submit live later': 'submit-live-later',
  'submit held back': 'submit-rate-limited',
  'cancel lost': 'cancel-lost',
  'cancel accepted only': 'cancel-accepted-only',
  'fill before cancel': 'fill-before-cancel',
  'query unclear': 'query-unclear',
  unavailable: 'exchange-unavailable',
  'fill told late': 'fill-late',
  'fill told twice': 'fill-doubled',
  'ended by the venue': 'order-ended-by-exchange',
  'traded by another': 'traded-by-another',
  maintenance: 'exchange-maintenance',
  'market halted': 'market-halted',
};
/** How much more often these happen than other faults where they can: there are few orders in a seed, and fewer cancellations. */
const WEIGHTS: Readonly<Partial<Record<VenueFault, number>>> = {
  unavailable: 1,
  'traded by another': 2,
  maintenance: 2,
  'market halted': 2,
  'cancel lost': 8,
  'cancel accepted only': 45,
  'fill before cancel': 60,
  'ended by the venue': 60,
  'submit lost after effect': 30,
};
const WEIGHT = 20;

const CALL: CallFaults = {
  crashBefore: 'crash-before-exchange',
  crashAfter: 'crash-after-exchange',
  failed: 'exchange-disconnected',
  answerLost: 'exchange-answer-lost',
  answerLate: 'answer-late',
  slow: 'worker-slow',
  // Few of a seed's calls go to an exchange.
  weight: 2,
};

export class LiveSide {
  readonly exchange: SimulatedExchange;
  readonly #options: LiveSideOptions;
  /** By piece of work, the trading state that it has read last, unless it has sent an order since. */
  readonly #seen = new WeakMap<object, string>();
  #movedAt = Number.NEGATIVE_INFINITY;
  #isCounted = false;

  constructor(options: LiveSideOptions) {
    this.#options = options;
    const { seed, exchange, faults, onPlaced } = options;
    const random = new Random(seed, 303);
    this.exchange = new SimulatedExchange({
      venue: 'simulated',
      capabilities: exchange.capabilities,
      feeIn: exchange.feeIn,
      latestMs: exchange.latestMs,
      happens: (fault) =>
        (fault !== 'traded by another' || options.isCompared()) &&
        faults.strike(`exchange ${fault}`, [KIND_OF[fault]], WEIGHTS[fault] ?? WEIGHT) !== undefined,
      random: () => random.next(),
      holds: EXCHANGE_HOLDS,
      onPlaced,
    });
  }

  /** A piece of work has read the account; its trading state as it stands. */
  saw(by: object, tradingState: string): void {
    this.#seen.set(by, tradingState);
  }

  /** Time and the market as they are now. Prices move once a minute. */
  sync(): void {
    const { loop, exchange, instruments, market } = this.#options;
    const now = loop.now + exchange.skewMs;
    this.#count();
    const minute = Math.floor(loop.now / EVERY_MS);
    this.exchange.now = Math.max(this.exchange.now, now);
    if (minute === this.#movedAt) return;
    this.#movedAt = minute;
    this.exchange.move(now, new Map(instruments.map((each) => [each, market.price(each.symbol)])));
  }

  /** What is wrong with the exchange all the time. */
  #count(): void {
    const { faults, exchange } = this.#options;
    if (this.#isCounted || !faults.isActive) return;
    this.#isCounted = true;
    if (exchange.skewMs !== 0) faults.count('exchange-clock-off');
    if (exchange.capabilities.clientOrderIdReuse !== 'never') faults.count('order-id-reusable');
  }

  /** The exchange as one process reaches it. */
  portOf(process: Process): ExecutionVenuePort {
    const { exchange } = this;
    const { loop, onSubmit } = this.#options;
    const call = <T>(what: string, effect: () => Promise<T>): Promise<T> =>
      loop.call(process, `exchange.${what}`, CALL, () => {
        this.sync();
        return effect();
      });
    const ask = <T>(what: string, effect: () => Promise<T>): Promise<T> =>
      call(what, effect).catch((error) => {
        throw new PlimsollError('VENUE_UNAVAILABLE', 'the exchange did not answer', 'it is asked again', {
          cause: error,
        });
      });
    const unclear = { kind: 'unclear', reason: 'no answer in time' } as const;
    return {
      venue: exchange.venue,
      capabilities: exchange.capabilities,
      clock: () => ask('clock', () => exchange.clock()),
      submit: (request) => {
        this.sync();
        const calledAt = exchange.now;
        const by = workOf(process);
        onSubmit(request.clientOrderId, this.#seen.get(by));
        this.#seen.delete(by);
        return call(`submit ${request.clientOrderId}`, () => exchange.submit(request, calledAt)).catch(() => unclear);
      },
      cancel: (instrument, id) => call(`cancel ${id}`, () => exchange.cancel(instrument, id)).catch(() => unclear),
      query: (instrument, id) => call(`query ${id}`, () => exchange.query(instrument, id)).catch(() => unclear),
      openOrders: () => ask('openOrders', () => exchange.openOrders()),
      fills: (instruments, since, cursor) => ask('fills', () => exchange.fills(instruments, since, cursor)),
      status: (instruments) => ask('status', () => exchange.status(instruments)),
      balances: () => ask('balances', () => exchange.balances()),
      positions: () => ask('positions', () => exchange.positions()),
      close: async () => undefined,
    };
  }
}
