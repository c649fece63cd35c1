/** A run over recorded bars: from a file and a few options to everything that a backtest and a live run are built from. */
import { type BarFile, readBarFile } from '../adapters/files/bar-file.ts';
import { definitionOf } from '../core/configuration/definition.ts';
import {
  type AccountConfiguration,
  type Configuration,
  type ConfigurationInput,
  configurationSchema,
} from '../core/configuration/schema.ts';
import type { EngineDefinition } from '../core/engine/engine.ts';
import { PlimsollError } from '../core/errors.ts';
import type { BarColumns } from '../core/market/bars.ts';
import { assertExactRange, type Instrument, instrument } from '../core/market/instrument.ts';
import { createResampler, resample } from '../core/market/resample.ts';
import { type Timeframe, timeframeMs } from '../core/market/timeframe.ts';
import { EXACT_LIMIT, pow10 } from '../core/numbers.ts';
import type { StrategyRegistry } from '../core/strategies/registry.ts';

export interface RecordedRunOptions {
  readonly file: string;
  /** In order of the universe; a file of one series needs none. */
  readonly symbols: readonly string[];
  /** Of the cycles; bars of a shorter one are put together. The file's own when left out. */
  readonly timeframe?: string;
  readonly strategies: ConfigurationInput['accounts'][number]['strategies'];
  readonly limits?: ConfigurationInput['accounts'][number]['limits'];
  readonly execution?: ConfigurationInput['accounts'][number]['execution'];
  readonly cash?: number;
  readonly feeBps?: number;
  readonly priceDecimals?: number;
  readonly quantityDecimals?: number;
  /** ms UTC of bars' opens: `from` inclusive, `to` exclusive. */
  readonly from?: number;
  readonly to?: number;
  /** Fields of every instrument, such as a perpetual's type and margins. */
  readonly instrument?: Partial<Instrument>;
}

export interface RecordedRun {
  readonly configuration: Configuration;
  readonly account: AccountConfiguration;
  readonly instruments: readonly Instrument[];
  readonly bars: ReadonlyMap<string, BarColumns>;
  readonly definition: EngineDefinition;
  readonly source: BarFile['provenance'];
  readonly findings: BarFile['findings'];
}

const DEFAULT_CASH = 10_000;
const VENUE = 'recorded';
/** How many times an account may grow, or a price fall, before its numbers could pass 2^53. */
const HEADROOM = 1_000;
const MOST_DECIMALS = 8;

/** Reads the file and puts the run together. Throws one sentence for whatever does not fit. */
export async function prepareRecordedRun(
  registry: StrategyRegistry,
  options: RecordedRunOptions,
): Promise<RecordedRun> {
  const { from, to, priceDecimals } = options;
  const file = await readBarFile(options.file, {
    ...selectionOf(options.symbols),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(priceDecimals === undefined ? {} : { priceDecimals }),
  });
  return recordedRunOf(registry, file, options);
}

/** One symbol also names the series of a file that names none itself. */
export function selectionOf(symbols: readonly string[]): { symbol?: string; symbols?: readonly string[] } {
  if (symbols.length === 0) return {};
  return symbols.length === 1 ? { symbol: symbols[0] } : { symbols };
}

