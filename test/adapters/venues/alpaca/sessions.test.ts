/**
 * Scripted sessions: orders, cancellations and readings of fills through Alpaca's SDK, each request under a random fault, by a driver
 * that follows the rule for safe use where a request has no bound in time and an id is refused for ever: ask, and send again under
 * the same id. Never two orders under one id, and no fill lost or doubled.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VenueFill, VenueOrderRequest } from '../../../../core/ports/execution-venue.ts';
import { type Fault, VenueServer } from '../server/venue-server.ts';
import { type AlpacaBench, makeBench, type PATHS } from './bench.ts';

/** `SESSIONS=1000` for the proof. */
const SESSIONS = Number(process.env.SESSIONS ?? 100);
const STEPS = 14;

const POLL_MS = 2_500;
/** Later than any order comes here. */
const LATEST_MS = 60_000;

type Target = keyof typeof PATHS;

const FAULTS = [
  'lost answer',
  'lost request',
  'late order',
  'server error before',
  'server error after',
  'rate limit',
  'rate limit without a time',
  'half a body',
  'cut body',
  'HTML',
  'maintenance',
  'slow',
] as const;
type FaultName = (typeof FAULTS)[number];

function faultOf(name: FaultName, lateMs: number): Fault {
  const limited = JSON.stringify({ code: 42910000, message: 'rate limit exceeded' });
  const broken = JSON.stringify({ code: 50010000, message: 'internal server error occurred' });
  const faults: Record<FaultName, Fault> = {
    'lost answer': { kind: 'disconnect', effect: 'now' },
    'lost request': { kind: 'disconnect', effect: 'none' },
    'late order': { kind: 'disconnect', effect: lateMs },
    'server error before': { kind: 'status', status: 502, body: '<html>Bad gateway</html>', effect: 'none' },
    'server error after': { kind: 'status', status: 504, body: broken, effect: 'now' },
    'rate limit': { kind: 'status', status: 429, headers: { 'retry-after': '3' }, body: limited, effect: 'none' },
    'rate limit without a time': { kind: 'status', status: 429, body: 'Too Many Requests', effect: 'none' },
    'half a body': { kind: 'half body', effect: 'now' },
    'cut body': { kind: 'cut body', effect: 'now' },
    HTML: { kind: 'html', effect: 'now' },
    maintenance: { kind: 'status', status: 503, body: broken, effect: 'none' },
    slow: { kind: 'slow', ms: 5, effect: 'now' },
  };
  return faults[name];
}

type Step =
  | { readonly kind: 'submit'; readonly market: boolean; readonly side: 'buy' | 'sell'; readonly offset: number }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'price'; readonly price: number; readonly part: boolean }
  | { readonly kind: 'fills' }
  | { readonly kind: 'venue ends'; readonly which: number }
  | { readonly kind: 'fills come late'; readonly ms: number }
  | { readonly kind: 'wait'; readonly ms: number };

const price = fc.integer({ min: 4_300_000, max: 4_700_000 });
const which = fc.nat(20);
const offset = fc.integer({ min: -100_000, max: 100_000 });
const side = fc.constantFrom('buy' as const, 'sell' as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('submit' as const), market: fc.boolean(), side, offset }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('price' as const), price, part: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fills' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('venue ends' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('fills come late' as const), ms: fc.integer({ min: 0, max: 60_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 100, max: 20_000 }) }),
  },
);

const TARGETS: readonly Target[] = ['submit', 'submit', 'cancel', 'query', 'fills', 'clock', 'asset'];
const trouble = fc.record({
  target: fc.constantFrom(...TARGETS),
  name: fc.constantFrom(...FAULTS),
  lateMs: fc.integer({ min: 0, max: 40_000 }),
});
const session = fc.record({
  steps: fc.array(fc.record({ step, faults: fc.array(trouble, { maxLength: 3 }) }), { minLength: 1, maxLength: STEPS }),
  skewMs: fc.constantFrom(0, 0, 40_000, -40_000),
  doubled: fc.boolean(),
});

type Fate = 'placed' | 'refused';

