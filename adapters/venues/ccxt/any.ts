/** Any exchange that ccxt knows, by its id, loaded at run time from the installed package. Not for bundles. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PlimsollError } from '../../../core/errors.ts';
import { nearestRemedy } from '../../../core/nearest.ts';
import { type ExchangeClass, openExchange } from './exchange.ts';
import { CcxtVenue } from './market-data.ts';
import { type CcxtOptionsInput, type CcxtRuntime, parseCcxtOptions } from './options.ts';

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
  if (id === 'kraken') return (await import('./kraken.ts')).openKraken(input, runtime);
  const options = parseCcxtOptions(input);
  const open = openExchange(await loadClass(id), options, {});
  return new CcxtVenue(open, { options, runtime, candleOrder: 'either' });
}

async function loadClass(id: string): Promise<ExchangeClass> {
  const ids = ccxtVenueIds();
  if (!ids.includes(id)) {
    throw new PlimsollError(
      'VENUE_UNKNOWN',
      `no exchange is called "${id}"`,
      nearestRemedy(id, ids, 'use an id that ccxt knows, such as binance or kraken'),
    );
  }
  const loaded: { default: ExchangeClass } = await import(pathToFileURL(join(sourceFolder(), `${id}.js`)).href);
  return loaded.default;
}

/** ccxt does not export its exchanges one by one, so the folder is found from the file that it does export. */
function sourceFolder(): string {
  const exported = createRequire(import.meta.url).resolve('ccxt');
  return join(dirname(exported), '..', 'js', 'src');
}
