import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Instrument } from '../../core/market/instrument.ts';
import type { ExecutionVenuePort, VenueFill, VenueOrderRequest } from '../../core/ports/execution-venue.ts';
import { limitOrder } from '../adapters/venues/limit-order.ts';

/** What a request asks of the venue. */
export type Operation = 'clock' | 'submit' | 'cancel' | 'query' | 'openOrders' | 'fills' | 'balances';

/** A way in which a request goes wrong, and whether what it asked is done all the same: now, never, or so many ms later. */
export interface Trouble {
  readonly kind:
    | 'no answer'
    | 'a disconnect'
    | 'half a body'
    | 'a body cut off'
    | 'an HTML page'
    | 'a server error'
    | 'an answer of another shape';
  readonly effect: 'now' | 'none' | number;
}

/** What the account at the venue holds of one client order id. */
export interface VenueTruth {
  readonly orders: number;
  readonly filled: number;
}

/** A venue that the suite can look behind. Prices and quantities are scaled as the instrument's. */
export interface ExecutionBench {
  readonly port: ExecutionVenuePort;
  readonly instrument: Instrument;
  readonly secrets: readonly string[];
  /** Quantity of an order. Default a hundredth of the base. */
  readonly unit?: number;
  /** Characters of the longest client order id. Default 36. */
  readonly longestId?: number;
  /** False where the venue does not say who was the maker. */
  readonly tellsMaker?: false;
  /** Where an order that rests fills as a whole or not at all. */
  readonly fillsWhole?: true;
  /** False where only positions hold money, and orders that rest do not. */
  readonly holdsForOrders?: false;
  /** An id that the venue takes. */
  clientOrderId(n: number): string;
  /** The venue's clock, ms UTC, which is also this machine's unless `skew` set them apart. */
  now(): number;
  pass(ms: number): void;
  /** How far this machine's clock is ahead of the venue's from now on. */
  skew(ms: number): void;
  /** The market's price, at which so much can be had. */
  price(price: number, available?: number): void;
  /** The next request for the operation meets the trouble. */
  trouble(operation: Operation, trouble: Trouble): void;
  /** The next request is turned away for the number of requests, for so many seconds; with a ban, where the venue bans. */
  limitRate(operation: Operation, seconds: number, ban: boolean): void;
  requests(operation: Operation): number;
  truth(clientOrderId: string): VenueTruth;
  /** Another program places a resting order with this key's account. */
  placeByOthers(): void;
  /** The venue itself ends the order. */
  expire(clientOrderId: string): void;
  /** The venue shows the order in a status of its own. */
  showStatus(clientOrderId: string, status: string): void;
  /** From now on, fills come to be seen so much later. */
  delayFills(ms: number): void;
  /** Pages of fills repeat some. */
  doubleFills(): void;
  /** So many fills happen at once. */
  fillMany(count: number): void;
  /** The key loses the right to trade, or to read; or becomes unknown. */
  spoilKey(what: 'trades' | 'reads' | 'unknown'): void;
  stop(): Promise<void>;
}

const PRICE = 4_500_000;
const SINCE = 3_600_000;

const BEFORE: Trouble[] = [
  { kind: 'a disconnect', effect: 'none' },
  { kind: 'no answer', effect: 'none' },
  { kind: 'a server error', effect: 'none' },
];
const AFTER: Trouble[] = [
  { kind: 'a disconnect', effect: 'now' },
  { kind: 'no answer', effect: 'now' },
  { kind: 'half a body', effect: 'now' },
  { kind: 'a body cut off', effect: 'now' },
  { kind: 'an HTML page', effect: 'now' },
  { kind: 'a server error', effect: 'now' },
  { kind: 'an answer of another shape', effect: 'now' },
];

