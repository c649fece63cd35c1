/** From a venue to the bars of cycles: asked for, waited for, checked. The same on a laptop and in Lambda. */
import { PlimsollError } from '../../core/errors.ts';
import { type Bar, barsFromRows } from '../../core/market/bars.ts';
import { calendarOf } from '../../core/market/calendar.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import { createQualityCheck } from '../../core/market/quality.ts';
import { type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import type { MarketDataPort } from '../../core/ports/market-data.ts';
import type { ArrivedBars } from './ingest.ts';

export interface GatherRequest {
  readonly venue: MarketDataPort;
  readonly instruments: readonly Instrument[];
  readonly timeframe: Timeframe;
  /** Logical times, ms UTC, ascending: closes of bars of the timeframe. At most {@link GATHER_BOUNDS}.times. */
  readonly times: readonly number[];
  /** Ms UTC by `now`: until then, a bar of the last time that is not out yet is asked for again. */
  readonly waitUntil: number;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** The bars of one logical time, and those that were not good enough to be among them. */
export interface GatheredBars extends ArrivedBars {
  /** By symbol, why: its bar is missing from the cycle. */
  readonly refused: ReadonlyMap<string, string>;
}

export const GATHER_BOUNDS = {
  times: 10_000,
  /** Requests to the venue at a time. */
  parallel: 8,
  /** Between two requests for a bar that is late. */
  askAgainMs: 1_000,
  /** Times that a late bar is asked for. */
  asks: 600,
} as const;

/**
 * The bars of each time, in order. A time at which no calendar expects a bar and none came is left out. A bar that the quality
 * check refuses counts as missing. Throws `VENUE_UNAVAILABLE` when the venue could not be asked for anything until
 * `waitUntil`; where it answered for some instruments, those of the others are missing.
 */
export async function gatherBars(request: GatherRequest): Promise<GatheredBars[]> {
  const { instruments, times, timeframe } = request;
  if (times.length === 0) return [];
  if (times.length > GATHER_BOUNDS.times) {
    throw new PlimsollError(
      'GATHER_TOO_LARGE',
      `${times.length} cycles at once exceed the ${GATHER_BOUNDS.times} that are gathered`,
      'ask for a shorter span',
    );
  }
  const arrived = await askUntilComplete(request);
  const checked = instruments.map((instrument) => check(instrument, timeframe, arrived.get(instrument.symbol) ?? []));
  const length = timeframeMs(timeframe);
  return times
    .map((asOf) => barsOf(asOf, asOf - length, instruments, checked))
    .filter((cycle) => cycle.bars.size > 0 || isAnyExpected(instruments, timeframe, cycle.asOf));
}

type Answers = ReadonlyMap<string, readonly Bar[]>;

async function askUntilComplete(request: GatherRequest): Promise<Answers> {
  const { instruments, now, sleep, waitUntil } = request;
  const answers = new Map<string, readonly Bar[]>();
  for (let ask = 1; ; ask++) {
    const unavailable = await askAll(request, answers);
    const isComplete = instruments.every((instrument) => isAnswered(request, instrument, answers));
    if (isComplete || ask >= GATHER_BOUNDS.asks || now() >= waitUntil) {
      if (unavailable && answers.size === 0) throw unavailable;
      return answers;
    }
    await sleep(Math.max(0, Math.min(GATHER_BOUNDS.askAgainMs, waitUntil - now())));
  }
}

/** Asks for what is not complete yet; what the venue refused to be asked for, if anything. */
async function askAll(
  request: GatherRequest,
  answers: Map<string, readonly Bar[]>,
): Promise<PlimsollError | undefined> {
  const { venue, timeframe, times } = request;
  const length = timeframeMs(timeframe);
  const [from, to] = [times[0] - length, times[times.length - 1]];
  const limit = Math.ceil((to - from) / length);
  let unavailable: PlimsollError | undefined;
  const open = request.instruments.filter((instrument) => !isAnswered(request, instrument, answers));
  await forEachOf(open, GATHER_BOUNDS.parallel, async (instrument) => {
    try {
      answers.set(instrument.symbol, await venue.bars(instrument, timeframe, from, to, limit));
    } catch (error) {
      if (!(error instanceof PlimsollError) || error.code !== 'VENUE_UNAVAILABLE') throw error;
      unavailable = error;
    }
  });
  return unavailable;
}

/** Whether nothing more of an instrument is to be waited for. */
function isAnswered({ times, timeframe }: GatherRequest, instrument: Instrument, answers: Answers): boolean {
  const bars = answers.get(instrument.symbol);
  if (!bars) return false;
  const asOf = times[times.length - 1];
  const isThere = bars.some((bar) => bar.timestamp === asOf - timeframeMs(timeframe));
  return isThere || !isExpected(instrument, timeframe, asOf);
}

function isExpected({ calendar }: Instrument, timeframe: Timeframe, asOf: number): boolean {
  return calendarOf(calendar).countExpectedBars(timeframe, asOf - timeframeMs(timeframe), asOf) > 0;
}

const isAnyExpected = (instruments: readonly Instrument[], timeframe: Timeframe, asOf: number): boolean =>
  instruments.some((instrument) => isExpected(instrument, timeframe, asOf));

interface CheckedBars {
  /** By open time. */
  readonly good: ReadonlyMap<number, Bar>;
  readonly refused: ReadonlyMap<number, string>;
}

function check(instrument: Instrument, timeframe: Timeframe, bars: readonly Bar[]): CheckedBars {
  const good = new Map(bars.map((bar) => [bar.timestamp, bar]));
  const refused = new Map<number, string>();
  const quality = createQualityCheck({ timeframe, calendar: instrument.calendar });
  quality.advance(barsFromRows(bars, instrument.priceDecimals), 0, bars.length, ({ verdict, detail }, at) => {
    if (verdict !== 'refuse') return;
    good.delete(bars[at].timestamp);
    refused.set(bars[at].timestamp, detail);
  });
  return { good, refused };
}

function barsOf(
  asOf: number,
  open: number,
  instruments: readonly Instrument[],
  checked: readonly CheckedBars[],
): GatheredBars {
  const bars = new Map<string, Bar>();
  const refused = new Map<string, string>();
  instruments.forEach(({ symbol }, k) => {
    const bar = checked[k].good.get(open);
    const why = checked[k].refused.get(open);
    if (bar) bars.set(symbol, bar);
    if (why !== undefined) refused.set(symbol, why);
  });
  return { asOf, bars, refused };
}

/** Runs `work` on every item, so many at a time. Rejects with the first failure, after what was under way has ended. */
export async function forEachOf<T>(
  items: readonly T[],
  parallel: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const workers = Array.from({ length: Math.min(parallel, items.length) }, async () => {
    for (const item of waiting) await work(item);
  });
  const ended = await Promise.allSettled(workers);
  const failed = ended.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
