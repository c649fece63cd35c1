/**
 * Scripted sessions: orders, changes, cancellations and readings of fills at OANDA, each request under a random fault, by a driver that
 * follows the rule for safe use. Never two orders under one id, and no fill lost or doubled.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReplaceAnswer, VenueFill, VenueOrderRequest } from '../../../../core/ports/execution-venue.ts';
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
import { ACCOUNT, makeBench, type OandaBench } from './bench.ts';

/** `SESSIONS=1000` for the proof. */
const SESSIONS = Number(process.env.SESSIONS ?? 100);
const STEPS = 14;
/** How long an order is asked for that is not there: OANDA sets no bound, so it is longer than any request here is late. */
const LOST_AFTER_MS = 60_000;
const LATEST_MS = 20_000;

const UNAVAILABLE = JSON.stringify({ errorMessage: 'An internal server error has occurred' });
const LIMITED = JSON.stringify({ errorMessage: 'Too many requests.' });

/** `late` is a part of the longest time that a request may be late. */
const FAULTS = {
  'lost answer': () => ({ kind: 'disconnect', effect: 'now' }),
  'lost request': () => ({ kind: 'disconnect', effect: 'none' }),
  'late order': (late: number) => ({ kind: 'disconnect', effect: Math.floor(late * LATEST_MS) }),
  'server error before': () => ({ kind: 'status', status: 502, body: '<html>Bad gateway</html>', effect: 'none' }),
  'server error after': () => ({ kind: 'status', status: 504, body: UNAVAILABLE, effect: 'now' }),
  'rate limit': () => ({ kind: 'status', status: 429, headers: { 'retry-after': '3' }, body: LIMITED, effect: 'none' }),
  'rate limit without a time': () => ({ kind: 'status', status: 429, body: 'slow down', effect: 'none' }),
  'half a body': () => ({ kind: 'half body', effect: 'now' }),
  'cut body': () => ({ kind: 'cut body', effect: 'now' }),
  HTML: () => ({ kind: 'html', effect: 'now' }),
  maintenance: () => ({ kind: 'status', status: 503, body: UNAVAILABLE, effect: 'none' }),
  'another shape': () => ({ kind: 'changed', change: () => ({ lastTransactionID: 'none' }), effect: 'now' }),
  slow: () => ({ kind: 'slow', ms: 5, effect: 'now' }),
} satisfies Record<string, (late: number) => Fault>;
type FaultName = keyof typeof FAULTS;
const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];

type Step =
  | { readonly kind: 'submit'; readonly market: boolean; readonly side: 'buy' | 'sell'; readonly offset: number }
  | { readonly kind: 'replace'; readonly which: number; readonly offset: number }
  | { readonly kind: 'cancel' | 'venue cancels'; readonly which: number }
  | { readonly kind: 'price'; readonly price: number; readonly part: boolean }
  /** Nothing trades until the next step is done. */
  | { readonly kind: 'fills' | 'halt' }
  | { readonly kind: 'fills come late' | 'wait'; readonly ms: number };

