/**
 * The lake: bars by when they were known. Nothing is ever changed or deleted: a revision is another segment, and a read as of
 * some time sees what was known then, before and after any repair or compaction.
 */
import { PlimsollError } from '../../core/errors.ts';
import { type BarColumns, emptyBars } from '../../core/market/bars.ts';
import { formatInstant } from '../../core/market/civil.ts';
import { pow10 } from '../../core/numbers.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import {
  decodeSegment,
  encodeAppended,
  encodeCompacted,
  parseSegmentKey,
  partitionOf,
  type Segment,
  type SegmentKey,
  type SegmentRows,
  type SeriesId,
  segmentKey,
  seriesPrefix,
} from './segments.ts';

export type { SeriesId } from './segments.ts';

export interface AppendBars extends SeriesId {
  readonly bars: BarColumns;
  /** When these bars were known, ms UTC: the cycle's time, not the clock of the write. */
  readonly knownAt: number;
}

export interface ReadBars extends SeriesId {
  /** Open time, ms UTC, inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** Only what was known at this time (inclusive). Without it, everything. */
  readonly knownAt?: number;
}

export interface LakeBars {
  /** Prices at the most decimals of any of these bars. */
  readonly bars: BarColumns;
  /** When each bar was known, ms UTC. */
  readonly knownAt: Float64Array;
  /** Keys of the segments that the bars came from, ascending: what a decision pins. */
  readonly segments: readonly string[];
}

export interface CompactBars extends SeriesId {
  readonly from: number;
  readonly to: number;
  /** Partitions with fewer live segments are left alone. Default 2. */
  readonly minSegments?: number;
}

export interface Lake {
  /**
   * Stores bars as known at a time; the same content twice is stored once. Returns the keys of the segments. Throws
   * `LAKE_BARS_INVALID` for bars that are out of order or not finite.
   */
  appendBars(request: AppendBars): Promise<string[]>;
  /**
   * The bars of a span: of each open time the one that was known last, and of two known at the same time the one whose
   * segment has the greater hash. Throws `LAKE_SEGMENT_CORRUPT`, `LAKE_SEGMENT_MISSING`, `LAKE_READ_TOO_LARGE`.
   */
  readBars(request: ReadBars): Promise<LakeBars>;
  /** Joins the segments of each partition in a span into one that keeps every version. Returns the keys written. */
  compact(request: CompactBars): Promise<string[]>;
}

/** Bounds of one read. */
export const LAKE_LIMITS = { segmentsPerRead: 100_000, listPage: 1_000, parallelGets: 8 } as const;

/** Prices as plain doubles lead back to the same scaled integer below this. */
const SCALED_PRICE_LIMIT = 2 ** 49;

export function createLake(store: ObjectStore): Lake {
  return new StoredLake(store);
}

class StoredLake implements Lake {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async appendBars(request: AppendBars): Promise<string[]> {
    const { bars, knownAt, timeframe } = request;
    assertAppendable(bars, knownAt);
    const prefix = seriesPrefix(request);
    const keys: string[] = [];
    let from = 0;
    while (from < bars.length) {
      const partition = partitionOf(bars.timestamp[from], timeframe);
      let to = from + 1;
      while (to < bars.length && partitionOf(bars.timestamp[to], timeframe) === partition) to++;
      const bytes = encodeAppended(bars, from, to);
      const key = segmentKey(prefix, partition, false, knownAt, bytes);
      await this.#store.put(key, bytes, { ifAbsent: true });
      keys.push(key);
      from = to;
    }
    return keys;
  }

  async readBars(request: ReadBars): Promise<LakeBars> {
    const knownAt = request.knownAt ?? Number.POSITIVE_INFINITY;
    const winners = new Map<number, Row>();
    for (const ids of await this.#partitions(request)) {
      for (const segment of await this.#liveSegments(ids, knownAt)) {
        chooseRows(segment, request.from, request.to, knownAt, winners);
      }
    }
    return toLakeBars([...winners.values()].sort((a, b) => timeOf(a) - timeOf(b)));
  }

