/** Any exchange that ccxt knows, by its id, loaded at run time from the installed package. Not for bundles. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PlimsollError } from '../../../core/errors.ts';
import { nearestRemedy } from '../../../core/nearest.ts';
import type { ExchangeClass } from './exchange.ts';
import type { CcxtVenue } from './market-data.ts';
import { openOfClass } from './of-class.ts';
import type { CcxtOptionsInput, CcxtRuntime } from './options.ts';

/** The ids of every exchange in the installed ccxt, ascending. */
export function ccxtVenueIds(): string[] {
  return readdirSync(sourceFolder())
    .filter((name) => name.endsWith('.js'))
    .map((name) => name.slice(0, -'.js'.length))
    .sort();
}

/** Opens an exchange for market data. Throws `VENUE_UNKNOWN` naming the nearest ids. Asks it for nothing until the first call. */
export async function openCcxtVenue(
  id: string,
  input: CcxtOptionsInput = {},
  runtime: CcxtRuntime = {},
): Promise<CcxtVenue> {
  if (id === 'binance') return (await import('./binance.ts')).openBinance(input, runtime);
  if (id === 'bybit') return (await import('./bybit.ts')).openBybit(input, runtime);
  if (id === 'coinbase') return (await import('./coinbase.ts')).openCoinbase(input, runtime);
  if (id === 'kraken') return (await import('./kraken.ts')).openKraken(input, runtime);
  if (id === 'okx') return (await import('./okx.ts')).openOkx(input, runtime);
  const loaded: { default: ExchangeClass } = await import(pathToFileURL(ccxtSourceOf(id)).href);
  return openOfClass(loaded.default, input, runtime);
}

/** The file of an exchange in the installed ccxt. Throws `VENUE_UNKNOWN` naming the nearest ids. */
export function ccxtSourceOf(id: string): string {
  const ids = ccxtVenueIds();
  if (!ids.includes(id)) {
    throw new PlimsollError(
      'VENUE_UNKNOWN',
      `no exchange is called "${id}"`,
      nearestRemedy(id, ids, 'use an id that ccxt knows, such as binance or kraken'),
    );
  }
  return join(sourceFolder(), `${id}.js`);
}

/** ccxt does not export its exchanges one by one, so the folder is found from the file that it does export. */
function sourceFolder(): string {
  const exported = createRequire(import.meta.url).resolve('ccxt');
  return join(dirname(exported), '..', 'js', 'src');
}
