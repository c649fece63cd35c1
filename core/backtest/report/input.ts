import type { ShortfallAverage } from '../../execution/shortfall.ts';
import type { Provenance } from '../../ports/market-data.ts';
import type { Metrics } from '../metrics.ts';
import type { BacktestResult, Trade } from '../trades.ts';

/** A file that bars were read from. */
export interface BarSource {
  /** Its name, without its folder. */
  readonly file: string;
  /** Of the file as it is, hex. */
  readonly sha256: string;
}

/** What a report is made of. */
export interface ReportInput extends BacktestResult {
  /** Empty where the bars did not come from files. */
  readonly sources: readonly BarSource[];
  /** Of Plimsoll, and of its code where that is known. */
  readonly version: string;
  /** The command that makes the same run again. */
  readonly command?: string;
}

/** The same with what follows from it, computed once. */
export interface ReportFacts extends ReportInput {
  readonly metrics: Metrics;
  readonly trades: readonly Trade[];
  readonly shortfall: readonly ShortfallAverage[];
  /** Beside every figure. */
  readonly badge: string;
}

/** How figures are labelled, by where their bars come from. */
export const PROVENANCE_BADGES: Record<Provenance, string> = {
  recorded: 'recorded data',
  simulated: 'simulated data',
  live: 'live data',
};
