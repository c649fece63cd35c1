/** The volume of each half hour of the day, as recorded on the last days: what a VWAP is spread by. */
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { DAY_MS } from '../../market/civil.ts';
import type { RunningStrategy } from '../../strategies/runner.ts';
import { ALGORITHM_BOUNDS } from './algorithm.ts';

export const BUCKET_MS = 1_800_000;
export const BUCKETS = DAY_MS / BUCKET_MS;
const MILLION = 1_000_000;
/** Stands for a half hour without any bar. */
const NONE = -1;

interface Day {
  /** Days since 1970-01-01 (UTC). */
  readonly day: number;
  /** Volume in each half hour, in base units; {@link NONE} where no bar was. */
  readonly volumes: number[];
}

/** Volumes of one market, as plain data. */
export interface RecordedVolumes {
  readonly instrument: number;
  /** Open of the last bar that was taken, ms UTC. */
  readonly upTo: number;
  readonly days: readonly { readonly day: number; readonly volumes: readonly number[] }[];
}

/** Volumes of the markets in which a strategy asks for them. */
export class VolumeProfiles {
  /** By the market's index: days that are kept; 0 for none. */
  readonly #kept: readonly number[];
  readonly #days: Day[][];
  readonly #upTo: number[];

  constructor(kept: readonly number[]) {
    this.#kept = kept;
    this.#days = kept.map(() => []);
    this.#upTo = kept.map(() => Number.NEGATIVE_INFINITY);
  }

  /** Takes the bars of a market that it has not seen yet, up to the one of the cycle; nothing of a later one is looked at. */
  take(market: MarketState): void {
    const { index, at, timestamp } = market;
    if (this.#kept[index] === 0) return;
    let from = at + 1;
    while (from > 0 && timestamp[from - 1] > this.#upTo[index]) from--;
    for (let k = from; k <= at; k++) this.#add(index, timestamp[k], market.volume[k]);
    if (from <= at) this.#upTo[index] = timestamp[at];
  }

  #add(index: number, opened: number, volume: number): void {
    const day = Math.floor(opened / DAY_MS);
    const days = this.#days[index];
    let last = days.at(-1);
    if (last?.day !== day) {
      last = { day, volumes: new Array<number>(BUCKETS).fill(NONE) };
      days.push(last);
      // The day that has begun, and as many that are over as are asked for.
      if (days.length > this.#kept[index] + 1) days.shift();
    }
    const bucket = Math.floor((opened % DAY_MS) / BUCKET_MS);
    last.volumes[bucket] = Math.max(0, last.volumes[bucket]) + volume;
  }

  /**
   * The average of the days that were over at `now` (ms UTC), in millionths of the whole; empty where nothing is known of them. A
   * half hour counts on the days that have a bar in it.
   */
  profileOf({ index }: MarketState, now: number): number[] {
    const today = Math.floor(now / DAY_MS);
    const over = this.#days[index].filter(({ day }) => day < today).slice(-this.#kept[index]);
    const means = Array.from({ length: BUCKETS }, (_, bucket) => mean(over.map(({ volumes }) => volumes[bucket])));
    const whole = means.reduce((sum, volume) => sum + volume, 0);
    return whole > 0 ? means.map((volume) => Math.round((volume / whole) * MILLION)) : [];
  }

  snapshot(): RecordedVolumes[] {
    return this.#days.flatMap((days, instrument) =>
      days.length === 0
        ? []
        : [
            {
              instrument,
              upTo: this.#upTo[instrument],
              days: days.map(({ day, volumes }) => ({ day, volumes: [...volumes] })),
            },
          ],
    );
  }

  /** From before; what a new configuration no longer asks for is left out. */
  restore(volumes: readonly RecordedVolumes[]): void {
    this.#days.forEach((days, index) => {
      days.length = 0;
      this.#upTo[index] = Number.NEGATIVE_INFINITY;
    });
    for (const { instrument, upTo, days } of volumes) {
      if (!this.#kept[instrument]) continue;
      this.#upTo[instrument] = upTo;
      this.#days[instrument].push(...days.map(({ day, volumes: sums }) => ({ day, volumes: [...sums] })));
    }
  }
}

/** Whichever strategies ask for volumes; undefined where none does. */
export function volumeProfilesOf(
  markets: readonly MarketState[],
  strategies: readonly RunningStrategy[],
): VolumeProfiles | undefined {
  const asking = strategies.flatMap(({ definition, params, instruments }) =>
    definition.volumeDays === undefined ? [] : [{ instruments, days: boundedDays(definition.volumeDays(params)) }],
  );
  if (asking.length === 0) return undefined;
  const kept = markets.map(({ instrument: { symbol } }) =>
    Math.max(0, ...asking.filter(({ instruments }) => instruments.includes(symbol)).map(({ days }) => days)),
  );
  return new VolumeProfiles(kept);
}

/** Whole days, at least one; what is no number is one, too, or nothing would ever be forgotten. */
const boundedDays = (days: number): number => Math.min(ALGORITHM_BOUNDS.volumeDays, Math.max(1, Math.floor(days) || 1));

/** Takes the bars of the cycle in; a function of its own, for accounts that have no volumes to keep. */
export function takeVolumes({ volumes, due, dueCount }: Engine): void {
  if (volumes === undefined) return;
  for (let k = 0; k < dueCount; k++) volumes.take(due[k]);
}

function mean(volumes: readonly number[]): number {
  const known = volumes.filter((volume) => volume !== NONE);
  return known.length === 0 ? 0 : known.reduce((sum, volume) => sum + volume, 0) / known.length;
}
