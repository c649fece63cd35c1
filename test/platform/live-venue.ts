/** An exchange on loopback whose clock is the machine's: second bars around now, an account with money, and the workplace of its owner. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { barsFromRows } from '../../core/market/bars.ts';
import { parseDecimal } from '../../core/numbers.ts';
import { AMOUNT_DECIMALS } from '../adapters/venues/server/account.ts';
import type { ServedMarket } from '../adapters/venues/server/markets.ts';
import { VenueServer } from '../adapters/venues/server/venue-server.ts';
import { root, Workplace } from '../cli/plimsoll.ts';

const SECOND = 1_000;
const BEHIND = 900;
const AHEAD = 1_800;
const PRICE = 4_500_000;
export const BITCOIN = { base: 'BTC', quote: 'USDT', quantityDecimals: 5, priceDecimals: 2 } as const;

export class LiveVenueServer extends VenueServer {
  /** The exchange's clock less the machine's, ms. */
  skewMs = 0;

  override get now(): number {
    return Date.now() + this.skewMs;
  }

  override set now(_now: number) {
    throw new Error('its clock is the machine’s');
  }

  get spot() {
    return this.accounts.binance.account;
  }

  get alpaca() {
    return this.accounts.alpaca.account;
  }

  static async open(markets: readonly ServedMarket[] = [market()]): Promise<LiveVenueServer> {
    const server = await LiveVenueServer.start(markets);
    server.spot.deposit('USDT', BigInt(parseDecimal(2_000, AMOUNT_DECIMALS)));
    server.spot.setPrice(BITCOIN, PRICE, server.now);
    server.alpaca.deposit('USDT', BigInt(parseDecimal(2_000, AMOUNT_DECIMALS)));
    server.alpaca.setPrice(BITCOIN, PRICE, server.now);
    return server;
  }
}

/** Second bars from a quarter of an hour ago to half an hour ahead, of which the server shows those that have begun. */
function market(): ServedMarket {
  const from = Math.floor(Date.now() / SECOND) - BEHIND;
  const rows = Array.from({ length: BEHIND + AHEAD }, (_, k) => {
    const close = PRICE + ((from + k) % 7) * 100;
    return { timestamp: (from + k) * SECOND, open: PRICE, high: PRICE + 700, low: PRICE - 100, close, volume: 10 };
  });
  return { base: 'BTC', quote: 'USDT', quantityDecimals: 5, minutes: barsFromRows(rows, 2) };
}

/** Holds for four seconds and is flat for four, by the cycle's own time. */
const FLIP = `const held = Math.floor(context.time / 4000) % 2 === 0;
  return held === context.position.isLong ? undefined : context.target(held ? 0.04 : 0, held ? 'its turn' : 'not its turn');`;

/** Bids below the market, and leaves it there. */
export const BIDS = `if (!context.position.isFlat) return undefined;
  return context.order({ side: 'buy', type: 'limit', quantity: 0.001, price: 44000, reason: 'a bid' });`;

/** What each is configured as, besides its hosts. */
const VENUES = {
  binance: 'kind: ccxt, exchange: binance',
  alpaca: 'kind: alpaca, assetClass: crypto',
} as const;
export type LiveVenue = keyof typeof VENUES;

/** A live account on the exchange, with its keys stored as a person would. */
export function liveWorkplace(
  server: LiveVenueServer,
  timeframe = '1s',
  strategy = FLIP,
  venue: LiveVenue = 'binance',
): Workplace {
  const place = new Workplace();
  place.strategy('flip', strategy);
  place.write(
    'plimsoll.yaml',
    `venues: { loopback: { ${VENUES[venue]}, baseUrl: '${server.baseUrl}', streamUrl: '${server.streamUrl}', timeoutMs: 2000, credentials: loopback } }
universes: { one: { venue: loopback, symbols: [BTC/USDT], timeframe: ${timeframe} } }
accounts:
  - id: real
    universe: one
    cash: 1000
    strategies: [{ strategy: flip }]
    live: { first: { maxOrderNotional: 100, maxExposure: 200 } }
schedule: { delayMs: 100, deadlineMs: 500 }
server: { port: 0 }
`,
  );
  return place;
}

/** Stores the keys of the exchange's account, or others, through the command's standard input. */
export function storeKeys(place: Workplace, { key, secret }: { readonly key: string; readonly secret: string }) {
  const node = join(root, 'node_modules/node/bin/node');
  const command = [join(root, 'bin/plimsoll.ts'), 'secrets', 'set', 'loopback'];
  return spawnSync(node, command, { cwd: place.directory, input: `${key}\n${secret}\n`, encoding: 'utf8' });
}
