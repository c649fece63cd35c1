/**
 * Fills, from the activities of the account. Alpaca says nothing here of fees, nor who was the maker: it says fees at the end of the
 * day, as activities of their own (payments.ts) that name no order. Of crypto it takes them at once, out of what was received: the
 * position shows less than was filled (alpacahq/alpaca-py issue 374).
 */
import { trading } from '@alpacahq/alpaca-trade-api/rest';
import type { Instrument } from '../../../core/market/instrument.ts';
import type { VenueFill } from '../../../core/ports/execution-venue.ts';
import { decimalProduct } from '../http/decimals.ts';
import { decimalTextIn, type Fields, positiveIn, wordIn, wrong } from '../http/json.ts';
import { readActivities } from './activities.ts';
import { instantIn, isSymbol, sideIn } from './fields.ts';
import type { AlpacaSdk, Answered } from './sdk.ts';

/** Of a fill of crypto, the highest fee: a taker's 0.25 % of what was received, with room for what is rounded. */
const CRYPTO_FEE_MAX = '0.003';

/** Every fill of the instruments from a time on (ms UTC, inclusive); one may come twice. Throws `Malformed`. */
export async function readFills(
  ask: (run: () => Answered) => Promise<unknown>,
  { activities }: AlpacaSdk,
  instruments: readonly Instrument[],
  from: number,
): Promise<VenueFill[]> {
  const direction = trading.GetAccountActivitiesByActivityTypeDirectionEnum.Asc;
  // What happened at that very time is not after it.
  const after = new Date(Math.max(0, from - 1));
  const rows = await readActivities(ask, (page) =>
    activities.getAccountActivitiesByActivityTypeRaw({ activityType: 'FILL', after, direction, ...page }),
  );
  return rows.flatMap((row) => {
    const symbol = wordIn(row, 'symbol');
    const instrument = instruments.find((one) => isSymbol(symbol, one.symbol));
    return instrument ? [fillOf(row, instrument)] : [];
  });
}

function fillOf(fields: Fields, instrument: Instrument): VenueFill {
  const { activity_type: activity, type } = fields;
  if (activity !== 'FILL') throw wrong('activity_type', activity);
  if (type !== 'fill' && type !== 'partial_fill') throw wrong('type', type);
  const side = sideIn(fields);
  return {
    id: wordIn(fields, 'id'),
    symbol: instrument.symbol,
    venueOrderId: wordIn(fields, 'order_id'),
    clientOrderId: '',
    side,
    quantity: positiveIn(fields, 'qty', instrument.quantityDecimals),
    price: positiveIn(fields, 'price', instrument.priceDecimals),
    fee: '0',
    ...feeToCome(fields, side, instrument),
    maker: false,
    time: instantIn(fields, 'transaction_time'),
  };
}

function feeToCome(fields: Fields, side: VenueFill['side'], { type, base, quote }: Instrument) {
  if (type !== 'spot') return { feeAsset: quote };
  const quantity = decimalTextIn(fields, 'qty');
  const received = side === 'buy' ? quantity : decimalProduct(quantity, decimalTextIn(fields, 'price'));
  return { feeAsset: side === 'buy' ? base : quote, feeAtMost: decimalProduct(received, CRYPTO_FEE_MAX) };
}