class Driver {
  readonly #bench: AlpacaBench;
  readonly fates = new Map<string, Fate>();
  readonly fills: VenueFill[] = [];
  /** Orders that were sent more than once. */
  resent = 0;
  #cursor: string | undefined;
  readonly #since: number;

  constructor(bench: AlpacaBench) {
    this.#bench = bench;
    this.#since = bench.now() - 1_000;
  }

  /** Sends one order until it is known that it is there, or will not be. */
  async submit(request: VenueOrderRequest): Promise<void> {
    const { clientOrderId } = request;
    for (let attempt = 0, sends = 0; attempt < 200; attempt++) {
      const answer = await this.#bench.port.submit(request);
      if (answer.kind !== 'held-back') sends++;
      if (sends === 2 && answer.kind !== 'held-back') this.resent++;
      if (answer.kind === 'rejected') {
        // That it was refused the second time says nothing of the first, which may still come.
        if (sends > 1) this.#bench.pass(LATEST_MS);
        const isThere = sends > 1 && (await this.#isFound(request));
        return void this.fates.set(clientOrderId, isThere ? 'placed' : 'refused');
      }
      if (answer.kind === 'accepted' || answer.kind === 'duplicate')
        return void this.fates.set(clientOrderId, 'placed');
      if (answer.kind === 'unclear' && (await this.#isFound(request)))
        return void this.fates.set(clientOrderId, 'placed');
      this.#bench.pass(POLL_MS);
    }
    throw new Error('the order came to nothing');
  }

  /** Once the venue has said one or the other. That it knows none does not say that none will come. */
  async #isFound({ instrument, clientOrderId }: VenueOrderRequest): Promise<boolean> {
    for (let attempt = 0; attempt < 400; attempt++) {
      const answer = await this.#bench.port.query(instrument, clientOrderId);
      if (answer.kind !== 'unclear') return answer.kind === 'found';
      this.#bench.pass(POLL_MS);
    }
    throw new Error('the venue could not be asked');
  }

  async cancel(clientOrderId: string): Promise<void> {
    await this.#bench.port.cancel(this.#bench.instrument, clientOrderId);
  }

  /** False where the venue could not be heard: the cursor stays where it was. */
  async readFills(): Promise<boolean> {
    try {
      const read = await this.#bench.port.fills([this.#bench.instrument], this.#since, this.#cursor);
      this.fills.push(...read.fills);
      this.#cursor = read.cursor;
      return true;
    } catch (error) {
      expect((error as { code?: string }).code).toMatch(/^VENUE_(UNAVAILABLE|ANSWER_MALFORMED)$/);
      return false;
    }
  }
}

async function run(bench: AlpacaBench, steps: readonly Step[], driver: Driver, faultsFor: (i: number) => void) {
  const ids: string[] = [];
  let last = 4_500_000;
  for (const [i, one] of steps.entries()) {
    faultsFor(i);
    bench.pass(200);
    const chosen = 'which' in one && ids.length > 0 ? ids[one.which % ids.length] : undefined;
    if (one.kind === 'submit') {
      ids.push(bench.clientOrderId(i + 1));
      await driver.submit({
        instrument: bench.instrument,
        clientOrderId: ids.at(-1)!,
        side: one.side,
        type: one.market ? 'market' : 'limit',
        timeInForce: 'gtc',
        postOnly: false,
        reduceOnly: false,
        quantity: bench.unit,
        price: one.market ? 0 : inTicks(last + one.offset, bench),
        trigger: 0,
      });
    } else if (one.kind === 'cancel' && chosen !== undefined) await driver.cancel(chosen);
    else if (one.kind === 'venue ends' && chosen !== undefined) {
      const placed = bench.account.working().find((order) => order.clientOrderId === chosen);
      if (placed) bench.account.expire(placed);
    } else if (one.kind === 'price') {
      last = one.price;
      bench.price(last, one.part ? bench.unit / 2 : undefined);
    } else if (one.kind === 'fills') await driver.readFills();
    else if (one.kind === 'fills come late') bench.delayFills(one.ms);
    else if (one.kind === 'wait') bench.pass(one.ms);
  }
}

const inTicks = (price: number, { instrument: { tickSize = 1 } }: AlpacaBench): number =>
  Math.round(price / tickSize) * tickSize;

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

test.each(['crypto', 'equity'] as const)(
  `holds ${SESSIONS} sessions of %s under faults: one order an id, every fill once`,
  async (assetClass) => {
    const met = new Map<string, number>();
    const count = (what: string, times = 1) => met.set(what, (met.get(what) ?? 0) + times);
    await fc.assert(
      fc.asyncProperty(session, async ({ steps, skewMs, doubled }) => {
        const bench = await makeBench(server, { assetClass, timeoutMs: 30_000 });
        try {
          bench.account.deposit('AAPL', 1_000n * 10n ** 8n);
          bench.price(4_500_000);
          bench.skew(skewMs);
          if (doubled) bench.doubleFills();
          const driver = new Driver(bench);
          const named = new Map<Fault, FaultName>();
          await run(
            bench,
            steps.map((one) => one.step),
            driver,
            (i) => {
              for (const { target, name, lateMs } of steps[i].faults) {
                const fault = faultOf(name, lateMs);
                named.set(fault, name);
                bench.fault(target, fault);
              }
            },
          );
          await settle(bench, driver);
          check(bench, driver);
          await compare(bench, driver);
          for (const fault of server.met) count(named.get(fault)!);
          for (const fate of driver.fates.values()) count(fate);
          count('fill', driver.fills.length);
          count('resent', driver.resent);
        } finally {
          await bench.stop();
        }
      }),
      { numRuns: SESSIONS },
    );
    // Else the sessions show nothing.
    for (const what of [...FAULTS, 'placed', 'resent', 'fill']) {
      expect([what, met.get(what) ?? 0]).toEqual([what, expect.toSatisfy((times: number) => times >= SESSIONS / 20)]);
    }
    if (process.env.SESSIONS) console.info(assetClass, Object.fromEntries(met));
  },
  20 * 60_000,
);

/** Faults stop; what is late comes to pass; the fills are read to their end. */
async function settle(bench: AlpacaBench, driver: Driver): Promise<void> {
  bench.server.clearFaults();
  bench.pass(LATEST_MS + 40_000);
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await driver.readFills()) break;
    bench.pass(10_000);
  }
  // Once more from its cursor, for what came late; nothing comes again.
  bench.pass(1_000);
  expect(await driver.readFills()).toBe(true);
}

