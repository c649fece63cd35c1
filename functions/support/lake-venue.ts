/** Recorded bars as a venue on AWS: they lie in the lake, put there by whoever replays them. */
import { createLake, type Lake } from '../../adapters/lake/lake.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Bar, type BarColumns, barAt } from '../../core/market/bars.ts';
import { type Instrument, instrument } from '../../core/market/instrument.ts';
import type { Timeframe } from '../../core/market/timeframe.ts';
import { nearest } from '../../core/nearest.ts';
import { pow10 } from '../../core/numbers.ts';
import type { MarketDataPort } from '../../core/ports/market-data.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';

export interface Recording {
  /** The venue's name as configured. */
  readonly venue: string;
  readonly timeframe: Timeframe;
  readonly instruments: readonly Instrument[];
  /** By symbol; prices at their instrument's decimals. */
  readonly bars: ReadonlyMap<string, BarColumns>;
}

/** Puts a recording where {@link LakeVenue} finds it. The same recording twice is stored once. */
export async function putRecording(
  objects: ObjectStore,
  { venue, timeframe, instruments, bars }: Recording,
): Promise<void> {
  const lake = createLake(objects);
  for (const [symbol, columns] of bars) {
    if (columns.length === 0) continue;
    const knownAt = columns.timestamp[columns.length - 1];
    await lake.appendBars({ provenance: 'recorded', venue, symbol, timeframe, bars: columns, knownAt });
  }
  await objects.put(instrumentsKey(venue), new TextEncoder().encode(JSON.stringify(instruments)));
}

export class LakeVenue implements MarketDataPort {
  readonly venue: string;
  readonly provenance = 'recorded';
  readonly #objects: ObjectStore;
  readonly #lake: Lake;

  constructor(venue: string, objects: ObjectStore) {
    this.venue = venue;
    this.#objects = objects;
    this.#lake = createLake(objects);
  }

  /** Throws `RECORDING_ABSENT` where nothing was recorded under the venue's name. */
  async instruments(symbols: readonly string[]): Promise<Instrument[]> {
    const recorded = await this.#recorded();
    return symbols.map((symbol) => {
      const found = recorded.find((candidate) => candidate.symbol === symbol);
      if (found) return found;
      const known = recorded.map((candidate) => candidate.symbol);
      throw new PlimsollError(
        'SYMBOL_UNKNOWN',
        `the recording of ${this.venue} has no ${symbol}`,
        `use ${nearest(symbol, known)}`,
      );
    });
  }

  async bars(of: Instrument, timeframe: Timeframe, from: number, to: number, limit: number): Promise<Bar[]> {
    const { symbol, priceDecimals } = of;
    const series = { provenance: this.provenance, venue: this.venue, symbol, timeframe } as const;
    const { bars } = await this.#lake.readBars({ ...series, from, to });
    const factor = pow10(priceDecimals) / pow10(bars.priceDecimals);
    return Array.from({ length: Math.min(limit, bars.length) }, (_, i) => rescaled(barAt(bars, i), factor));
  }

  async close(): Promise<void> {}

  async #recorded(): Promise<Instrument[]> {
    const bytes = await this.#objects.get(instrumentsKey(this.venue));
    if (bytes) return (JSON.parse(new TextDecoder().decode(bytes)) as Instrument[]).map(instrument);
    throw new PlimsollError(
      'RECORDING_ABSENT',
      `the lake holds no recording of ${this.venue}`,
      'put recorded bars there first, or configure another venue',
    );
  }
}

const instrumentsKey = (venue: string): string => `instruments/${venue}.json`;

/** Multiplied or divided by a power of ten; rounded, since a double may end a hair beside the integer. */
function rescaled(bar: Bar, factor: number): Bar {
  if (factor === 1) return bar;
  const price = (value: number): number => Math.round(value * factor);
  return { ...bar, open: price(bar.open), high: price(bar.high), low: price(bar.low), close: price(bar.close) };
}
