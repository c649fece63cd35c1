/** Funding at OKX: Get bills details (last 3 months), of the type 8. */
import type { VenuePayment } from '../../../../core/ports/execution-venue.ts';
import { countIn, decimalTextIn, wordIn } from '../../http/json.ts';
import { asked } from './okx.ts';
import { pages } from './okx-orders.ts';
import type { Ask, Listing } from './protocol.ts';

/** 5 in 2 seconds, where most may be asked 60 times. */
const BILLS_WEIGHT = 12;

export async function payments(
  ask: Ask,
  listings: readonly Listing[],
  from: number,
  now: number,
): Promise<VenuePayment[]> {
  const byId = new Map(listings.map((listing) => [listing.id, listing]));
  // The end is fixed, so that what comes under way moves no page; the start is exclusive.
  const span = { begin: String(Math.max(0, from - 1)), end: String(now + 60_000) };
  const parameters = { instType: 'SWAP', type: '8', limit: '100', ...span };
  const rows = await pages(ask, 'billId', (after) =>
    asked('account/bills-archive', { ...parameters, ...after }, BILLS_WEIGHT),
  );
  return rows.flatMap((row) => {
    const listing = byId.get(wordIn(row, 'instId'));
    if (listing === undefined) return [];
    const [id, time] = [wordIn(row, 'billId'), countIn(row, 'ts')];
    const [amount, asset] = [decimalTextIn(row, 'balChg'), wordIn(row, 'ccy')];
    return time < from ? [] : [{ id, symbol: listing.instrument.symbol, amount, asset, time }];
  });
}