function check(bench: AlpacaBench, driver: Driver): void {
  const { account } = bench;
  for (const [id, fate] of driver.fates) {
    expect([id, fate, bench.truth(id).orders]).toEqual([id, fate, fate === 'placed' ? 1 : 0]);
  }
  expect(account.orders.every((one) => driver.fates.has(one.clientOrderId))).toBe(true);
  const ratio = bench.unit / (bench.instrument.type === 'equity' ? 4e8 : bench.unit);
  const ours = driver.fills.map(({ time, price, quantity, side }) => ({ time, price, quantity, side }));
  const theirs = account.trades.map((one) => ({
    time: one.time,
    price: one.price,
    quantity: one.quantity * ratio,
    side: one.side,
  }));
  const byAll = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  expect(new Set(driver.fills.map((fill) => fill.id)).size).toBe(driver.fills.length);
  expect(ours.sort(byAll)).toEqual(theirs.sort(byAll));
}

/** What the venue says of each order, and of those that work, is what it holds. */
async function compare(bench: AlpacaBench, driver: Driver): Promise<void> {
  const { port, instrument } = bench;
  for (const [id, fate] of driver.fates) {
    const answer = await port.query(instrument, id);
    if (fate !== 'placed') expect(answer).toEqual({ kind: 'unknown' });
    else expect(answer).toMatchObject({ kind: 'found', order: { clientOrderId: id, filled: bench.truth(id).filled } });
  }
  const open = await port.openOrders([instrument]);
  const working = bench.account.working().map((one) => one.clientOrderId);
  expect(open.map((one) => one.clientOrderId).sort()).toEqual(working.sort());
}
