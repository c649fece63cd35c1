/** How the lake lays out its objects: keys, and the Parquet segments under them. */
import { createHash } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import { civilOfDay, DAY_MS, formatDay } from '../../core/market/civil.ts';
import { type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import { pow10 } from '../../core/numbers.ts';
import type { Provenance } from '../../core/ports/market-data.ts';
import { encodeParquet, openParquetBytes } from '../files/parquet.ts';

/** One series of the lake. Provenance is part of the key: what is simulated is never read with what is not. */
export interface SeriesId {
  readonly provenance: Provenance;
  readonly venue: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** Rows of a segment, each with when it was known and from which appended segment it comes. Prices are plain. */
export interface SegmentRows {
  readonly length: number;
  readonly timestamp: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly knownAt: Float64Array;
  readonly priceDecimals: Float64Array;
  /** Content hash of the appended segment: what breaks a tie between two that were known at the same time. */
  readonly origin: readonly string[];
}

export interface Segment {
  readonly key: string;
  readonly rows: SegmentRows;
  /** Keys that this one, being compacted, stands in for. */
  readonly replaces: readonly string[];
}

/** What a key says without its object. */
export interface SegmentKey {
  readonly key: string;
  readonly partition: string;
  readonly compacted: boolean;
  /** The latest known-at time within, ms UTC. */
  readonly knownAt: number;
  readonly hash: string;
}

/** `bars/recorded/binance/BTC%2FUSDT/1m/`. */
export function seriesPrefix(series: SeriesId): string {
  const parts = ['bars', series.provenance, series.venue, series.symbol, series.timeframe];
  return `${parts.map(keyPart).join('/')}/`;
}

function keyPart(text: string): string {
  if (text === '')
    throw new PlimsollError(
      'LAKE_KEY_INVALID',
      'a series without venue or symbol has no place in the lake',
      'name both',
    );
  const encoded = encodeURIComponent(text).replace(
    /[!~*'()]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return /^\.+$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
}

/** The partition of an open time: a day for bars below an hour, a month below a day, a year from there. Sorts by time. */
export function partitionOf(time: number, timeframe: string): string {
  const day = Math.floor(time / DAY_MS);
  const length = timeframeMs(timeframe);
  if (length < 3_600_000) return formatDay(day);
  return length < DAY_MS ? formatDay(day).slice(0, 7) : String(civilOfDay(day).year).padStart(4, '0');
}

const KNOWN_AT_DIGITS = 15;
const HASH_CHARACTERS = 32;

/** The key of a segment's bytes: `…/2024-02-07/a001707340000000-<hash>.parquet`, `c` where compacted. */
export function segmentKey(
  prefix: string,
  partition: string,
  compacted: boolean,
  knownAt: number,
  bytes: Uint8Array,
): string {
  const known = String(knownAt).padStart(KNOWN_AT_DIGITS, '0');
  return `${prefix}${partition}/${compacted ? 'c' : 'a'}${known}-${hashOf(bytes)}.parquet`;
}

const hashOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex').slice(0, HASH_CHARACTERS);

const SEGMENT_NAME = /^([\d-]+)\/([ac])(\d{15})-([0-9a-f]{32})\.parquet$/;

/** Undefined for an object that is no segment. */
export function parseSegmentKey(prefix: string, key: string): SegmentKey | undefined {
  const match = SEGMENT_NAME.exec(key.slice(prefix.length));
  if (!match) return undefined;
  return { key, partition: match[1], compacted: match[2] === 'c', knownAt: Number(match[3]), hash: match[4] };
}

/** Bars `from` to `to` as an appended segment: a bar file with a note of its decimals. */
export function encodeAppended(bars: BarColumns, from: number, to: number): Uint8Array {
  const power = pow10(bars.priceDecimals);
  const plain = (column: Float64Array): Float64Array => column.slice(from, to).map((price) => price / power);
  return encodeParquet(
    [
      { name: 'timestamp', data: toInt64(bars.timestamp.subarray(from, to)) },
      { name: 'open', data: plain(bars.open) },
      { name: 'high', data: plain(bars.high) },
      { name: 'low', data: plain(bars.low) },
      { name: 'close', data: plain(bars.close) },
      { name: 'volume', data: bars.volume.slice(from, to) },
    ],
    { price_decimals: String(bars.priceDecimals) },
  );
}

/** Rows of several segments as one, naming those that it replaces. */
export function encodeCompacted(rows: SegmentRows, replaces: readonly string[]): Uint8Array {
  return encodeParquet(
    [
      { name: 'timestamp', data: toInt64(rows.timestamp) },
      { name: 'open', data: rows.open },
      { name: 'high', data: rows.high },
      { name: 'low', data: rows.low },
      { name: 'close', data: rows.close },
      { name: 'volume', data: rows.volume },
      { name: 'known_at', data: toInt64(rows.knownAt) },
      { name: 'price_decimals', data: Int32Array.from(rows.priceDecimals) },
      { name: 'origin', data: [...rows.origin] },
    ],
    { replaces: JSON.stringify(replaces) },
  );
}

const toInt64 = (values: Float64Array): BigInt64Array => BigInt64Array.from(values, (value) => BigInt(value));

/** A segment from its bytes. Throws `LAKE_SEGMENT_CORRUPT` where they are not those that its key names. */
export async function decodeSegment(id: SegmentKey, bytes: Uint8Array): Promise<Segment> {
  if (hashOf(bytes) !== id.hash) {
    throw new PlimsollError(
      'LAKE_SEGMENT_CORRUPT',
      `the lake segment ${id.key} does not have the content that its name states`,
      'restore it from a backup, or fetch those bars again',
    );
  }
  const source = await openParquetBytes(bytes, id.key);
  const column = async (name: string): Promise<Float64Array> => {
    const out = new Float64Array(source.rows);
    await source.readColumn(name, (values, row) => {
      for (let i = 0; i < values.length; i++) out[row + i] = Number(values[i]);
    });
    return out;
  };
  const constant = (value: number): Float64Array => new Float64Array(source.rows).fill(value);
  const origin = new Array<string>(source.rows).fill(id.hash);
  if (id.compacted) {
    await source.readColumn('origin', (values, row) => {
      for (let i = 0; i < values.length; i++) origin[row + i] = String(values[i]);
    });
  }
  const rows: SegmentRows = {
    length: source.rows,
    timestamp: await column('timestamp'),
    open: await column('open'),
    high: await column('high'),
    low: await column('low'),
    close: await column('close'),
    volume: await column('volume'),
    knownAt: id.compacted ? await column('known_at') : constant(id.knownAt),
    priceDecimals: id.compacted ? await column('price_decimals') : constant(Number(source.notes.get('price_decimals'))),
    origin,
  };
  return { key: id.key, rows, replaces: id.compacted ? JSON.parse(source.notes.get('replaces') ?? '[]') : [] };
}
