/**
 * What a live account makes of what no venue should say: real steps and a real adapter, against the venue server. Each ends in a defined
 * state, with an alert that has the facts or an order's own end, and without new risk; and once it is over, the account goes on.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { configurationSchema } from '../../../core/configuration/schema.ts';
import type { Engine } from '../../../core/engine/engine.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { verifyLedger } from '../../../core/ledger/verify.ts';
import type { StrategyContext } from '../../../core/strategies/contract.ts';
import { strategy } from '../../../core/strategies/contract.ts';
import { z } from '../../../core/strategies/index.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import { loadAccount, type Step } from '../../../functions/steps/account-state.ts';
import { armingPhrase, armLive } from '../../../functions/steps/commands-live.ts';
import { engineOf } from '../../../functions/steps/engines.ts';
import { executeStep } from '../../../functions/steps/execute.ts';
import { ingestStep, openAccount } from '../../../functions/steps/ingest.ts';
import type { CycleMessage, StepPorts } from '../../../functions/steps/ports.ts';
import { reconcileStep } from '../../../functions/steps/reconcile.ts';
import { riskStep } from '../../../functions/steps/risk.ts';
import { signalStep } from '../../../functions/steps/signal.ts';
import { makeBench, type ServedBench } from '../../adapters/venues/ccxt/benches.ts';
import { type Fault, VenueServer } from '../../adapters/venues/server/venue-server.ts';
import { MemoryLedger } from './live/memory-ledger.ts';

const MINUTE = 60_000;
const STREAM = 'local/live';
const CLOSE = 4_500_000;
const STEPS = { reconcile: reconcileStep, signal: signalStep, risk: riskStep, execute: executeStep } as const;
/** Spot at each venue that has an adapter of its own over ccxt. */
const VENUES = ['binance', 'kraken', 'bybit', 'okx', 'coinbase'] as const;
type Venue = (typeof VENUES)[number];

/** Part of the account that the strategy wants in each cycle: it holds some, then always wants more. */
const WANTED: Record<number, number> = { 2: 0.1, 4: 0.2, 5: 0.3, 6: 0.3 };

/** An armed account that has bought in its second cycle, at a venue that the test can spoil. */
class LiveDesk {
  readonly bench: ServedBench;
  readonly ledger = new MemoryLedger();
  readonly ports: StepPorts;
  readonly #start: number;
  readonly #queue: { readonly queue: string; readonly body: CycleMessage }[] = [];
  #cycle = 0;

