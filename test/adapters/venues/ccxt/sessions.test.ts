/**
 * Scripted sessions: orders, cancellations and readings of fills through the real ccxt classes, each request under a random fault,
 * by a driver that follows the rule for safe use. Never two orders under one id, and no fill lost or doubled.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VenueFill, VenueOrderRequest } from '../../../../core/ports/execution-venue.ts';
import type { Operation } from '../../../contract/execution-venue.suite.ts';
import { type Fault, VenueServer } from '../server/venue-server.ts';
import {
  checkFills,
  checkOrders,
  compareOrders,
  type Fate,
  findOut,
  patiently,
  type Reader,
  readerOfFills,
  settle,
} from '../sessions.ts';
import { makeBench, type ServedBench, TERMS, VENUES, type VenueName } from './benches.ts';

/** `SESSIONS=1000` for the proof, of each venue. */
const sessionsOf = (venue: VenueName): number =>
  Number(process.env.SESSIONS ?? (['binance', 'usdm', 'kraken'].includes(venue) ? 100 : 50));
const STEPS = 14;
/** How long after the validity of a request the driver still asks, for clocks and delays. */
const MARGIN_MS = 2_000;

const FAULTS = [
  'lost answer',
  'lost request',
  'late order',
  'later than it may be',
  'server error before',
  'server error after',
  'rate limit',
  'ban',
  'half a body',
  'cut body',
  'HTML',
  'maintenance',
  'slow',
] as const;
type FaultName = (typeof FAULTS)[number];

/** `late` is a part of the time for which a request is valid, of which the clock of Kraken takes a second. */
function faultOf(venue: VenueName, validMs: number, name: FaultName, late: number): Fault {
  const limited = JSON.stringify({ code: -1003, msg: 'Too many requests.' });
  const unavailable = JSON.stringify(TERMS[venue].unavailable);
  const faults: Record<FaultName, Fault> = {
    'lost answer': { kind: 'disconnect', effect: 'now' },
    'lost request': { kind: 'disconnect', effect: 'none' },
    'late order': { kind: 'disconnect', effect: Math.floor(late * (venue === 'kraken' ? validMs - 1_000 : validMs)) },
    'later than it may be': { kind: 'disconnect', effect: validMs + 5_000 },
    'server error before': { kind: 'status', status: 502, body: '<html>Bad gateway</html>', effect: 'none' },
    'server error after': { kind: 'status', status: 504, body: unavailable, effect: 'now' },
    'rate limit': { kind: 'status', status: 429, headers: { 'retry-after': '3' }, body: limited, effect: 'none' },
    ban: { kind: 'status', status: 418, headers: { 'retry-after': '20' }, body: limited, effect: 'none' },
    'half a body': { kind: 'half body', effect: 'now' },
    'cut body': { kind: 'cut body', effect: 'now' },
    HTML: { kind: 'html', effect: 'now' },
    maintenance: { kind: 'status', status: venue === 'kraken' ? 200 : 503, body: unavailable, effect: 'none' },
    slow: { kind: 'slow', ms: 5, effect: 'now' },
  };
  return faults[name];
}

type Step =
  | { readonly kind: 'submit'; readonly market: boolean; readonly side: 'buy' | 'sell'; readonly offset: number }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'price'; readonly price: number; readonly part: boolean }
  | { readonly kind: 'fills' }
  | { readonly kind: 'venue cancels'; readonly which: number }
  | { readonly kind: 'fills come late'; readonly ms: number }
  | { readonly kind: 'wait'; readonly ms: number };

