/**
 * The account's log at OANDA: every order, fill, cancellation and payment is a transaction, and their ids count up by one. So a place in
 * it is the last id read, and an id that is not there yet is seen to be missing.
 * Source: developer.oanda.com/rest-live-v20/transaction-ep.
 */
import * as z from 'zod/mini';
import { PlimsollError } from '../../../core/errors.ts';
import { countIn, type Fields, fieldsOf, listOf, Malformed, wrong } from '../http/json.ts';
import { get, type OandaAsk } from './client.ts';
import { instantIn, rowsIn } from './fields.ts';

/** How long a missing id is asked for again. One that has not come by then is taken not to exist. */
const TRANSACTION_LATENESS_MS = 300_000;

/** Get Transactions: pageSize is at most 1,000, and the span of time at most 365 days. */
const PAGE_SIZE = 1_000;
const SPAN_MAX_MS = 364 * 86_400_000;
const PAGES_MAX = 200;
/** How many transactions before a time are looked at as well, for one that comes to be seen after a later one. */
const IDS_BEFORE = 100;
const MISSING_MAX = 20_000;

const id = z.int().check(z.gte(0));
const PlaceSchema = z.strictObject({
  version: z.literal(1),
  /** The id up to which the log was read. */
  last: id,
  /** From when on fills count, ms UTC. */
  since: z.int().check(z.gte(0)),
  /** Ids before it that had not come: when they were first missed, ms UTC. */
  missing: z.record(z.string().check(z.regex(/^\d{1,15}$/)), z.int()),
});
/** Where a reading of the log stands. */
export type LogPlace = z.output<typeof PlaceSchema>;

export const placeText = (place: LogPlace): string => JSON.stringify(place);

/** Throws `CURSOR_INVALID`. */
export function placeIn(text: string): LogPlace {
  try {
    return PlaceSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new PlimsollError(
      'CURSOR_INVALID',
      'the place up to which fills were read cannot be understood',
      'read the fills from a time instead',
      { cause },
    );
  }
}

/** The place before the first transaction of a time, ms UTC; `now` is the venue's or a little off. */
export async function placeBefore(ask: OandaAsk, time: number, now: number): Promise<LogPlace> {
  const since = Math.max(0, Math.floor(time));
  const first = now - since > SPAN_MAX_MS ? 0 : (await pagesSince(ask, since))[0][0];
  return { version: 1, last: Math.max(0, first - 1 - IDS_BEFORE), since, missing: {} };
}

/** Every transaction after a place, oldest first, each once; and the next place. Never a part for the whole. */
export async function readLog(
  ask: OandaAsk,
  place: LogPlace,
  now: number,
): Promise<{ readonly transactions: Fields[]; readonly place: LogPlace }> {
  const seen = new Map<number, Fields>();
  const end = await readOnwards(ask, place.last, seen);
  const wanted = missingFrom(place, end, seen);
  for (const [from, to] of rangesOf(wanted)) take(await rangeOf(ask, from, to), seen);
  const transactions = [...seen].filter(([one]) => one > place.last || String(one) in place.missing);
  transactions.sort(([a], [b]) => a - b);
  const missing: Record<string, number> = {};
  for (const one of wanted) {
    const missedAt = place.missing[String(one)] ?? Math.floor(now);
    if (!seen.has(one) && now - missedAt <= TRANSACTION_LATENESS_MS) missing[String(one)] = missedAt;
  }
  return { transactions: transactions.map(([, fields]) => fields), place: { ...place, last: end, missing } };
}

/** The transactions since a time, page by page from the latest back, each page oldest first. */
export async function* pagesBack(ask: OandaAsk, since: number): AsyncGenerator<Fields[]> {
  const pages = await pagesSince(ask, since);
  for (const [from, to] of pages.toReversed()) yield await rangeOf(ask, from, to);
}

