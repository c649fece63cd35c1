/** What happens in an account, as it happens, in a line for people: fills, denials, halts, strategies that fail. */
import type { LedgerEvent } from '../core/ledger/events.ts';
import type { Instrument } from '../core/market/instrument.ts';
import { formatDecimal } from '../core/numbers.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';
import { changeText, type LimitChange } from '../core/risk/limit-changes.ts';
import type { PlatformLog } from './log.ts';

interface Followed {
  /** Number of the last commit that was looked at. */
  commit: number;
  readonly instruments: Instrument[];
  readonly strategies: string[];
  readonly texts: string[];
  readonly orders: Map<number, LedgerEvent>;
}

const PAGE = 100;
/** Orders whose side and symbol are remembered. */
const ORDERS_MAX = 10_000;
/** Rare, and somebody has to know of them: said however much else happens in the same second. */
const NEVER_COUNTED: ReadonlySet<LedgerEvent['kind']> = new Set([
  'VenueAlert',
  'LiveArmed',
  'TradingStateChanged',
  'InstrumentHalted',
  'StrategyPaused',
]);

export class Announcer {
  readonly #ledger: LedgerPort;
  readonly #log: PlatformLog;
  readonly #followed = new Map<string, Followed>();

  constructor(ledger: LedgerPort, log: PlatformLog) {
    this.#ledger = ledger;
    this.#log = log;
  }

  /** Reads what a stream holds already, silently. */
  async follow(stream: string): Promise<void> {
    if (!this.#followed.has(stream)) await this.#read(stream, () => undefined);
  }

  /** Tells of what is new. */
  async announce(stream: string): Promise<void> {
    await this.#read(stream, (event, followed) => {
      const line = lineOf(event, followed);
      if (line === undefined) return;
      if (NEVER_COUNTED.has(event.kind)) this.#log.tellAlways(line, { stream, event });
      else this.#log.tell(line, { stream, event });
    });
  }

  async #read(stream: string, told: (event: LedgerEvent, followed: Followed) => void): Promise<void> {
    const followed = this.#followed.get(stream) ?? {
      commit: 0,
      instruments: [],
      strategies: [],
      texts: [''],
      orders: new Map(),
    };
    this.#followed.set(stream, followed);
    for (;;) {
      const commits = await this.#ledger.read(stream, followed.commit, PAGE);
      for (const commit of commits) {
        followed.commit = commit.number;
        for (const event of commit.events as unknown as LedgerEvent[]) {
          learn(followed, event);
          told(event, followed);
        }
      }
      if (commits.length < PAGE) return;
    }
  }
}

function learn(followed: Followed, event: LedgerEvent): void {
  const body = event.body as Record<string, unknown> | undefined;
  switch (event.kind) {
    case 'InstrumentListed':
      followed.instruments.push(body?.instrument as Instrument);
      return;
    case 'StrategyRegistered':
      followed.strategies.push(String(body?.id));
      return;
    case 'TextDefined':
      followed.texts.push(String(body?.text));
      return;
    case 'OrderInitialized':
      followed.orders.set(event.order as number, event);
      if (followed.orders.size > ORDERS_MAX) followed.orders.delete(followed.orders.keys().next().value!);
  }
}

function lineOf(event: LedgerEvent, followed: Followed): string | undefined {
  const { instruments, strategies, texts } = followed;
  const symbol = (index: unknown): string => instruments[index as number]?.symbol ?? '?';
  const strategy = (index: unknown): string => strategies[index as number] ?? '?';
  const text = (index: unknown): string => texts[index as number] ?? '';
  switch (event.kind) {
    case 'OrderFilled':
    case 'OrderFilledAtVenue':
      return filled(event, followed);
    case 'ExternalFilled':
      return `filled at the venue, by an order that is not of this account: ${event.side} ${symbol(event.instrument)}`;
    case 'VenueAlert':
      return alerted(event.body as Readonly<Record<string, unknown>>);
    case 'LiveArmed':
      return `live trading is ${event.armed ? 'ARMED' : 'disarmed'}: ${text(event.reason)}`;
    case 'OrderDenied':
      return `denied   ${event.side} ${symbol(event.instrument)} of ${strategy(event.strategy)}: ${event.denial} (${text(event.reason)})`;
    case 'TradingStateChanged':
      return `trading is ${event.to}: ${text(event.reason)}`;
    case 'StrategyFailed':
      return `the strategy ${strategy(event.strategy)} failed on ${symbol(event.instrument)}: ${text(event.reason)}`;
    case 'StrategyPaused':
      return `the strategy ${strategy(event.strategy)} is ${event.paused ? 'paused' : 'asked again'}: ${text(event.reason)}`;
    case 'InstrumentHalted':
      return `the instrument ${symbol(event.instrument)} is ${event.halted ? 'halted' : 'traded again'}: ${text(event.reason)}`;
    case 'LimitsApplied':
    case 'LimitsHeld':
    case 'LimitsDropped':
      return limitsLine(event);
    case 'OrderRejected':
      return `rejected order ${event.order}: ${text(event.reason)}`;
  }
}

function alerted({ code, since: _, what, ...facts }: Readonly<Record<string, unknown>>): string {
  const told = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  return `ALERT ${code}: ${typeof what === 'string' ? what : told.join(', ')}`;
}

function limitsLine({ kind, body }: LedgerEvent): string {
  const { version, by, reason, changes } = body as {
    version: number;
    by: { name: string };
    reason: string;
    changes: LimitChange[];
  };
  const who = `${by.name === '' ? 'the configuration' : by.name}${reason === '' ? '' : `: ${reason}`}`;
  const what = changes.map(changeText).join(', ');
  if (kind === 'LimitsApplied') return `limits   version ${version} is in force (${who}): ${what}`;
  if (kind === 'LimitsDropped') return `limits   version ${version} will not be (${who}): ${what}`;
  return `limits   version ${version} waits for approval (${who}): ${what}; see plimsoll limits changes`;
}

function filled(event: LedgerEvent, { orders, instruments, strategies }: Followed): string {
  const order = orders.get(event.order as number);
  const instrument = instruments[order?.instrument as number];
  if (!order || !instrument) return `filled   order ${event.order}`;
  const amount = (value: unknown, decimals: number): string => formatDecimal(BigInt(String(value)), decimals);
  const quantity = amount(event.quantity, instrument.quantityDecimals);
  const price = amount(event.price, instrument.priceDecimals);
  const fee = amount(event.fee, instrument.moneyDecimals);
  return `filled   ${order.side} ${quantity} ${instrument.symbol} at ${price} for ${strategies[order.strategy as number]} (fee ${fee} ${instrument.settlement})`;
}
