import { universeOf } from '../../core/configuration/definition.ts';
import { PlimsollError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import type { OperationContext } from '../operation.ts';
import { accountNamed, viewIfOpen } from '../support/account.ts';
import { barView, keptBars } from '../support/bars.ts';
import { provenanceOf } from '../support/provenance.ts';

/** Beyond every bar: ms UTC, the year 5138. */
const ALL_TIME = 1e14;

export default async function list(
  context: OperationContext,
  { account, symbol, limit }: { account?: string | undefined; symbol: string; limit: number },
) {
  const { configuration } = context.steps;
  const universe = universeOf(configuration, accountNamed(context, account));
  if (!universe.symbols.includes(symbol)) throw symbolUnknown(symbol, universe.symbols);
  const view = await viewIfOpen(context, account);
  const instrument = view?.opening.instruments.find((candidate) => candidate.symbol === symbol);
  if (!view || !instrument) return { symbol, provenance: provenanceOf(configuration.venues[universe.venue]), bars: [] };
  const { provenance } = view.opening;
  const span = { from: 0, to: ALL_TIME };
  const bars = (await keptBars(context, view, [symbol], span, limit)).get(symbol) ?? [];
  const rows = bars
    .slice(-limit)
    .map(({ timestamp, open, high, low, close, volume }) =>
      barView([timestamp, open, high, low, close, volume], instrument.priceDecimals),
    );
  return { symbol, provenance, bars: rows };
}

const symbolUnknown = (symbol: string, known: readonly string[]): PlimsollError =>
  new PlimsollError('SYMBOL_UNKNOWN', `${symbol} is not in the universe`, `use ${nearest(symbol, known)}`);