/** Puts the run over bars together that were read. */
export function recordedRunOf(registry: StrategyRegistry, file: BarFile, options: RecordedRunOptions): RecordedRun {
  const { bars, timeframe } = ofTimeframe(file, options.timeframe);
  const symbols = [...bars.keys()];
  const cash = options.cash ?? DEFAULT_CASH;
  const moneyDecimals = decimalsFor(cash * HEADROOM);
  const currency = quoteOf(symbols[0]);
  const instruments = symbols.map((symbol) => describe(symbol, bars.get(symbol)!, cash, moneyDecimals, options));
  const configuration = configurationSchema.parse({
    venues: { [VENUE]: { kind: 'replay', file: options.file } },
    universes: { [VENUE]: { venue: VENUE, symbols, timeframe } },
    accounts: [
      {
        id: 'recorded',
        universe: VENUE,
        currency,
        moneyDecimals,
        cash,
        strategies: options.strategies,
        ...(options.limits === undefined ? {} : { limits: options.limits }),
        ...(options.execution === undefined ? {} : { execution: options.execution }),
      },
    ],
  } satisfies ConfigurationInput);
  const [account] = configuration.accounts;
  const openedAt = Math.min(...[...bars.values()].map((columns) => columns.timestamp[0])) + timeframeMs(timeframe);
  const definition = definitionOf({ configuration, account, instruments, provenance: 'recorded', registry, openedAt });
  return { configuration, account, instruments, bars, definition, source: file.provenance, findings: file.findings };
}

/** The bars in the timeframe that was asked for. */
function ofTimeframe(
  file: BarFile,
  asked: string | undefined,
): { bars: Map<string, BarColumns>; timeframe: Timeframe } {
  const [first] = file.timeframes.values();
  const timeframe = (asked ?? first) as Timeframe | undefined;
  if (timeframe === undefined) {
    throw new PlimsollError(
      'TIMEFRAME_REQUIRED',
      'the timeframe of the bars cannot be told from so few of them',
      'give --timeframe',
    );
  }
  timeframeMs(timeframe);
  const bars = new Map<string, BarColumns>();
  for (const [symbol, columns] of file.bars) {
    const own: Timeframe = file.timeframes.get(symbol) ?? timeframe;
    if (own === timeframe) {
      bars.set(symbol, columns);
      continue;
    }
    createResampler(own, timeframe);
    bars.set(symbol, resample(columns, own, timeframe).bars);
  }
  return { bars, timeframe };
}

function describe(
  symbol: string,
  bars: BarColumns,
  cash: number,
  moneyDecimals: number,
  options: RecordedRunOptions,
): Instrument {
  const { lowest, highest } = range(bars);
  const maxQuantity = (cash * HEADROOM) / lowest;
  const quantityDecimals = options.quantityDecimals ?? decimalsFor(maxQuantity);
  const [base, quote] = [symbol.split(/[/_-]/)[0] || symbol, quoteOf(symbol)];
  const described = instrument({
    symbol,
    venue: VENUE,
    base,
    quote,
    settlement: quote,
    priceDecimals: bars.priceDecimals,
    quantityDecimals,
    moneyDecimals,
    makerFeeBps: options.feeBps ?? 0,
    takerFeeBps: options.feeBps ?? 0,
    ...options.instrument,
  });
  assertExactRange(described, {
    maxPrice: highest,
    maxQuantity: options.quantityDecimals === undefined ? maxQuantity : cash / lowest,
    maxMoney: cash,
  });
  return described;
}

function range(bars: BarColumns): { lowest: number; highest: number } {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (let k = 0; k < bars.length; k++) {
    if (bars.low[k] < lowest) lowest = bars.low[k];
    if (bars.high[k] > highest) highest = bars.high[k];
  }
  const scale = pow10(bars.priceDecimals);
  return { lowest: lowest / scale, highest: highest / scale };
}

/** The most decimals, up to eight, in which `largest` is exact. */
function decimalsFor(largest: number): number {
  return Math.max(0, Math.min(MOST_DECIMALS, Math.floor(Math.log10(EXACT_LIMIT / largest))));
}

/** What is no quote: a contract's kind, or a timeframe in a file's name that a series without a symbol is called by (xauusd_h1). */
const NO_QUOTE = /^(perp|[smhdw]\d+|\d+[smhdw])$/i;

/** The quote of a symbol such as BTC/USDT or BTC-PERP; USD where it names none. */
function quoteOf(symbol: string): string {
  const quote = /^[^/_:-]+[/_-]([A-Za-z0-9]+)/.exec(symbol)?.[1];
  return quote === undefined || NO_QUOTE.test(quote) ? 'USD' : quote.slice(0, 16);
}
