import type { IndicatorSpec } from '../indicators/indicator.ts';
import type { BarColumns } from '../market/bars.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { Track } from './track.ts';

/** Bytes of indicator columns that are kept. The oldest give way; they are computed again when they are wanted again. */
const MAX_BYTES = 512 * 2 ** 20;

/**
 * Indicators over whole series, each computed once and read by many runs on the same bars: by instrument, timeframe, name and
 * parameters. What it hands out is shared memory that nobody writes to.
 */
export class SharedIndicators {
  readonly #base: Timeframe;
  readonly #tracks = new Map<string, Track>();
  #bytes = 0;

  /** `base` is the timeframe of the bars. */
  constructor(base: Timeframe) {
    this.#base = base;
  }

  /** The instrument's bars of a timeframe, and the indicator on them where one is given: a track that has read all of `bars`. */
  track(symbol: string, bars: BarColumns, timeframe: Timeframe, spec?: IndicatorSpec): Track {
    const key = JSON.stringify([symbol, timeframe, spec?.name, spec?.parameters, spec?.outputs]);
    const known = this.#tracks.get(key);
    if (known) return known;
    const track = new Track(this.#base, timeframe, spec ? [spec] : [], bars.priceDecimals);
    track.advance(bars, 0, bars.length);
    this.#keep(key, track);
    return track;
  }

  #keep(key: string, track: Track): void {
    this.#tracks.set(key, track);
    this.#bytes += track.bytes;
    for (const [oldest, { bytes }] of this.#tracks) {
      if (this.#bytes <= MAX_BYTES || oldest === key) return;
      this.#tracks.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}