const price = fc.integer({ min: 4_300_000, max: 4_700_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      market: fc.boolean(),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      offset: fc.integer({ min: -100_000, max: 100_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('price' as const), price, part: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fills' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('venue cancels' as const), which: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('fills come late' as const), ms: fc.integer({ min: 0, max: 60_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 100, max: 20_000 }) }),
  },
);

const OPERATIONS: readonly Operation[] = ['submit', 'cancel', 'query', 'fills', 'clock'];
const trouble = fc.record({
  operation: fc.constantFrom(...OPERATIONS),
  name: fc.constantFrom(...FAULTS),
  late: fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
});
const session = fc.record({
  steps: fc.array(fc.record({ step, faults: fc.array(trouble, { maxLength: 3 }) }), { minLength: 1, maxLength: STEPS }),
  skewMs: fc.constantFrom(0, 0, 40_000, -40_000),
  doubled: fc.boolean(),
});

class Driver {
  readonly #bench: ServedBench;
  readonly fates = new Map<string, Fate>();
  readonly fills: Reader<VenueFill>;

  constructor(bench: ServedBench) {
    this.#bench = bench;
    this.fills = readerOfFills(bench, bench.now() - 1_000);
  }

  /** Sends one order, and knows afterwards what became of it. After an unclear answer it asks, and never sends again. */
  async submit(request: VenueOrderRequest): Promise<void> {
    const { port } = this.#bench;
    let calledAt = this.#bench.now();
    const answer = await patiently(this.#bench, () => {
      calledAt = this.#bench.now();
      return port.submit(request);
    });
    const validUntil = calledAt + (port.capabilities.requestValidityMs ?? Number.POSITIVE_INFINITY) + MARGIN_MS;
    const placed = answer.kind === 'accepted' || answer.kind === 'duplicate';
    const isUnclear = answer.kind === 'unclear';
    const fate = isUnclear ? await findOut(this.#bench, request, validUntil) : placed ? 'placed' : 'refused';
    this.fates.set(request.clientOrderId, fate);
  }

  async cancel(clientOrderId: string): Promise<void> {
    await this.#bench.port.cancel(this.#bench.instrument, clientOrderId);
  }
}

async function run(
  bench: ServedBench,
  steps: readonly Step[],
  driver: Driver,
  faultsFor: (i: number) => void,
): Promise<void> {
  const ids: string[] = [];
  const unit = 10 ** bench.instrument.quantityDecimals / 100;
  let last = 4_500_000;
  for (const [i, one] of steps.entries()) {
    faultsFor(i);
    bench.pass(200);
    const which = 'which' in one && ids.length > 0 ? ids[one.which % ids.length] : undefined;
    if (one.kind === 'submit') {
      ids.push(bench.clientOrderId(i + 1));
      const type = one.market ? ('market' as const) : ('limit' as const);
      await driver.submit({
        instrument: bench.instrument,
        clientOrderId: ids.at(-1)!,
        side: one.side,
        type,
        timeInForce: 'gtc',
        postOnly: false,
        reduceOnly: false,
        quantity: unit,
        price: one.market ? 0 : last + one.offset,
        trigger: 0,
      });
    } else if (one.kind === 'cancel' && which !== undefined) await driver.cancel(which);
    else if (one.kind === 'venue cancels' && which !== undefined) {
      const placed = bench.account.working().find((order) => order.clientOrderId === which);
      if (placed) bench.account.expire(placed);
    } else if (one.kind === 'price') {
      last = one.price;
      bench.price(last, one.part ? unit / 2 : undefined);
    } else if (one.kind === 'fills') await driver.fills.read();
    else if (one.kind === 'fills come late') bench.delayFills(one.ms);
    else if (one.kind === 'wait') bench.pass(one.ms);
  }
}

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

describe.each(VENUES)('%s', (venue) => {
  const SESSIONS = sessionsOf(venue);
  test(
    `holds ${SESSIONS} sessions under faults: one order an id, every fill once`,
    async () => {
      const met = new Map<string, number>();
      const count = (what: string) => met.set(what, (met.get(what) ?? 0) + 1);
      await fc.assert(
        fc.asyncProperty(session, async ({ steps, skewMs, doubled }) => {
          // No request here is left without an end: none is given up for the machine being busy.
          const bench = await makeBench(server, venue, { timeoutMs: 60_000 });
          try {
            bench.price(4_500_000);
            bench.skew(skewMs);
            if (doubled) bench.doubleFills();
            const driver = new Driver(bench);
            const named = new Map<Fault, FaultName>();
            const faultsFor = (i: number) => {
              for (const { operation, name, late } of steps[i].faults) {
                const fault = faultOf(venue, bench.port.capabilities.requestValidityMs!, name, late);
                named.set(fault, name);
                bench.fault(operation, fault);
              }
            };
            const plan = steps.map((one) => one.step);
            await run(bench, plan, driver, faultsFor);
            await settle(bench, [driver.fills], 2 * bench.port.capabilities.requestValidityMs! + 100_000);
            checkOrders(bench, driver.fates);
            checkFills(bench, driver.fills.rows);
            await compareOrders(bench, driver.fates, () => true);
            for (const fault of server.met) count(named.get(fault)!);
            for (const fate of driver.fates.values()) count(fate);
            for (const _ of driver.fills.rows) count('fill');
          } finally {
            await bench.stop();
          }
        }),
        { numRuns: SESSIONS },
      );
      // Else the sessions show nothing. Few of them meet a fault or two seldom.
      const seldom = (what: string) => (met.get(what) ?? 0) < SESSIONS / 20;
      expect(['placed', 'lost', 'fill'].filter(seldom)).toEqual([]);
      expect(FAULTS.filter(seldom).length).toBeLessThan(SESSIONS < 100 ? 4 : 1);
      if (process.env.SESSIONS) console.info(venue, Object.fromEntries(met));
    },
    20 * 60_000,
  );
});
