/**
 * What an account holds. Alpaca has cash in one answer and everything else as positions in another; here each is a balance of its
 * asset, shares too: they are owned, and a share sold short is a balance below zero.
 */
import type { VenueBalance } from '../../../core/ports/execution-venue.ts';
import { decimalDifference } from '../http/decimals.ts';
import { decimalTextIn, type Fields, fieldsOf, listOf, Malformed, wordIn, wrong } from '../http/json.ts';
import { decimalTextOrNone } from './fields.ts';

/** Throws `Malformed`. */
export function balancesOf(account: unknown, positions: unknown): VenueBalance[] {
  const held = listOf(positions, 'the positions').map((row) => holdingOf(fieldsOf(row, 'a position')));
  const balances = [cashOf(fieldsOf(account, 'the account')), ...held];
  const assets = balances.map(({ asset }) => asset);
  const twice = assets.find((asset, i) => assets.indexOf(asset) !== i);
  if (twice !== undefined) throw new Malformed(`${twice} came twice`);
  return balances;
}

/** What working orders hold of the cash is what it is more than what can be bought for without borrowing. */
function cashOf(fields: Fields): VenueBalance {
  const asset = wordIn(fields, 'currency');
  if (asset === '') throw wrong('currency', asset);
  const cash = decimalTextIn(fields, 'cash');
  const usable = decimalTextOrNone(fields, 'non_marginable_buying_power') ?? cash;
  const held = decimalDifference(cash, usable);
  if (held.startsWith('-') || usable.startsWith('-')) return { asset, free: cash, held: '0' };
  return { asset, free: usable, held };
}

function holdingOf(fields: Fields): VenueBalance {
  const asset = assetOf(fields);
  const quantity = decimalTextIn(fields, 'qty');
  const side = wordIn(fields, 'side');
  if (side === 'short') return { asset, free: quantity.startsWith('-') ? quantity : `-${quantity}`, held: '0' };
  if (side !== 'long' || quantity.startsWith('-')) throw wrong('side', side);
  const free = decimalTextOrNone(fields, 'qty_available') ?? quantity;
  const held = decimalDifference(quantity, free);
  if (held.startsWith('-') || free.startsWith('-')) throw wrong('qty_available', free);
  return { asset, free, held };
}

/** A coin is a position in its pair with the dollar: `BTCUSD`. */
function assetOf(fields: Fields): string {
  const symbol = wordIn(fields, 'symbol');
  const asset = wordIn(fields, 'asset_class') === 'crypto' ? symbol.replace(/\/?USD$/, '') : symbol;
  if (asset === '') throw wrong('symbol', symbol);
  return asset;
}