  constructor(bench: ServedBench) {
    this.bench = bench;
    this.#start = Math.ceil(bench.now() / MINUTE) * MINUTE;
    this.ports = {
      ledger: this.ledger,
      send: async (queue, { body }) => {
        this.#queue.push({ queue, body: body as unknown as CycleMessage });
      },
      configuration: configurationOf(bench),
      registry: new Map([['first', { definition: this.#strategy(), codeHash: '00'.repeat(32), origin: 'test' }]]),
      now: () => bench.now(),
      withDeadline: (_timeoutMs, _what, work) => work(),
      venue: () => bench.port,
    };
  }

  static async armed(server: VenueServer, venue: Venue): Promise<LiveDesk> {
    const bench = await makeBench(server, venue, { timeoutMs: 60_000 });
    bench.price(CLOSE);
    const desk = new LiveDesk(bench);
    bench.pass(desk.#start - bench.now());
    await openAccount(desk.ports, desk.ports.configuration.accounts[0], [bench.instrument], 'live', desk.#start);
    await desk.run();
    const limits = { maxOrderNotional: 5_000, maxExposure: 20_000 };
    const request = { typed: armingPhrase(STREAM), ...limits, reason: 'a test' };
    await armLive(desk.ports, STREAM, request, {
      principal: { id: 'p', name: 'a person' },
      idempotencyKey: 'arm',
    } as never);
    await desk.run();
    await desk.run();
    return desk;
  }

  /** One cycle, with every message handled. */
  async run(): Promise<void> {
    this.#cycle++;
    const asOf = this.#start + this.#cycle * MINUTE;
    this.bench.pass(asOf + 2_000 - this.bench.now());
    const bar = {
      timestamp: asOf - MINUTE,
      open: CLOSE,
      high: CLOSE + 10,
      low: CLOSE - 10,
      close: CLOSE,
      volume: 1_000,
    };
    const bars = new Map([[this.bench.instrument.symbol, bar]]);
    await ingestStep(this.ports, this.ports.configuration.accounts[0], { asOf, bars });
    for (let delivery = 0; this.#queue.length > 0; delivery++) {
      if (delivery > 100) throw new Error('the messages of a cycle do not come to an end');
      if (await this.#deliver(this.#queue[0])) this.#queue.shift();
    }
  }

  /** Every request for these meets the fault until `heal`. */
  spoil(fault: Fault, ...operations: Parameters<ServedBench['fault']>[0][]): void {
    for (const operation of operations) for (let i = 0; i < 40; i++) this.bench.fault(operation, fault);
  }

  heal(): void {
    this.bench.server.clearFaults();
  }

  of(kind: LedgerEvent['kind']): LedgerEvent[] {
    return this.ledger.commits
      .flatMap(({ events }) => events as unknown as LedgerEvent[])
      .filter((one) => one.kind === kind);
  }

  alerts(): { code: string; facts?: unknown }[] {
    return this.of('VenueAlert').map(({ body }) => body as never);
  }

  async engine(): Promise<Engine> {
    const { state } = await loadAccount(this.ledger, STREAM);
    const engine = await engineOf(this.ports, STREAM);
    engine.restore(state.engine);
    return engine;
  }

  /** What was bought here, in units of the venue, net of what others did. */
  async held(): Promise<number> {
    return (await this.engine()).markets[0].netQuantity;
  }

  async close(): Promise<void> {
    await this.bench.stop();
  }

  #strategy(): AnyStrategy {
    const definition = strategy({
      name: 'first',
      params: z.object({}),
      indicators: () => ({}),
      onBar: (context) => {
        const { time, target } = context as unknown as StrategyContext;
        const wanted = WANTED[Math.round((time - this.#start) / MINUTE)];
        return wanted === undefined ? undefined : target(wanted, 'more');
      },
    });
    return definition as AnyStrategy;
  }

  async #deliver({ queue, body }: { readonly queue: string; readonly body: CycleMessage }): Promise<boolean> {
    try {
      await STEPS[queue as Step](this.ports, body);
      return true;
    } catch (error) {
      if (error instanceof PlimsollError && error.code === 'STEP_TOO_EARLY') return false;
      throw error;
    }
  }
}

function configurationOf({ instrument }: ServedBench): StepPorts['configuration'] {
  const { venue, symbol } = instrument;
  return configurationSchema.parse({
    venues: { [venue]: { kind: 'simulated' } },
    universes: { one: { venue, symbols: [symbol], timeframe: '1m' } },
    accounts: [
      {
        id: 'live',
        universe: 'one',
        currency: 'USDT',
        moneyDecimals: instrument.moneyDecimals,
        cash: 10_000,
        strategies: [{ strategy: 'first', allocation: 1 }],
        limits: { maxGrossExposure: 1 },
        live: { first: { maxOrderNotional: 5_000, maxExposure: 20_000 } },
      },
    ],
  });
}

let server: VenueServer;
let desk: LiveDesk;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterEach(() => desk?.close());
afterAll(() => server.close());

/** The account as it was: what was wanted was not bought, and the books are whole. */
async function expectNoNewRisk(before: { readonly held: number; readonly submits: number }): Promise<void> {
  expect(await desk.held()).toBe(before.held);
  expect(desk.bench.requests('submit')).toBe(before.submits);
  expect(verifyLedger(desk.ledger.commits).holds).toBe(true);
}

const standing = async () => ({ held: await desk.held(), submits: desk.bench.requests('submit') });

/** A field of the first fill in an answer, with another value. */
function spoiltFill(venue: Venue, value: unknown): Fault {
  const names: Record<Venue, string> = {
    binance: 'qty',
    kraken: 'vol',
    bybit: 'execQty',
    okx: 'fillSz',
    coinbase: 'size',
  };
  const change = (body: unknown): unknown =>
    JSON.parse(JSON.stringify(body), function (this: unknown, key, one) {
      return key === names[venue] ? value : one;
    });
  return { kind: 'changed', change };
}

const READS = ['fills', 'openOrders', 'balances'] as const;

describe.each(VENUES)('a live account at %s', (venue) => {
  test('holds what it bought, and is in order, before anything is spoilt', async () => {
    desk = await LiveDesk.armed(server, venue);
    expect(await desk.held()).toBeGreaterThan(0);
    expect((await desk.engine()).live?.reconciled).toBe(true);
    expect(desk.alerts()).toEqual([]);
  });

  test.each([
    ['an HTML page', { kind: 'html', effect: 'none' } as Fault, /^VENUE_(UNAVAILABLE|ANSWER_MALFORMED)$/],
    ['half a body', { kind: 'half body', effect: 'none' } as Fault, /^VENUE_(UNAVAILABLE|ANSWER_MALFORMED)$/],
    ['a server error', { kind: 'status', status: 503, body: 'busy' } as Fault, /^VENUE_UNAVAILABLE$/],
  ])('opens nothing while %s is all that it hears, says so once, and goes on afterwards', async (_, fault, code) => {
    desk = await LiveDesk.armed(server, venue);
    const before = await standing();
    desk.spoil(fault, ...READS);
    await desk.run();
    await desk.run();
    await expectNoNewRisk(before);
    expect((await desk.engine()).live?.reconciled).toBe(false);
    expect(desk.alerts()).toEqual([expect.objectContaining({ code: expect.stringMatching(code) })]);
    expect(JSON.stringify(desk.alerts())).toContain(desk.bench.port.venue);
    desk.heal();
    await desk.run();
    await desk.run();
    expect((await desk.engine()).live?.reconciled).toBe(true);
    expect(await desk.held()).toBeGreaterThan(before.held);
  });

  test.each([
    ['a negative quantity', '-0.01000'],
    ['a number where text was agreed', 0.01],
    ['words', 'some'],
  ])('takes no fill with %s, and opens nothing', async (_, value) => {
    desk = await LiveDesk.armed(server, venue);
    const before = await standing();
    desk.spoil(spoiltFill(venue, value), 'fills');
    desk.bench.fillMany(2);
    await desk.run();
    await expectNoNewRisk(before);
    expect(desk.alerts()).toMatchObject([{ code: 'VENUE_ANSWER_MALFORMED' }]);
    expect(desk.of('ExternalFilled')).toEqual([]);
  });

  test('books a fill of an order that it never sent as that of another, and says so', async () => {
    desk = await LiveDesk.armed(server, venue);
    desk.bench.fillMany(1);
    await desk.run();
    expect(desk.of('ExternalFilled')).toHaveLength(1);
    expect((await desk.engine()).live?.reconciled).toBe(true);
    expect(verifyLedger(desk.ledger.commits).holds).toBe(true);
  });

  test('opens nothing after a balance has jumped, and halts with both figures where it stays so', async () => {
    desk = await LiveDesk.armed(server, venue);
    const before = await standing();
    desk.bench.account.deposit('USDT', -5_000n * 10n ** 8n);
    await desk.run();
    await expectNoNewRisk(before);
    expect((await desk.engine()).live?.reconciled).toBe(false);
    expect(desk.of('OrderDenied').map(({ denial }) => denial)).toContain('VENUE_NOT_RECONCILED');
    for (let cycle = 0; cycle < 4; cycle++) await desk.run();
    await expectNoNewRisk(before);
    expect((await desk.engine()).tradingState).toBe('Halted');
    const alerts = desk.alerts();
    expect(alerts).toMatchObject([{ code: 'BALANCE_UNEXPLAINED' }]);
    expect(JSON.stringify(alerts)).toMatch(/"asset":"USDT".*"ledger":"[\d.]+".*"there":"[\d.]+"/);
  });

  test.each(['reads', 'unknown'] as const)('opens nothing with a key that is no good: %s', async (what) => {
    desk = await LiveDesk.armed(server, venue);
    const before = await standing();
    desk.bench.spoilKey(what);
    await desk.run();
    await desk.run();
    await expectNoNewRisk(before);
    expect(desk.alerts()).toMatchObject([{ code: 'VENUE_REFUSED' }]);
  });

  test('has its order rejected by a key that may not trade, with the reason, and holds what it held', async () => {
    desk = await LiveDesk.armed(server, venue);
    const { held } = await standing();
    desk.bench.spoilKey('trades');
    await desk.run();
    expect(await desk.held()).toBe(held);
    expect(desk.of('OrderRejected')).toHaveLength(1);
    expect(JSON.stringify(desk.of('TextDefined'))).toMatch(/refused it: it said/);
    expect((await desk.engine()).markets[0].orders.filter(({ state }) => state === 'Unresolved')).toEqual([]);
  });

  test('goes on where the clock of its machine is an hour away from the venue', async () => {
    desk = await LiveDesk.armed(server, venue);
    const before = await standing();
    const asked = desk.ports.now;
    desk.bench.skew(3_600_000);
    Object.assign(desk.ports, { now: () => asked() });
    await desk.run();
    await desk.run();
    expect(await desk.held()).toBeGreaterThan(before.held);
    expect(desk.alerts()).toEqual([]);
  });

  test('keeps an order in a status never seen, says so, and opens nothing beside it', async () => {
    desk = await LiveDesk.armed(server, venue);
    // A part of it fills, so that its end is not told by its fills.
    desk.bench.price(CLOSE, 10 ** desk.bench.instrument.quantityDecimals / 10_000);
    desk.spoil({ kind: 'disconnect', effect: 'now' }, 'submit');
    await desk.run();
    const sent = desk.bench.account.orders.at(-1)!;
    sent.statusShown = 'UNDER_REVIEW';
    desk.heal();
    const submits = desk.bench.requests('submit');
    await desk.run();
    expect(desk.bench.requests('submit')).toBe(submits);
    expect(desk.alerts().map(({ code }) => code)).toContain('ORDER_STATUS_UNRECOGNISED');
  });
});
