/** Recorded bars as what an account trades on: an account of its own for each file. */
import { ReplayVenue } from '../adapters/venues/replay.ts';
import type { AccountConfiguration, VenueConfiguration } from '../core/configuration/schema.ts';
import { type Timeframe, timeframeMs } from '../core/market/timeframe.ts';
import type { MarketDataPort } from '../core/ports/market-data.ts';
import type { StrategyRegistry } from '../core/strategies/registry.ts';
import type { ArrivedBars } from '../functions/steps/ingest.ts';
import { cyclesOf } from './live-run.ts';
import { prepareRecordedRun } from './recorded-run.ts';

export interface RecordedFeed {
  readonly account: AccountConfiguration;
  readonly venue: MarketDataPort;
  readonly venueConfiguration: VenueConfiguration;
  readonly symbols: string[];
  readonly timeframe: Timeframe;
  /** Cycles a second; 0 is as fast as it goes. */
  readonly barsPerSecond: number;
  readonly cycles: number;
  readonly arrived: () => Generator<ArrivedBars>;
}

export interface RecordedFeedOptions {
  readonly file: string;
  readonly symbols?: readonly string[];
  readonly barsPerSecond?: number;
}

/** Characters of a file's hash in the account's id. */
const HASH_LENGTH = 8;

/** Reads and checks the file. Throws one sentence for whatever does not fit. */
export async function recordedFeed(
  account: AccountConfiguration,
  registry: StrategyRegistry,
  { file, symbols = [], barsPerSecond = 0 }: RecordedFeedOptions,
): Promise<RecordedFeed> {
  const strategies = account.strategies.map(({ instruments: _, timeframe: __, ...strategy }) => strategy);
  const run = await prepareRecordedRun(registry, {
    file,
    symbols,
    strategies,
    limits: account.limits,
    execution: account.execution,
    cash: account.cash,
    ...(account.fees ? { feeBps: account.fees.takerBps } : {}),
  });
  const { bars, instruments, definition } = run;
  const id = `${account.id}-recorded-${run.source.sha256.slice(0, HASH_LENGTH)}`;
  const times = [...bars.values()].reduce(
    (all, { timestamp }) => timestamp.reduce((set, time) => set.add(time), all),
    new Set<number>(),
  );
  const series = instruments.map((instrument) => ({
    instrument,
    timeframe: definition.timeframe,
    bars: bars.get(instrument.symbol)!,
  }));
  const venue = new ReplayVenue(id, series);
  return {
    account: { ...run.account, id, universe: id, limits: account.limits, execution: account.execution },
    venue,
    venueConfiguration: { kind: 'replay', file, barsPerSecond },
    symbols: instruments.map(({ symbol }) => symbol),
    timeframe: definition.timeframe,
    barsPerSecond,
    cycles: times.size,
    arrived: () => cyclesOf(bars, timeframeMs(definition.timeframe)),
  };
}