  async compact(request: CompactBars): Promise<string[]> {
    const prefix = seriesPrefix(request);
    const keys: string[] = [];
    for (const ids of await this.#partitions(request)) {
      const segments = await this.#liveSegments(ids, Number.POSITIVE_INFINITY);
      if (segments.length < (request.minSegments ?? 2)) continue;
      const rows = joinRows(segments);
      const replaces = segments.flatMap((segment) => [segment.key, ...segment.replaces]);
      const bytes = encodeCompacted(rows, [...new Set(replaces)].sort());
      const latest = rows.knownAt.reduce((most, known) => Math.max(most, known), 0);
      const key = segmentKey(prefix, ids[0].partition, true, latest, bytes);
      await this.#store.put(key, bytes, { ifAbsent: true });
      keys.push(key);
    }
    return keys;
  }

  /** The segments of a span, by partition, ascending. */
  async #partitions(span: SeriesId & { from: number; to: number }): Promise<SegmentKey[][]> {
    if (!(span.to > span.from)) return [];
    const prefix = seriesPrefix(span);
    const last = partitionOf(span.to - 1, span.timeframe);
    const partitions = new Map<string, SegmentKey[]>();
    let after = `${prefix}${partitionOf(span.from, span.timeframe)}`;
    for (let count = 0; ; ) {
      const page = await this.#store.list(prefix, { after, limit: LAKE_LIMITS.listPage });
      for (const key of page) {
        const id = parseSegmentKey(prefix, key);
        if (!id) continue;
        if (id.partition > last) return [...partitions.values()];
        if (++count > LAKE_LIMITS.segmentsPerRead) throw tooLarge(span);
        const ids = partitions.get(id.partition);
        if (ids) ids.push(id);
        else partitions.set(id.partition, [id]);
      }
      if (page.length < LAKE_LIMITS.listPage) return [...partitions.values()];
      after = page[page.length - 1];
    }
  }

  /** Loads what a partition holds, leaving out what a compacted segment stands in for and what was not yet known. */
  async #liveSegments(ids: readonly SegmentKey[], knownAt: number): Promise<Segment[]> {
    const replaced = new Set<string>();
    const segments: Segment[] = [];
    for (const id of ids.filter((each) => each.compacted).reverse()) {
      if (replaced.has(id.key)) continue;
      const segment = await this.#load(id);
      for (const key of segment.replaces) replaced.add(key);
      segments.push(segment);
    }
    const appended = ids.filter((id) => !id.compacted && id.knownAt <= knownAt && !replaced.has(id.key));
    for (let at = 0; at < appended.length; at += LAKE_LIMITS.parallelGets) {
      segments.push(
        ...(await Promise.all(appended.slice(at, at + LAKE_LIMITS.parallelGets).map((id) => this.#load(id)))),
      );
    }
    return segments;
  }

  async #load(id: SegmentKey): Promise<Segment> {
    const bytes = await this.#store.get(id.key);
    if (bytes) return decodeSegment(id, bytes);
    throw new PlimsollError(
      'LAKE_SEGMENT_MISSING',
      `the lake segment ${id.key} was listed and is not there`,
      'restore it from a backup, or fetch those bars again',
    );
  }
}

/** A row by where it is. */
interface Row {
  readonly segment: Segment;
  readonly at: number;
}

const timeOf = (row: Row): number => row.segment.rows.timestamp[row.at];

function chooseRows(segment: Segment, from: number, to: number, knownAt: number, winners: Map<number, Row>): void {
  const { rows } = segment;
  for (let at = 0; at < rows.length; at++) {
    const time = rows.timestamp[at];
    if (time < from || time >= to || rows.knownAt[at] > knownAt) continue;
    const best = winners.get(time);
    if (best === undefined || isLater(rows, at, best)) winners.set(time, { segment, at });
  }
}