/** One transaction. */
export async function transactionOf(ask: OandaAsk, transactionId: number): Promise<Fields> {
  const answer = fieldsOf(await ask(get(`@account/transactions/${transactionId}`)), 'the answer');
  const fields = fieldsOf(answer.transaction, '"transaction"');
  if (countIn(fields, 'id') !== transactionId) throw wrong('id', fields.id);
  return fields;
}

/** Up to the end of the log as the venue states it, which is returned. */
async function readOnwards(ask: OandaAsk, from: number, seen: Map<number, Fields>): Promise<number> {
  let last = from;
  let end = from;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await ask(get('@account/transactions/sinceid', { id: String(last) }));
    const highest = take(rowsIn(answer, 'transactions'), seen);
    end = Math.max(end, countIn(fieldsOf(answer, 'the answer'), 'lastTransactionID'));
    if (highest <= last || highest >= end) return Math.max(end, highest);
    last = highest;
  }
  throw new Malformed(`the transactions did not end within ${PAGES_MAX} pages`);
}

/** Returns the highest id among the rows; 0 without any. */
function take(rows: readonly Fields[], seen: Map<number, Fields>): number {
  let highest = 0;
  for (const row of rows) {
    const one = countIn(row, 'id');
    const twin = seen.get(one);
    if (twin !== undefined && JSON.stringify(twin) !== JSON.stringify(row)) {
      throw new Malformed(`transaction ${one} came twice, with different contents`);
    }
    seen.set(one, row);
    highest = Math.max(highest, one);
  }
  return highest;
}

function missingFrom(place: LogPlace, end: number, seen: ReadonlyMap<number, Fields>): number[] {
  const missing = Object.keys(place.missing)
    .map(Number)
    .filter((one) => one <= place.last);
  for (let one = place.last + 1; one <= end; one++) {
    if (!seen.has(one)) missing.push(one);
    if (missing.length > MISSING_MAX) throw new Malformed(`more than ${MISSING_MAX} transactions are missing`);
  }
  return missing.sort((a, b) => a - b);
}

/** Ids as ranges that one request each can give, near ones together. */
function rangesOf(ids: readonly number[]): [from: number, to: number][] {
  const ranges: [number, number][] = [];
  for (const one of ids) {
    const open = ranges.at(-1);
    if (open !== undefined && one - open[0] < PAGE_SIZE) open[1] = one;
    else ranges.push([one, one]);
  }
  return ranges;
}

async function rangeOf(ask: OandaAsk, from: number, to: number): Promise<Fields[]> {
  const answer = await ask(get('@account/transactions/idrange', { from: String(from), to: String(to) }));
  const rows = rowsIn(answer, 'transactions');
  for (const row of rows) {
    const one = countIn(row, 'id');
    if (one < from || one > to) throw wrong('id', row.id);
  }
  return rows;
}

/** Ids of each page, ascending. Where nothing has happened since, the latest transaction's. */
async function pagesSince(ask: OandaAsk, since: number): Promise<[from: number, to: number][]> {
  const query = { from: (Math.floor(since) / 1_000).toFixed(3), pageSize: String(PAGE_SIZE) };
  const answer = fieldsOf(await ask(get('@account/transactions', query)), 'the answer');
  const pages = listOf(answer.pages, '"pages"').map(idsOfPage);
  if (pages.length > PAGES_MAX) throw new Malformed(`the transactions fill ${pages.length} pages`);
  if (pages.length > 0) return pages;
  const last = countIn(answer, 'lastTransactionID');
  return [[last, last]];
}

/** A page is an address with the ids of its first and last transaction. Only these are taken from it: it is not where questions go. */
function idsOfPage(address: unknown): [from: number, to: number] {
  const search = typeof address === 'string' ? new URLSearchParams(address.slice(address.indexOf('?') + 1)) : undefined;
  const ids = { from: search?.get('from') ?? '', to: search?.get('to') ?? '' };
  const [from, to] = [countIn(ids, 'from'), countIn(ids, 'to')];
  if (to < from) throw wrong('pages', address);
  return [from, to];
}

/** When a transaction happened, ms UTC. */
export const timeOf = (transaction: Fields): number => instantIn(transaction, 'time');
