import type { Provenance } from '../api/types.ts';
import { DataBadge } from './badge.tsx';

interface InstrumentChoiceProps {
  readonly symbols: readonly string[];
  readonly symbol: string | undefined;
  readonly onSymbol: (symbol: string) => void;
  readonly provenance: Provenance;
}

/** Beside the title of the price: whose price, and where it comes from. It stands before the chart does. */
export function InstrumentChoice({ symbols, symbol, onSymbol, provenance }: InstrumentChoiceProps) {
  return (
    <>
      <fieldset className="choices-row">
        <legend className="unseen">Instrument</legend>
        {symbols.map((candidate) => (
          <button key={candidate} type="button" aria-pressed={candidate === symbol} onClick={() => onSymbol(candidate)}>
            {candidate}
          </button>
        ))}
      </fieldset>
      <DataBadge provenance={provenance} />
    </>
  );
}
