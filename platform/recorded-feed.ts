/** Recorded bars as what an account trades on: an account of its own for each account and file. */
import type { BarFile } from '../adapters/files/bar-file.ts';
import { ReplayVenue } from '../adapters/venues/replay.ts';
import type { AccountConfiguration, VenueConfiguration } from '../core/configuration/schema.ts';
import { type Timeframe, timeframeMs } from '../core/market/timeframe.ts';
import type { MarketDataPort } from '../core/ports/market-data.ts';
import type { StrategyRegistry } from '../core/strategies/registry.ts';
import type { ArrivedBars } from '../functions/steps/ingest.ts';
import { cyclesOf } from './live-run.ts';
import { recordedRunOf } from './recorded-run.ts';

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
  /** As it was read. */
  readonly recording: BarFile;
  /** Of the recording, in order of the universe. */
  readonly symbols: readonly string[];
  readonly barsPerSecond?: number;
}

/** Characters of a file's hash in the account's id. */
const HASH_LENGTH = 8;

/** An account on some symbols of a recording. Throws one sentence for whatever does not fit. */
export function recordedFeed(
  account: AccountConfiguration,
  registry: StrategyRegistry,
  { file, recording, symbols, barsPerSecond = 0 }: RecordedFeedOptions,
): RecordedFeed {
  const strategies = account.strategies.map(({ instruments, timeframe: _, ...strategy }) => ({
    ...strategy,
    ...(instruments?.every((symbol) => symbols.includes(symbol)) ? { instruments } : {}),
  }));
  const run = recordedRunOf(registry, only(recording, symbols), {
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

/** The series of some symbols, in their order. */
function only(recording: BarFile, symbols: readonly string[]): BarFile {
  const of = <T>(series: ReadonlyMap<string, T>): Map<string, T> =>
    new Map(symbols.flatMap((symbol) => (series.has(symbol) ? [[symbol, series.get(symbol)!]] : [])));
  return {
    bars: of(recording.bars),
    priceDecimals: of(recording.priceDecimals),
    timeframes: of(recording.timeframes),
    findings: of(recording.findings),
    provenance: recording.provenance,
  };
}