function isLater(rows: SegmentRows, at: number, best: Row): boolean {
  const known = rows.knownAt[at];
  const bestKnown = best.segment.rows.knownAt[best.at];
  return known === bestKnown ? rows.origin[at] > best.segment.rows.origin[best.at] : known > bestKnown;
}

function toLakeBars(rows: readonly Row[]): LakeBars {
  const priceDecimals = rows.reduce((most, { segment, at }) => Math.max(most, segment.rows.priceDecimals[at]), 0);
  const power = pow10(priceDecimals);
  const bars = emptyBars(rows.length, priceDecimals);
  const knownAt = new Float64Array(rows.length);
  rows.forEach(({ segment, at }, i) => {
    bars.timestamp[i] = segment.rows.timestamp[at];
    for (const field of ['open', 'high', 'low', 'close'] as const)
      bars[field][i] = Math.round(segment.rows[field][at] * power);
    bars.volume[i] = segment.rows.volume[at];
    knownAt[i] = segment.rows.knownAt[at];
  });
  return { bars, knownAt, segments: [...new Set(rows.map(({ segment }) => segment.key))].sort() };
}

/** All rows of all segments, each version once, in order of time, known-at and origin. */
function joinRows(segments: readonly Segment[]): SegmentRows {
  const versions = new Map<string, Row>();
  for (const segment of segments) {
    const { timestamp, knownAt, origin, length } = segment.rows;
    for (let at = 0; at < length; at++) versions.set(`${timestamp[at]} ${knownAt[at]} ${origin[at]}`, { segment, at });
  }
  const rows = [...versions.values()].sort(byVersion);
  const column = (field: Exclude<keyof SegmentRows, 'length' | 'origin'>): Float64Array =>
    Float64Array.from(rows, ({ segment, at }) => segment.rows[field][at]);
  return {
    length: rows.length,
    timestamp: column('timestamp'),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
    knownAt: column('knownAt'),
    priceDecimals: column('priceDecimals'),
    origin: rows.map(({ segment, at }) => segment.rows.origin[at]),
  };
}

function byVersion(a: Row, b: Row): number {
  if (timeOf(a) !== timeOf(b)) return timeOf(a) - timeOf(b);
  const knownAt = a.segment.rows.knownAt[a.at] - b.segment.rows.knownAt[b.at];
  if (knownAt !== 0) return knownAt;
  return a.segment.rows.origin[a.at] < b.segment.rows.origin[b.at] ? -1 : 1;
}

function assertAppendable(bars: BarColumns, knownAt: number): void {
  if (!(Number.isInteger(knownAt) && knownAt >= 0 && knownAt < 1e15)) throw invalid(`a known-at time of ${knownAt}`);
  for (let i = 0; i < bars.length; i++) {
    const time = bars.timestamp[i];
    if (!Number.isInteger(time) || (i > 0 && time <= bars.timestamp[i - 1])) {
      throw invalid(`the bar of ${formatInstant(time)} at index ${i} out of order`);
    }
    for (const field of ['open', 'high', 'low', 'close'] as const) {
      const price = bars[field][i];
      if (!(Number.isInteger(price) && Math.abs(price) < SCALED_PRICE_LIMIT))
        throw invalid(`the ${field} ${price} at index ${i}`);
    }
    if (!Number.isFinite(bars.volume[i])) throw invalid(`the volume ${bars.volume[i]} at index ${i}`);
  }
}

const invalid = (what: string): PlimsollError =>
  new PlimsollError('LAKE_BARS_INVALID', `the lake does not take ${what}`, 'check the bars before they are stored');

const tooLarge = (span: SeriesId): PlimsollError =>
  new PlimsollError(
    'LAKE_READ_TOO_LARGE',
    `more than ${LAKE_LIMITS.segmentsPerRead} segments of ${span.symbol} ${span.timeframe} are in that span`,
    'read a shorter span, or compact it first',
  );
