import type { Bar } from '../market/bars.ts';
import type { Instrument } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';

/** Where figures come from. Shown wherever a figure is seen; never mixed within an account. */
export type Provenance = 'live' | 'recorded' | 'simulated';

/**
 * The market-data side of a venue: instruments, and closed bars. Orders are the execution side; paper accounts match their
 * orders here (core/execution) against these bars.
 */
export interface MarketDataPort {
  /** The venue's name as configured: `binance`, `simulated`, `replay`. */
  readonly venue: string;
  readonly provenance: Provenance;
  /** The named instruments as the venue defines them now. Throws `SYMBOL_UNKNOWN` naming the nearest known ones. */
  instruments(symbols: readonly string[]): Promise<Instrument[]>;
  /**
   * CLOSED bars whose open lies in [`from`, `to`), ascending, prices scaled by the instrument's decimals; at most `limit`.
   * A bar still forming is never returned. Throws `VENUE_UNAVAILABLE` when the venue cannot be asked.
   */
  bars(instrument: Instrument, timeframe: Timeframe, from: number, to: number, limit: number): Promise<Bar[]>;
  close(): Promise<void>;
}
