/** What sessions at every venue do in the same way: they read fills, come to an end, and are held against the account at the venue. */
import { expect } from 'vitest';
import type { VenueFill, VenueOrderRequest } from '../../../core/ports/execution-venue.ts';
import type { ExecutionBench } from '../../contract/execution-venue.suite.ts';
import type { VenueAccount } from './server/account.ts';

/** What a driver knows of an order at last. `lost`: its request came to nothing. */
export type Fate = 'placed' | 'refused' | 'lost';
export type Fates = ReadonlyMap<string, Fate>;

export interface SessionBench
  extends Pick<ExecutionBench, 'port' | 'instrument' | 'now' | 'pass' | 'truth' | 'clientOrderId'> {
  readonly account: VenueAccount;
  readonly server: { clearFaults(): void };
}

/** Between two questions about the same. */
const POLL_MS = 2_500;

/** Reads on from where it was; what cannot be heard is read again from there. */
export class Reader<Row> {
  readonly rows: Row[] = [];
  readonly #read: (cursor: string | undefined) => Promise<{ readonly rows: readonly Row[]; readonly cursor: string }>;
  #cursor: string | undefined;

  constructor(
    read: (cursor: string | undefined) => Promise<{ readonly rows: readonly Row[]; readonly cursor: string }>,
  ) {
    this.#read = read;
  }

  /** False where the venue could not be heard: the cursor stays where it was. */
  async read(): Promise<boolean> {
    try {
      const { rows, cursor } = await this.#read(this.#cursor);
      this.rows.push(...rows);
      this.#cursor = cursor;
      return true;
    } catch (error) {
      expect((error as { code?: string }).code).toMatch(/^VENUE_(UNAVAILABLE|ANSWER_MALFORMED)$/);
      return false;
    }
  }
}

export function readerOfFills({ port, instrument }: SessionBench, since: number): Reader<VenueFill> {
  return new Reader(async (cursor) => {
    const { fills, cursor: next } = await port.fills([instrument], since, cursor);
    return { rows: fills, cursor: next };
  });
}

/** Asks until it is not held back. */
export async function patiently<Answer extends { kind: string }>(
  bench: SessionBench,
  run: () => Promise<Answer>,
): Promise<Answer> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await run();
    if (answer.kind !== 'held-back') return answer;
    bench.pass(POLL_MS);
  }
  throw new Error('the venue held the order back for ever');
}

/**
 * Asks for an order whose request was not answered. That the venue knows none counts only where it is said after a time at which no
 * request can come any more.
 */
export async function findOut(
  bench: SessionBench,
  { instrument, clientOrderId }: VenueOrderRequest,
  until: number,
): Promise<Fate> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const asked = bench.now();
    const answer = await bench.port.query(instrument, clientOrderId);
    if (answer.kind === 'found') return answer.order.status === 'rejected' ? 'refused' : 'placed';
    if (answer.kind === 'unknown' && asked > until) return 'lost';
    bench.pass(POLL_MS);
  }
  throw new Error('the venue could not be asked');
}

/** Faults stop; what is late comes to pass; all is read to its end. */
export async function settle(
  bench: SessionBench,
  readers: readonly Pick<Reader<unknown>, 'read'>[],
  latestMs: number,
): Promise<void> {
  bench.server.clearFaults();
  bench.pass(latestMs);
  for (const reader of readers) {
    for (let attempt = 0; attempt < 100; attempt++) {
      if (await reader.read()) break;
      bench.pass(10_000);
    }
  }
  // Once more from its cursor, for what came late; nothing comes again.
  bench.pass(1_000);
  for (const reader of readers) expect(await reader.read()).toBe(true);
}

/** Never two orders under one id, and none that the driver does not know of. */
export function checkOrders(bench: SessionBench, fates: Fates): void {
  for (const [id, fate] of fates) {
    expect([id, fate, bench.truth(id).orders]).toEqual([id, fate, fate === 'placed' ? 1 : 0]);
  }
  expect(bench.account.orders.every((one) => fates.has(one.clientOrderId))).toBe(true);
}

type FillFacts = Pick<VenueFill, 'time' | 'price' | 'quantity' | 'side'>;

/** No fill lost or doubled. `ratio`: of quantities here to those of the server's account. */
export function checkFills({ account }: SessionBench, fills: readonly VenueFill[], ratio = 1): void {
  const facts = ({ time, price, quantity, side }: FillFacts, times = 1): string =>
    JSON.stringify({ time, price, quantity: quantity * times, side });
  expect(new Set(fills.map(({ id }) => id)).size).toBe(fills.length);
  expect(fills.map((one) => facts(one)).sort()).toEqual(account.trades.map((one) => facts(one, ratio)).sort());
}

/** What the venue says of each order, and of those that work, is what it holds. */
export async function compareOrders(
  bench: SessionBench,
  fates: Fates,
  isUnknown: (fate: Fate) => boolean,
): Promise<void> {
  const { port, instrument } = bench;
  for (const [id, fate] of fates) {
    const answer = await port.query(instrument, id);
    if (fate === 'placed') {
      expect(answer).toMatchObject({ kind: 'found', order: { clientOrderId: id, filled: bench.truth(id).filled } });
    } else if (isUnknown(fate)) expect(answer).toEqual({ kind: 'unknown' });
  }
  const open = await port.openOrders([instrument]);
  const working = bench.account.working().map((one) => one.clientOrderId);
  expect(open.map((one) => one.clientOrderId).sort()).toEqual(working.sort());
}