/** What every venue for orders must do. `makeBench` gives one with money and a price of 45,000, before each test. */
export function executionVenueContract(name: string, makeBench: () => Promise<ExecutionBench>): void {
  describe(`the execution venue port at ${name}`, () => {
    let bench: ExecutionBench;
    let port: ExecutionVenuePort;
    const said: unknown[] = [];

    beforeEach(async () => {
      bench = await makeBench();
      port = bench.port;
      bench.price(PRICE);
      said.length = 0;
    });
    afterEach(async () => {
      const words = JSON.stringify(said);
      for (const secret of bench.secrets) expect(words).not.toContain(secret);
      await bench?.stop();
    });

    const unit = () => bench.unit ?? 10 ** bench.instrument.quantityDecimals / 100;
    const order = (id: number, change: Partial<VenueOrderRequest> = {}) => limitOrder(bench, id, change);
    const submit = async (id: number, change: Partial<VenueOrderRequest> = {}) => {
      const answer = await port.submit(order(id, change));
      said.push(answer);
      return answer;
    };
    const query = async (id: number) => {
      const answer = await port.query(bench.instrument, bench.clientOrderId(id));
      said.push(answer);
      return answer;
    };
    const found = async (id: number) => {
      const answer = await query(id);
      if (answer.kind !== 'found') throw new Error(`order ${id} is ${JSON.stringify(answer)}`);
      return answer.order;
    };
    const fails = async (asked: Promise<unknown>, code: string | RegExp = 'VENUE_UNAVAILABLE') => {
      const error = await asked.then(
        () => undefined,
        (thrown) => thrown,
      );
      said.push(error?.message, error?.code, String(error?.cause ?? ''));
      expect(error).toMatchObject({ name: 'PlimsollError', code: expect.stringMatching(code) });
    };
    const fillsSince = async (cursor?: string): Promise<{ fills: VenueFill[]; cursor: string }> =>
      port.fills([bench.instrument], bench.now() - SINCE, cursor);
    const truth = (id: number) => bench.truth(bench.clientOrderId(id));

    it('tells the time of the venue, or that it cannot be heard', async () => {
      bench.skew(7_000);
      expect(Math.abs((await port.clock()) - bench.now())).toBeLessThan(1_000);
      bench.trouble('clock', { kind: 'a server error', effect: 'none' });
      await fails(port.clock());
    });

    describe('submit', () => {
      it('places an order under its client order id, which is found by it', async () => {
        const answer = await submit(1);
        expect(answer).toEqual({ kind: 'accepted', venueOrderId: expect.stringMatching(/./) });
        expect(await found(1)).toEqual({
          symbol: bench.instrument.symbol,
          venueOrderId: answer.kind === 'accepted' && answer.venueOrderId,
          clientOrderId: bench.clientOrderId(1),
          side: 'buy',
          status: 'working',
          statusText: expect.any(String),
          quantity: unit(),
          filled: 0,
          price: 4_400_000,
          trigger: 0,
          createdAt: bench.now(),
        });
      });

      it('places market orders, which fill', async () => {
        expect(await submit(1, { type: 'market', price: 0 })).toMatchObject({ kind: 'accepted' });
        expect(await found(1)).toMatchObject({ status: 'filled', filled: unit(), price: 0 });
      });

      it('places orders that are immediate or canceled', async () => {
        bench.price(PRICE, unit() / 2);
        await submit(1, { timeInForce: 'ioc', price: PRICE });
        // Venues name the end of what is left either way.
        expect(await found(1)).toMatchObject({
          status: expect.stringMatching(/^(expired|canceled)$/),
          filled: unit() / 2,
        });
      });

      it('kills or fills where the venue has such orders, and does not send them elsewhere', async () => {
        bench.price(PRICE, unit() / 2);
        const answer = await submit(1, { timeInForce: 'fok', price: PRICE });
        const has = port.capabilities.timesInForce.includes('fok');
        expect(answer.kind).toBe(has ? 'accepted' : 'rejected');
        const over = { status: expect.stringMatching(/^(expired|canceled)$/), filled: 0 };
        if (has) expect(await found(1)).toMatchObject(over);
        else expect(bench.requests('submit')).toBe(0);
      });

      it('places stops where the venue holds them, and does not send them elsewhere', async () => {
        for (const [id, change] of [
          [1, { type: 'stop', price: 0, trigger: 4_600_000 }],
          [2, { type: 'stop-limit', price: 4_610_000, trigger: 4_600_000 }],
        ] as const) {
          const answer = await submit(id, change);
          expect(answer.kind).toBe(port.capabilities.orderTypes.includes(change.type) ? 'accepted' : 'rejected');
          if (answer.kind !== 'accepted') continue;
          expect(await found(id)).toMatchObject({ status: 'working', trigger: 4_600_000, price: change.price });
        }
        bench.price(4_600_000);
        const holdsStop = port.capabilities.holdsStops && port.capabilities.orderTypes.includes('stop');
        if (holdsStop) expect(await found(1)).toMatchObject({ status: 'filled' });
      });

      it('is refused a post-only order that would take, and sends none where the venue has no such orders', async () => {
        if (!port.capabilities.postOnly) {
          expect(await submit(1, { postOnly: true })).toMatchObject({ reason: expect.stringMatching(/^not sent: /) });
          expect(bench.requests('submit')).toBe(0);
          return;
        }
        const answer = await submit(1, { postOnly: true, price: PRICE });
        expect(await submit(2, { postOnly: true })).toMatchObject({ kind: 'accepted' });
        if (answer.kind === 'accepted') {
          // Some venues take it, and say so in its state.
          expect(await found(1)).toMatchObject({ status: expect.stringMatching(/^(canceled|rejected)$/), filled: 0 });
          return;
        }
        expect(answer).toEqual({ kind: 'rejected', reason: expect.stringMatching(/refused it: it said ".+"/) });
        expect(await query(1)).toEqual({ kind: 'unknown' });
      });

      it('is refused what the balance does not cover', async () => {
        expect(await submit(1, { quantity: unit() * 1_000_000 })).toMatchObject({
          kind: 'rejected',
          reason: expect.stringMatching(/insufficient/i),
        });
        expect(truth(1).orders).toBe(0);
      });

      it('does not send what the venue cannot do, or an id that it would not take', async () => {
        const answers = [
          await submit(1, { clientOrderId: '' }),
          await submit(2, { clientOrderId: 'x'.repeat((bench.longestId ?? 36) + 1) }),
          await submit(3, { clientOrderId: 'żółw' }),
          await submit(4, { type: 'trailing-stop' }),
          ...(port.capabilities.timesInForce.includes('day') ? [] : [await submit(5, { timeInForce: 'day' })]),
          ...(port.capabilities.reduceOnly ? [] : [await submit(6, { reduceOnly: true })]),
          await submit(7, { instrument: { ...bench.instrument, symbol: 'NOT/HERE' } }),
        ];
        for (const answer of answers) {
          expect(answer).toEqual({ kind: 'rejected', reason: expect.stringMatching(/^not sent: /) });
        }
        expect(bench.requests('submit')).toBe(0);
      });

      it('says that an order works under the id already', async () => {
        const first = await submit(1);
        const second = await submit(1);
        // Some venues give the order that has the id instead.
        if (second.kind === 'accepted') expect(second).toEqual(first);
        else expect(second).toEqual({ kind: 'duplicate' });
        expect(truth(1).orders).toBe(1);
      });

      it.each(BEFORE)('calls $kind unclear, where the order is not live, and sends it once', async (trouble) => {
        bench.trouble('submit', trouble);
        expect(await submit(1)).toEqual({ kind: 'unclear', reason: expect.stringMatching(/./) });
        expect([bench.requests('submit'), truth(1).orders]).toEqual([1, 0]);
        expect(await query(1)).toEqual({ kind: 'unknown' });
      });

      it.each(AFTER)('calls $kind unclear, where the order is live, and sends it once', async (trouble) => {
        bench.trouble('submit', trouble);
        expect(await submit(1)).toEqual({ kind: 'unclear', reason: expect.stringMatching(/./) });
        expect([bench.requests('submit'), truth(1).orders]).toEqual([1, 1]);
        expect(await found(1)).toMatchObject({ status: 'working' });
      });

      it('may find live within the validity of the request what it did not find before', async () => {
        bench.trouble('submit', { kind: 'a disconnect', effect: 4_000 });
        expect(await submit(1)).toMatchObject({ kind: 'unclear' });
        expect(await query(1)).toEqual({ kind: 'unknown' });
        bench.pass(4_000);
        expect(await found(1)).toMatchObject({ status: 'working' });
      });

      it('finds nothing live that comes after the validity of the request, where it has one', async () => {
        const validityMs = port.capabilities.requestValidityMs;
        if (validityMs === undefined) return;
        bench.trouble('submit', { kind: 'a disconnect', effect: validityMs + 1_000 });
        await submit(1);
        bench.pass(validityMs + 2_000);
        expect(await query(1)).toEqual({ kind: 'unknown' });
      });

      it('holds back while the venue limits the rate, and sends afterwards', async () => {
        await port.clock();
        bench.limitRate('submit', 7, false);
        const answer = await submit(1);
        expect(answer).toMatchObject({ kind: 'held-back', reason: expect.stringMatching(/rate|limit/i) });
        const until = answer.kind === 'held-back' ? answer.until : 0;
        expect(until).toBeGreaterThan(bench.now());
        expect(await submit(2)).toMatchObject({ kind: 'held-back' });
        expect([bench.requests('submit'), truth(1).orders]).toEqual([1, 0]);
        bench.pass(until - bench.now());
        expect(await submit(1)).toMatchObject({ kind: 'accepted' });
      });

      it('holds back while it is banned', async () => {
        await submit(1);
        bench.limitRate('query', 180, true);
        await query(1);
        const answer = await submit(2);
        expect(answer).toMatchObject({ kind: 'held-back' });
        expect(bench.requests('submit')).toBe(1);
      });

      it('holds back an order whose request bears the time of the venue, where that cannot be had', async () => {
        if (port.capabilities.requestValidityMs === undefined) return;
        bench.trouble('clock', { kind: 'a disconnect', effect: 'none' });
        expect(await submit(1)).toMatchObject({ kind: 'held-back', reason: expect.stringMatching(/^not sent: /) });
        expect(bench.requests('submit')).toBe(0);
        expect(await submit(1)).toMatchObject({ kind: 'accepted' });
      });

      it.each(['trades', 'unknown'] as const)('is refused with a key that is not good: %s', async (what) => {
        bench.spoilKey(what);
        expect(await submit(1)).toEqual({ kind: 'rejected', reason: expect.stringMatching(/key|permission/i) });
      });

      it.each([3_600_000, -3_600_000])('works with a clock that is %i ms ahead', async (ms) => {
        bench.skew(ms);
        expect(await submit(1)).toMatchObject({ kind: 'accepted' });
        expect(await found(1)).toMatchObject({ status: 'working' });
      });
    });

    describe('cancel', () => {
      it('cancels by client order id, and says when there is no such working order', async () => {
        await submit(1);
        expect(await port.cancel(bench.instrument, bench.clientOrderId(1))).toEqual({
          kind: expect.stringMatching(/^(canceled|accepted)$/),
        });
        expect(await found(1)).toMatchObject({ status: 'canceled' });
        expect(await port.cancel(bench.instrument, bench.clientOrderId(1))).toEqual({ kind: 'unknown' });
        expect(await port.cancel(bench.instrument, bench.clientOrderId(2))).toEqual({ kind: 'unknown' });
      });

      it('says that it knows none where the order has filled in the meantime', async () => {
        await submit(1);
        bench.price(4_400_000);
        expect(await port.cancel(bench.instrument, bench.clientOrderId(1))).toEqual({ kind: 'unknown' });
        expect(await found(1)).toMatchObject({ status: 'filled' });
      });

      it.each([...BEFORE, ...AFTER])('calls $kind unclear ($effect)', async (trouble) => {
        await submit(1);
        bench.trouble('cancel', trouble);
        const answer = await port.cancel(bench.instrument, bench.clientOrderId(1));
        said.push(answer);
        expect(answer).toMatchObject({ kind: 'unclear' });
        expect(await found(1)).toMatchObject({ status: trouble.effect === 'now' ? 'canceled' : 'working' });
      });
    });

    describe('query', () => {
      it('says unknown only where the venue said so', async () => {
        expect(await query(1)).toEqual({ kind: 'unknown' });
        for (const trouble of AFTER) {
          bench.trouble('query', trouble);
          expect(await query(1)).toMatchObject({ kind: 'unclear' });
        }
        bench.spoilKey('reads');
        expect(await query(1)).toMatchObject({ kind: 'unclear' });
      });

      it('tells a partial fill, an end by the venue, and a status never seen', async () => {
        await submit(1);
        const half = bench.fillsWhole ? 0 : unit() / 2;
        if (half > 0) bench.price(4_400_000, half);
        expect(await found(1)).toMatchObject({ status: 'working', filled: half });
        bench.expire(bench.clientOrderId(1));
        // Some venues have one word for both.
        expect(await found(1)).toMatchObject({ status: expect.stringMatching(/^(expired|canceled)$/), filled: half });
        bench.showStatus(bench.clientOrderId(1), 'PENDING_REVIEW');
        expect(await found(1)).toMatchObject({ status: 'unrecognised', statusText: 'PENDING_REVIEW' });
      });

      it('measures the clock anew, and asks again, where the venue minds the time of a request', async () => {
        await submit(1);
        bench.skew(120_000);
        expect(await found(1)).toMatchObject({ status: 'working' });
      });
    });

    describe('openOrders', () => {
      it('gives ours and those of others, and none that is over', async () => {
        await submit(1);
        await submit(2);
        await port.cancel(bench.instrument, bench.clientOrderId(2));
        bench.placeByOthers();
        const orders = await port.openOrders([bench.instrument]);
        const ids = orders.map((one) => one.clientOrderId);
        expect(ids).toHaveLength(2);
        // Some venues give an id to an order that came with none.
        expect(ids).toContain(bench.clientOrderId(1));
        expect(ids).not.toContain(bench.clientOrderId(2));
        expect(await port.openOrders([])).toEqual([]);
      });

      it.each(AFTER)('gives nothing, rather than a part, after $kind', async (trouble) => {
        await submit(1);
        bench.trouble('openOrders', trouble);
        await fails(port.openOrders([bench.instrument]), /VENUE_UNAVAILABLE|VENUE_ANSWER_MALFORMED/);
      });
    });

    describe('fills', () => {
      it('gives each once, oldest first, with its fee', async () => {
        const maker = bench.tellsMaker ?? true;
        const whole = bench.fillsWhole ?? false;
        const parts = [unit() / 4, (unit() * 3) / 4];
        // In two parts, or as two orders.
        const last = whole ? 4_390_000 : 4_400_000;
        await submit(1, { quantity: whole ? parts[0] : unit() });
        if (whole) await submit(3, { quantity: parts[1], price: last });
        bench.price(4_400_000, parts[0]);
        bench.pass(1_000);
        bench.price(last);
        const first = await fillsSince();
        expect(first.fills.map((fill) => [fill.quantity, fill.price, fill.side, fill.maker])).toEqual([
          [parts[0], 4_400_000, 'buy', maker],
          [parts[1], last, 'buy', maker],
        ]);
        expect(first.fills[0]).toMatchObject({
          symbol: bench.instrument.symbol,
          venueOrderId: (await found(1)).venueOrderId,
          fee: expect.stringMatching(/^\d+(\.\d+)?$/),
          feeAsset: expect.toSatisfy((asset) => [bench.instrument.base, bench.instrument.quote].includes(asset)),
          time: bench.now() - 1_000,
        });
        const second = await fillsSince(first.cursor);
        expect(second.fills).toEqual([]);
        bench.pass(1_000);
        await submit(2, { type: 'market', price: 0 });
        expect((await fillsSince(second.cursor)).fills).toHaveLength(1);
      });

      it('starts where it is told to', async () => {
        await submit(1, { type: 'market', price: 0 });
        bench.pass(10_000);
        expect((await port.fills([bench.instrument], bench.now() - 5_000, undefined)).fills).toEqual([]);
        expect((await port.fills([bench.instrument], bench.now() - 20_000, undefined)).fills).toHaveLength(1);
      });

      it('goes back to the first fill of the account, if it is told to', async () => {
        await submit(1, { type: 'market', price: 0 });
        const { fills, cursor } = await port.fills([bench.instrument], 0, undefined);
        expect(fills).toHaveLength(1);
        expect((await fillsSince(cursor)).fills).toEqual([]);
      });

      it('finds a fill that comes to be seen after a later one', async () => {
        bench.delayFills(120_000);
        await submit(1, { type: 'market', price: 0 });
        bench.delayFills(0);
        bench.pass(5_000);
        await submit(2, { type: 'market', price: 0 });
        const first = await fillsSince();
        expect(first.fills).toHaveLength(1);
        bench.pass(115_000);
        const second = await fillsSince(first.cursor);
        expect(second.fills).toHaveLength(1);
        expect((await fillsSince(second.cursor)).fills).toEqual([]);
        expect(second.fills[0].time).toBeLessThan(first.fills[0].time);
      });

      it.each([120, 1_000, 1_001])('loses and doubles none of %i on pages that repeat some', async (count) => {
        bench.doubleFills();
        bench.fillMany(count);
        const { fills, cursor } = await fillsSince();
        expect([fills.length, new Set(fills.map((fill) => fill.id)).size]).toEqual([count, count]);
        expect((await fillsSince(cursor)).fills).toEqual([]);
      });

      it('goes on from its cursor after a week in which nobody asked', async () => {
        const { cursor } = await fillsSince();
        bench.pass(3 * 86_400_000);
        await submit(1, { type: 'market', price: 0 });
        bench.pass(4 * 86_400_000);
        await submit(2, { type: 'market', price: 0 });
        expect((await fillsSince(cursor)).fills).toHaveLength(2);
      });

      it.each(AFTER)(
        'gives nothing, rather than a part, after $kind, and the same cursor still works',
        async (trouble) => {
          await submit(1, { type: 'market', price: 0 });
          const first = await fillsSince();
          await submit(2, { type: 'market', price: 0 });
          bench.trouble('fills', trouble);
          await fails(fillsSince(first.cursor), /VENUE_UNAVAILABLE|VENUE_ANSWER_MALFORMED/);
          expect((await fillsSince(first.cursor)).fills).toHaveLength(1);
        },
      );

      it('does not take a cursor that is not one', async () => {
        await fails(fillsSince('{}'), 'CURSOR_INVALID');
      });
    });

    describe('balances and positions', () => {
      it('gives what is free and what is held', async () => {
        const { quote } = bench.instrument;
        const before = (await port.balances()).find(({ asset }) => asset === quote)!;
        await submit(1, bench.holdsForOrders === false ? { type: 'market', price: 0 } : {});
        const after = (await port.balances()).find(({ asset }) => asset === quote)!;
        expect(Number(before.held)).toBe(0);
        expect(Number(after.held)).toBeGreaterThan(0);
        expect(Number(after.free) + Number(after.held)).toBeCloseTo(Number(before.free), 8);
      });

      it.each(AFTER)('gives no balance after $kind', async (trouble) => {
        bench.trouble('balances', trouble);
        await fails(port.balances(), /VENUE_UNAVAILABLE|VENUE_ANSWER_MALFORMED/);
      });

      it('says that it was refused, with a key that may not read', async () => {
        bench.spoilKey('reads');
        await fails(port.balances(), 'VENUE_REFUSED');
        await fails(port.openOrders([bench.instrument]), 'VENUE_REFUSED');
        await fails(fillsSince(), 'VENUE_REFUSED');
      });

      it('gives the positions of derivatives, and none of what is owned', async () => {
        await submit(1, { type: 'market', price: 0 });
        const spot = bench.instrument.type === 'spot' || bench.instrument.type === 'equity';
        const held = { symbol: bench.instrument.symbol, quantity: unit(), entryPrice: PRICE };
        expect(await port.positions([bench.instrument])).toEqual(spot ? [] : [expect.objectContaining(held)]);
        if (spot) return;
        await submit(2, { type: 'market', price: 0, side: 'sell', quantity: unit() * 2 });
        expect(await port.positions([bench.instrument])).toMatchObject([{ quantity: -unit() }]);
      });
    });

    it('states its rules: an id that the suite uses is taken, and one that is too long is not', () => {
      const { capabilities } = port;
      expect(capabilities.clientOrderId.test(bench.clientOrderId(1))).toBe(true);
      expect(capabilities.clientOrderId.test('a'.repeat((bench.longestId ?? 36) + 1))).toBe(false);
      expect(capabilities.clientOrderId.source).toMatch(/^\^.*\$$/);
      // Without a bound on a request, an order can be sent again only under an id that is refused for ever.
      if (capabilities.requestValidityMs === undefined) expect(capabilities.clientOrderIdReuse).not.toBe('always');
      else expect(capabilities.requestValidityMs).toBeGreaterThan(0);
    });

    it('takes an id again once its order is over, where the venue does, and else says that it was used', async () => {
      await submit(1);
      await port.cancel(bench.instrument, bench.clientOrderId(1));
      const answer = await submit(1);
      expect(answer.kind).toBe(port.capabilities.clientOrderIdReuse === 'never' ? 'duplicate' : 'accepted');
    });
  });
}
