/**
 * Scripted sessions: orders, cancellations and readings of fills through Alpaca's SDK, each request under a random fault, by a driver
 * that follows the rule for safe use where a request has no bound in time and an id is refused for ever: ask, and send again under
 * the same id. Never two orders under one id, no fill lost or doubled, and each fee of crypto booked once.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDecimal } from '../../../../core/numbers.ts';
import type { VenueFill, VenueOrderRequest, VenuePayment } from '../../../../core/ports/execution-venue.ts';
import { AMOUNT_DECIMALS } from '../server/account.ts';
import type { TakesFees } from '../server/alpaca-fees.ts';
import { type Fault, VenueServer } from '../server/venue-server.ts';
import { checkFills, checkOrders, compareOrders, type Fate, Reader, readerOfFills, settle } from '../sessions.ts';
import { type AlpacaBench, makeBench, type PATHS } from './bench.ts';

/** `SESSIONS=1000` for the proof. */
const SESSIONS = Number(process.env.SESSIONS ?? 100);
const STEPS = 14;

const POLL_MS = 2_500;
/** Later than any order comes here. */
const LATEST_MS = 60_000;
const DAY_MS = 86_400_000;

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
  | { readonly kind: 'fills' | 'payments' | 'a day passes' }
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
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('payments' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('a day passes' as const) }) },
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

const TARGETS: readonly Target[] = ['submit', 'submit', 'cancel', 'query', 'fills', 'payments', 'clock', 'asset'];
const trouble = fc.record({
  target: fc.constantFrom(...TARGETS),
  name: fc.constantFrom(...FAULTS),
  lateMs: fc.integer({ min: 0, max: 40_000 }),
});
const session = fc.record({
  steps: fc.array(fc.record({ step, faults: fc.array(trouble, { maxLength: 3 }) }), { minLength: 1, maxLength: STEPS }),
  skewMs: fc.constantFrom(0, 0, 40_000, -40_000),
  doubled: fc.boolean(),
  fees: fc.constantFrom<TakesFees>('with the fill', 'at the end of the day'),
});

class Driver {
  readonly #bench: AlpacaBench;
  readonly fates = new Map<string, Fate>();
  readonly fills: Reader<VenueFill>;
  readonly payments: Reader<VenuePayment>;
  /** Orders that were sent more than once. */
  resent = 0;

  constructor(bench: AlpacaBench) {
    this.#bench = bench;
    const since = bench.now() - 1_000;
    this.fills = readerOfFills(bench, since);
    this.payments = new Reader(async (cursor) => {
      const read = await bench.port.payments([bench.instrument], since, cursor);
      return { rows: read.payments, cursor: read.cursor };
    });
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
    } else if (one.kind === 'fills') await driver.fills.read();
    else if (one.kind === 'payments') await driver.payments.read();
    else if (one.kind === 'a day passes') bench.pass(DAY_MS);
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
      fc.asyncProperty(session, async ({ steps, skewMs, doubled, fees }) => {
        const bench = await makeBench(server, { assetClass, timeoutMs: 30_000 });
        try {
          bench.account.deposit('AAPL', 1_000n * 10n ** 8n);
          if (assetClass === 'crypto') bench.takeFees(fees);
          const before = new Map(bench.account.balances);
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
          // The day ends, and its fees are posted.
          bench.pass(DAY_MS);
          await settle(bench, [driver.fills, driver.payments], LATEST_MS + 40_000);
          checkOrders(bench, driver.fates);
          checkFills(bench, driver.fills.rows, bench.unit / (assetClass === 'equity' ? 4e8 : bench.unit));
          await checkSums(bench, driver, before);
          await compareOrders(bench, driver.fates, () => true);
          for (const fault of server.met) count(named.get(fault)!);
          for (const fate of driver.fates.values()) count(fate);
          count('fill', driver.fills.rows.length);
          count('payment', driver.payments.rows.length);
          count('resent', driver.resent);
        } finally {
          await bench.stop();
        }
      }),
      { numRuns: SESSIONS },
    );
    // Else the sessions show nothing.
    const paid = assetClass === 'crypto' ? ['payment'] : [];
    for (const what of [...FAULTS, ...paid, 'placed', 'resent', 'fill']) {
      expect([what, met.get(what) ?? 0]).toEqual([what, expect.toSatisfy((times: number) => times >= SESSIONS / 20)]);
    }
    if (process.env.SESSIONS) console.info(assetClass, Object.fromEntries(met));
  },
  20 * 60_000,
);

/** Every payment once; and what is held is what was held, and the fills, and the payments, to the last unit. */
async function checkSums(bench: AlpacaBench, { fills, payments }: Driver, before: Balances): Promise<void> {
  const { base, quote, type, quantityDecimals, priceDecimals } = bench.instrument;
  expect(new Set(payments.rows.map(({ id }) => id)).size).toBe(payments.rows.length);
  const charged = [...bench.side.fees.all].map(([asset, fee]) => [asset, -fee]);
  expect(Object.fromEntries(sumsOf(payments.rows))).toEqual(Object.fromEntries(charged));
  if (type !== 'spot') return;
  const sums = new Map([...before, ...sumsOf(payments.rows)].map(([asset]) => [asset, before.get(asset) ?? 0n]));
  const add = (asset: string, units: bigint) => sums.set(asset, (sums.get(asset) ?? 0n) + units);
  for (const [asset, units] of sumsOf(payments.rows)) add(asset, units);
  for (const { side, quantity, price } of fills.rows) {
    const sign = side === 'buy' ? 1n : -1n;
    add(base, sign * BigInt(quantity) * 10n ** BigInt(AMOUNT_DECIMALS - quantityDecimals));
    const money = BigInt(quantity) * BigInt(price) * 10n ** BigInt(AMOUNT_DECIMALS);
    add(quote, (-sign * money) / 10n ** BigInt(quantityDecimals + priceDecimals));
  }
  const balances = (await bench.port.balances()).map(({ asset, free, held }): [string, bigint] => [
    asset,
    units(free) + units(held),
  ]);
  for (const [asset, held] of balances) expect([asset, held]).toEqual([asset, sums.get(asset) ?? 0n]);
}

type Balances = ReadonlyMap<string, bigint>;

const units = (text: string): bigint => BigInt(parseDecimal(text, AMOUNT_DECIMALS));

function sumsOf(payments: readonly VenuePayment[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { asset, amount } of payments) sums.set(asset, (sums.get(asset) ?? 0n) + units(amount));
  return sums;
}
