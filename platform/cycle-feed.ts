/** From due times to opened cycles: bars are gathered, kept in the lake, and set going. Asked for again where the venue is away. */
import type { Lake } from '../adapters/lake/lake.ts';
import { streamOf } from '../core/configuration/definition.ts';
import type { AccountConfiguration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import { barsFromRows } from '../core/market/bars.ts';
import { DAY_MS } from '../core/market/civil.ts';
import type { Instrument } from '../core/market/instrument.ts';
import { type Timeframe, timeframeMs } from '../core/market/timeframe.ts';
import type { MarketDataPort } from '../core/ports/market-data.ts';
import type { SchedulePlan } from '../core/ports/schedule.ts';
import { type GatheredBars, gatherBars } from '../functions/steps/gather.ts';
import { openCycles } from '../functions/steps/ingest.ts';
import { takeListing } from '../functions/steps/listing.ts';
import { recordMissed } from '../functions/steps/missed-cycles.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import type { PlatformLog } from './log.ts';

export interface CycleFeedOptions {
  readonly ports: StepPorts;
  readonly account: AccountConfiguration;
  readonly venue: MarketDataPort;
  readonly instruments: readonly Instrument[];
  readonly timeframe: Timeframe;
  readonly lake: Lake;
  readonly log: PlatformLog;
  readonly sleep: (ms: number) => Promise<void>;
  /** Sees to it that opened cycles are worked on. */
  readonly kick: (stream: string) => void;
}

export class CycleFeed {
  readonly #options: CycleFeedOptions;
  readonly #stream: string;
  /** Gathered ahead while catching up, by time. */
  readonly #ahead = new Map<number, GatheredBars | undefined>();
  #away = false;
  /** The day (UTC, from 1970) on which the instruments were looked at last. */
  #listedOn: number | undefined;
  /** The last time that was handled, where this process knows it. */
  #handled: number | undefined;

  constructor(options: CycleFeedOptions) {
    this.#options = options;
    this.#stream = streamOf(options.ports.configuration, options.account);
  }

  get plan(): SchedulePlan {
    const { ports, timeframe } = this.#options;
    const { delayMs, maxCatchUp } = ports.configuration.schedule;
    return { name: this.#stream, everyMs: timeframeMs(timeframe), delayMs, maxCatchUp };
  }

  /** History is opened up to this time: what fell due while it was fetched comes next. */
  beginAfter(time: number): void {
    this.#handled = time;
  }

  /** Handles a due time; `skipped` cycles before it were too many to be made up for. */
  async due(time: number, skipped: number): Promise<void> {
    if (skipped > 0) await this.#recordMissed(time, skipped);
    const { everyMs, maxCatchUp } = this.plan;
    const first = skipped > 0 || this.#handled === undefined ? time : this.#handled + everyMs;
    for (let next = Math.max(first, time - maxCatchUp * everyMs); next <= time; next += everyMs) await this.#open(next);
  }

  async #open(time: number): Promise<void> {
    const { ports, account, venue, log, kick } = this.#options;
    await this.#takeListing(time);
    const cycle = await this.#gather(time);
    this.#handled = time;
    if (this.#away) log.tell(`The venue ${venue.venue} answers again.`);
    this.#away = false;
    if (!cycle) return;
    for (const [symbol, why] of cycle.refused)
      log.tell(`The bar of ${symbol} was refused and counts as missing: ${why}.`, { cycle: time });
    await this.keep([cycle], time);
    const late = ports.now() - time;
    await openCycles(ports, account, [cycle], late > ports.configuration.schedule.staleAfterMs ? late : 0);
    kick(this.#stream);
  }

  /** Once a day, and when the process begins: venues change the rules of what they list. Recorded and simulated ones do not. */
  async #takeListing(time: number): Promise<void> {
    const { ports, account, venue, log } = this.#options;
    const day = Math.floor(time / DAY_MS);
    if (venue.provenance !== 'live' || day === this.#listedOn) return;
    for (const sentence of await takeListing(ports, account, venue)) log.tell(sentence);
    this.#listedOn = day;
  }

  /** Tells once that the venue is away; the schedule asks again, later each time. True where the failure was that. */
  failed(error: unknown): boolean {
    if (!(error instanceof PlimsollError) || error.code !== 'VENUE_UNAVAILABLE') return false;
    const { log, venue } = this.#options;
    log.error(error);
    if (!this.#away)
      log.tell(
        `The venue ${venue.venue} does not answer; it is asked again until it does. Nothing new is opened meanwhile.`,
      );
    this.#away = true;
    return true;
  }

  /** Stores bars in the lake, as known at a time. */
  async keep(cycles: readonly GatheredBars[], knownAt: number): Promise<void> {
    const { lake, venue, instruments, timeframe } = this.#options;
    for (const { symbol, priceDecimals } of instruments) {
      const rows = cycles.flatMap(({ bars }) => bars.get(symbol) ?? []);
      if (rows.length === 0) continue;
      await lake.appendBars({
        provenance: venue.provenance,
        venue: venue.venue,
        symbol,
        timeframe,
        bars: barsFromRows(rows, priceDecimals),
        knownAt,
      });
    }
  }

  /** The bars of a time, and with them those of the times after it that are due too. */
  async #gather(time: number): Promise<GatheredBars | undefined> {
    const { ports, venue, instruments, timeframe, sleep } = this.#options;
    if (this.#ahead.has(time)) return this.#take(time);
    const { delayMs, deadlineMs } = ports.configuration.schedule;
    const { everyMs, maxCatchUp } = this.plan;
    const latest = Math.max(time, Math.floor((ports.now() - delayMs) / everyMs) * everyMs);
    const count = Math.min(maxCatchUp, Math.floor((latest - time) / everyMs) + 1);
    const times = Array.from({ length: count }, (_, k) => time + k * everyMs);
    const waitUntil = times[times.length - 1] + delayMs + deadlineMs;
    const gathered = await gatherBars({ venue, instruments, timeframe, times, waitUntil, now: ports.now, sleep });
    this.#ahead.clear();
    for (const each of times) this.#ahead.set(each, undefined);
    for (const cycle of gathered) this.#ahead.set(cycle.asOf, cycle);
    return this.#take(time);
  }

  #take(time: number): GatheredBars | undefined {
    const cycle = this.#ahead.get(time);
    this.#ahead.delete(time);
    return cycle;
  }

  async #recordMissed(time: number, count: number): Promise<void> {
    const { ports, log } = this.#options;
    const missed = await recordMissed(ports, this.#stream, this.plan.everyMs, time, count);
    log.tell(
      `${count} cycles passed while the platform was not running and were too many to make up for; they are recorded as missed.`,
      { ...missed },
    );
  }
}