const which = fc.nat(20);
/** Away from the last price, or into it. */
const offset = fc.integer({ min: -40_000, max: 100_000 });
const price = fc.integer({ min: 4_300_000, max: 4_700_000 });
const of = <Kind extends string>(kind: Kind) => fc.constant(kind);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: of('submit'),
      market: fc.boolean(),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      offset,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: of('cancel'), which }) },
  { weight: 3, arbitrary: fc.record({ kind: of('replace'), which, offset }) },
  { weight: 3, arbitrary: fc.record({ kind: of('price'), price, part: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: of('fills') }) },
  { weight: 1, arbitrary: fc.record({ kind: of('halt') }) },
  { weight: 1, arbitrary: fc.record({ kind: of('venue cancels'), which }) },
  { weight: 1, arbitrary: fc.record({ kind: of('fills come late'), ms: fc.integer({ min: 0, max: 60_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: of('wait'), ms: fc.integer({ min: 100, max: 20_000 }) }) },
);

type Target = Operation | 'replace' | 'range';
const PATHS: Partial<Record<Target, string>> = {
  replace: `PUT ${ACCOUNT}/orders/{id}`,
  range: `${ACCOUNT}/transactions/idrange`,
};
const trouble = fc.record({
  target: fc.constantFrom<Target>('submit', 'submit', 'cancel', 'query', 'fills', 'replace', 'range'),
  name: fc.constantFrom(...FAULT_NAMES),
  late: fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
});
const session = fc.record({
  steps: fc.array(fc.record({ step, faults: fc.array(trouble, { maxLength: 3 }) }), { minLength: 4, maxLength: STEPS }),
  skewMs: fc.constantFrom(0, 0, 40_000, -40_000),
  doubled: fc.boolean(),
  forgetsClosed: fc.boolean(),
});

class Driver {
  readonly #bench: OandaBench;
  readonly fates = new Map<string, Fate>();
  /** As each was sent, or its last replacement left it. */
  readonly sent = new Map<string, VenueOrderRequest>();
  /** Ids of orders that came in the place of one another. */
  readonly chains: string[][] = [];
  readonly fills: Reader<VenueFill>;
  readonly answers: string[] = [];

  constructor(bench: OandaBench) {
    this.#bench = bench;
    this.fills = readerOfFills(bench, bench.now() - 1_000);
  }

  /** Sends one order, and knows afterwards what became of it. After an unclear answer it asks, and never sends again. */
  async submit(request: VenueOrderRequest): Promise<void> {
    this.sent.set(request.clientOrderId, request);
    const answer = await patiently(this.#bench, () => this.#bench.port.submit(request));
    const placed = answer.kind === 'accepted' || answer.kind === 'duplicate';
    const fate = answer.kind === 'unclear' ? await this.#find(request) : placed ? 'placed' : 'refused';
    this.fates.set(request.clientOrderId, fate);
  }

  async replace(clientOrderId: string, newClientOrderId: string, newPrice: number): Promise<void> {
    const order = this.sent.get(clientOrderId)!;
    if (order.type !== 'limit') return;
    const change = { order, venueOrderId: '', newClientOrderId, quantity: order.quantity, price: newPrice, trigger: 0 };
    const answer: ReplaceAnswer = await patiently(this.#bench, () => this.#bench.port.replace(change));
    this.answers.push(`replace ${answer.kind}`);
    const changed = { ...order, clientOrderId: newClientOrderId, price: newPrice };
    const isPlaced = answer.kind === 'replaced' || answer.kind === 'canceled';
    const fate = answer.kind === 'unclear' ? await this.#find(changed) : isPlaced ? 'placed' : 'refused';
    this.fates.set(newClientOrderId, fate);
    if (fate !== 'placed') return;
    this.sent.set(newClientOrderId, changed);
    this.chains.push([clientOrderId, newClientOrderId]);
  }

  async cancel(clientOrderId: string): Promise<void> {
    await this.#bench.port.cancel(this.#bench.instrument, clientOrderId);
  }

  /** Unknown counts only where it is still said when no request can come any more. */
  #find(request: VenueOrderRequest): Promise<Fate> {
    return findOut(this.#bench, request, this.#bench.now() + LOST_AFTER_MS);
  }
}

async function take(bench: OandaBench, driver: Driver, one: Step, i: number): Promise<void> {
  // Mostly of orders that work, or little is changed.
  const working = bench.account.working().map(({ clientOrderId }) => clientOrderId);
  const isOfWorking = one.kind === 'replace' && one.which % 4 > 0 && working.length > 0;
  const ids = isOfWorking ? working : [...driver.sent.keys()];
  const named = 'which' in one && ids.length > 0 ? ids[one.which % ids.length] : undefined;
  const last = bench.account.lastPrice('XAU')!;
  if (one.kind === 'submit') {
    const type = one.market ? ('market' as const) : ('limit' as const);
    const rest = { timeInForce: 'gtc', postOnly: false, reduceOnly: false, trigger: 0 } as const;
    await driver.submit({
      instrument: bench.instrument,
      clientOrderId: bench.clientOrderId(i + 1),
      side: one.side,
      type,
      quantity: bench.unit,
      price: one.market ? 0 : awayFrom(last, one.side, one.offset),
      ...rest,
    });
  } else if (one.kind === 'cancel' && named !== undefined) await driver.cancel(named);
  else if (one.kind === 'replace' && named !== undefined) {
    const { side } = driver.sent.get(named)!;
    await driver.replace(named, bench.clientOrderId(1_000 + i), awayFrom(last, side, one.offset));
  } else if (one.kind === 'venue cancels' && named !== undefined) {
    const placed = bench.account.working().find((order) => order.clientOrderId === named);
    if (placed) bench.account.expire(placed);
  } else if (one.kind === 'price') bench.price(one.price, one.part ? bench.unit / 2 : undefined);
  else if (one.kind === 'fills') await driver.fills.read();
  else if (one.kind === 'fills come late') bench.delayFills(one.ms);
  else if (one.kind === 'wait') bench.pass(one.ms);
  bench.account.halted = one.kind === 'halt';
}

const awayFrom = (last: number, side: 'buy' | 'sell', by: number): number => (side === 'buy' ? last - by : last + by);

/** Orders that came in the place of one another never fill more than one of them was for. */
function checkChains(bench: OandaBench, { chains }: Driver): void {
  for (const chain of chains) {
    const filled = chain.reduce((sum, id) => sum + bench.truth(id).filled, 0);
    expect(filled).toBeLessThanOrEqual(bench.unit);
  }
}

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

test(
  `OANDA holds ${SESSIONS} sessions under faults: one order an id, every fill once`,
  async () => {
    const met = new Map<string, number>();
    const count = (what: string) => met.set(what, (met.get(what) ?? 0) + 1);
    await fc.assert(
      fc.asyncProperty(session, async ({ steps, skewMs, doubled, forgetsClosed }) => {
        const bench = await makeBench(server, { forgetsClosed });
        try {
          bench.price(4_500_000);
          bench.skew(skewMs);
          if (doubled) bench.doubleFills();
          const driver = new Driver(bench);
          const named = new Map<Fault, FaultName>();
          for (const [i, { step: one, faults }] of steps.entries()) {
            for (const { target, name, late } of faults) {
              const fault: Fault = FAULTS[name](late);
              named.set(fault, name);
              const path = PATHS[target];
              if (path === undefined) bench.fault(target as Operation, fault);
              else server.script(path, fault);
            }
            bench.pass(200);
            await take(bench, driver, one, i);
          }
          bench.account.halted = false;
          await settle(bench, [driver.fills], 100_000);
          checkOrders(bench, driver.fates);
          checkChains(bench, driver);
          checkFills(bench, driver.fills.rows);
          // One that was refused may be found, as refused.
          await compareOrders(bench, driver.fates, (fate) => fate === 'lost');
          for (const fault of server.met) count(named.get(fault)!);
          for (const what of [...driver.fates.values(), ...driver.answers]) count(what);
          for (const _ of driver.fills.rows) count('fill');
        } finally {
          await bench.stop();
        }
      }),
      { numRuns: SESSIONS },
    );
    // Else the sessions show nothing.
    expect(met.get('replace replaced') ?? 0).toBeGreaterThan(0);
    for (const what of [...FAULT_NAMES, 'placed', 'lost', 'fill']) {
      expect([what, met.get(what) ?? 0]).toEqual([what, expect.toSatisfy((times: number) => times >= SESSIONS / 20)]);
    }
    if (process.env.SESSIONS) console.info('oanda', Object.fromEntries(met));
  },
  20 * 60_000,
);
