/**
 * Where "a configured venue and the keys of an account there" becomes a way to trade: every kind of account that orders can go to. What
 * opens one is loaded when it is asked for.
 */
import type { VenueConfiguration } from '../../core/configuration/schema.ts';
import { kinds as alpaca } from './alpaca/accounts.ts';
import { kinds as binance } from './ccxt/binance-accounts.ts';
import { kinds as bybit } from './ccxt/bybit-accounts.ts';
import { kinds as coinbase } from './ccxt/coinbase-accounts.ts';
import { kinds as kraken } from './ccxt/kraken-accounts.ts';
import { kinds as okx } from './ccxt/okx-accounts.ts';
import type { ExecutionVenueKind } from './execution-kind.ts';
import { kinds as oanda } from './oanda/accounts.ts';

/** By the file, below this folder, that exports them as `kinds`: a deployment carries the files that it needs, and no others. */
export const EXECUTION_VENUES: Readonly<Record<string, readonly ExecutionVenueKind[]>> = {
  'alpaca/accounts.ts': alpaca,
  'ccxt/binance-accounts.ts': binance,
  'ccxt/bybit-accounts.ts': bybit,
  'ccxt/coinbase-accounts.ts': coinbase,
  'ccxt/kraken-accounts.ts': kraken,
  'ccxt/okx-accounts.ts': okx,
  'oanda/accounts.ts': oanda,
};

export const executionVenues: readonly ExecutionVenueKind[] = Object.values(EXECUTION_VENUES).flat();

/** The kind of account that orders to a configured venue go to; undefined where none can. */
export const executionVenueOf = (venue: VenueConfiguration): ExecutionVenueKind | undefined =>
  executionVenues.find(({ fits }) => fits(venue));

/** For people: what orders can go to. */
export const executionVenuesInWords = (): string => executionVenues.map(({ account }) => account).join(' or ');
