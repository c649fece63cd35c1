/** Funding at Bybit: v5, Get Transaction Log, of the type SETTLEMENT. Kept for two years. */
import { DAY_MS } from '../../../../core/market/civil.ts';
import type { VenuePayment } from '../../../../core/ports/execution-venue.ts';
import { countIn, decimalTextIn, wordIn } from '../../http/json.ts';
import { asked } from './bybit.ts';
import { pages } from './bybit-orders.ts';
import type { Ask, Listing } from './protocol.ts';

/** startTime and endTime at most 7 days apart. */
const SPAN_MS = 7 * DAY_MS;
const KEPT_MS = 730 * DAY_MS;

export async function payments(
  ask: Ask,
  listings: readonly Listing[],
  from: number,
  now: number,
): Promise<VenuePayment[]> {
  const byId = new Map(listings.map((listing) => [listing.id, listing]));
  const common = { accountType: 'UNIFIED', category: 'linear', type: 'SETTLEMENT', limit: '50' };
  const found: VenuePayment[] = [];
  for (let start = Math.max(from, now - KEPT_MS); start <= now; start += SPAN_MS) {
    const span = { startTime: String(start), endTime: String(start + SPAN_MS - 1) };
    const rows = await pages(ask, (cursor) => asked('account/transaction-log', { ...common, ...span, ...cursor }));
    for (const row of rows) {
      const listing = byId.get(wordIn(row, 'symbol'));
      if (listing === undefined) continue;
      found.push({
        id: wordIn(row, 'id'),
        symbol: listing.instrument.symbol,
        // What the balance changed by: the funding less its fee.
        amount: decimalTextIn(row, 'change'),
        asset: wordIn(row, 'currency'),
        time: countIn(row, 'transactionTime'),
      });
    }
  }
  return found;
}
