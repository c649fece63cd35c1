/** Whether an account and an asset are let trade, from Alpaca's own words. The hours of an exchange are its calendar's. */
import type { MarketState, VenueStatus } from '../../../core/ports/execution-venue.ts';
import { booleanIn, fieldsOf, wordIn } from '../http/json.ts';
import type { Asset } from './assets.ts';
import { isAbsent } from './fields.ts';
import type { AssetClass } from './options.ts';

type Market = VenueStatus['markets'][number];

/** Under any of these, an account takes no orders. */
const BLOCKS = ['account_blocked', 'trading_blocked', 'trade_suspended_by_user'] as const;

/** Statuses of an account that trades; one of paper alone is refused where it is not. */
const TRADING: readonly string[] = ['ACTIVE', 'PAPER_ONLY'];

/** Of the account: to it, Alpaca is halted where it may not trade. Throws `Malformed`. */
export function accountState(body: unknown, assetClass: AssetClass): Pick<VenueStatus, 'state' | 'text'> {
  const fields = fieldsOf(body, 'the account');
  const blocked = BLOCKS.find((key) => !isAbsent(fields[key]) && booleanIn(fields, key));
  if (blocked !== undefined) return { state: 'halted', text: blocked };
  // A word of its own for crypto, where that is agreed to.
  const key = assetClass === 'crypto' && !isAbsent(fields.crypto_status) ? 'crypto_status' : 'status';
  const text = wordIn(fields, key);
  return { state: TRADING.includes(text) ? 'open' : 'halted', text };
}

/** Of an asset; undefined: Alpaca knows none of the symbol. */
export function marketOf(symbol: string, asset: Asset | undefined): Market {
  if (asset === undefined) return { symbol, state: 'delisted', text: 'not listed' };
  const { status: text, isTradable } = asset;
  const states: Readonly<Record<string, MarketState>> = {
    active: isTradable ? 'open' : 'halted',
    inactive: 'delisted',
  };
  const state = Object.hasOwn(states, text) ? states[text] : 'unrecognised';
  return { symbol, state, text: state === 'halted' ? `${text}, not tradable` : text };
}
