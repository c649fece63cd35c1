/** What the platform under test trades: a strategy whose every move is known, on the simulated exchange at a fixed time. */
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import { type Configuration, configurationSchema } from '../../core/configuration/schema.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import type { Instrument } from '../../core/market/instrument.ts';

export const MINUTE_MS = 60_000;

const SYMBOLS = ['BTC/USDT', 'ETH/USDT'];
/** Every test sees the same bars. */
const FROM = Date.UTC(2026, 0, 5);
const BARS = 600;

const ACCOUNTS: readonly object[] = [
  {
    id: 'paper',
    universe: 'majors',
    strategies: [
      { strategy: 'known', allocation: 0.5 },
      { strategy: 'sma-cross', params: { fast: 3, slow: 8 }, allocation: 0.3 },
    ],
    limits: { maxOrderNotional: 2_000, maxDrawdown: 0.2, oversize: 'deny' },
  },
  { id: 'second', universe: 'majors', cash: 500, strategies: [{ strategy: 'sma-cross' }] },
];

export function configurationFor(dataDirectory: string, accounts = ACCOUNTS): Configuration {
  return configurationSchema.parse({
    instance: { name: 'harbour' },
    venues: { simulated: { kind: 'simulated' } },
    universes: { majors: { venue: 'simulated', symbols: SYMBOLS, timeframe: '1m' } },
    accounts,
    dataDirectory,
  });
}

export interface Market {
  /** ms UTC: open of the first bar. */
  readonly from: number;
  readonly instruments: readonly Instrument[];
  readonly bars: ReadonlyMap<string, BarColumns>;
}

export async function simulatedMarket(): Promise<Market> {
  const end = FROM + BARS * MINUTE_MS;
  const venue = new SimulatedVenue({ now: () => end });
  const bars = new Map(SYMBOLS.map((symbol) => [symbol, venue.columns(symbol, '1m', FROM, end, BARS)]));
  return { from: FROM, instruments: await venue.instruments(SYMBOLS), bars };
}
