/** ccxt by its own methods, which know nothing of this project's reading of the exchanges. */
import { type Exchange, type ExchangeClass, openExchange } from '../../../../adapters/venues/ccxt/exchange.ts';
import { parseCcxtOptions } from '../../../../adapters/venues/ccxt/options.ts';
import { onStreamHost } from '../../../../adapters/venues/http/stream-host.ts';
import Binance from '../../../../node_modules/ccxt/js/src/binance.js';
import Bybit from '../../../../node_modules/ccxt/js/src/bybit.js';
import Coinbase from '../../../../node_modules/ccxt/js/src/coinbase.js';
import Kraken from '../../../../node_modules/ccxt/js/src/kraken.js';
import Okx from '../../../../node_modules/ccxt/js/src/okx.js';
import BinancePro from '../../../../node_modules/ccxt/js/src/pro/binance.js';
import BybitPro from '../../../../node_modules/ccxt/js/src/pro/bybit.js';
import CoinbasePro from '../../../../node_modules/ccxt/js/src/pro/coinbase.js';
import KrakenPro from '../../../../node_modules/ccxt/js/src/pro/kraken.js';
import OkxPro from '../../../../node_modules/ccxt/js/src/pro/okx.js';
import type { ServedBench, VenueName } from '../ccxt/benches.ts';

const CLASSES = {
  binance: Binance,
  usdm: Binance,
  kraken: Kraken,
  bybit: Bybit,
  bybitLinear: Bybit,
  okx: Okx,
  okxSwap: Okx,
  coinbase: Coinbase,
} as unknown as Record<VenueName, ExchangeClass>;

const PRO_CLASSES = {
  binance: BinancePro,
  usdm: BinancePro,
  kraken: KrakenPro,
  bybit: BybitPro,
  bybitLinear: BybitPro,
  okx: OkxPro,
  okxSwap: OkxPro,
  coinbase: CoinbasePro,
} as unknown as Record<VenueName, ExchangeClass>;

/** What ccxt would ask first, or asks in another way than one by one, and what this server has. */
const OPTIONS = {
  enableUnifiedMargin: false,
  enableUnifiedAccount: true,
  unifiedMarginStatus: 6,
  createOrder: 'privatePostTradeOrder',
  fetchBalance: 'v3PrivateGetBrokerageAccounts',
};

/** What ccxt makes of the account's free USDT; its own method for USD-M asks for a newer version of the account. */
export async function freeAt(bench: ServedBench, exchange: Exchange): Promise<number> {
  if (bench.venue !== 'usdm') {
    const { free } = await exchange.fetchBalance();
    return Number((free as unknown as Record<string, number>).USDT);
  }
  const account = await (exchange as unknown as UsdmAccount).fapiPrivateV2GetAccount();
  return Number(account.availableBalance);
}

interface UsdmAccount {
  fapiPrivateV2GetAccount(): Promise<{ readonly availableBalance: string }>;
}

/** An exchange of ccxt as it is, with the key of the bench's account and the clock of its server. */
export function ccxtAt(bench: ServedBench, classes = CLASSES): Exchange {
  const derivative = bench.instrument.type !== 'spot';
  const linear = bench.venue === 'okxSwap' ? 'swap' : 'linear';
  const type = derivative ? linear : 'spot';
  const { exchange } = openExchange(
    classes[bench.venue],
    parseCcxtOptions({ baseUrl: bench.server.baseUrl, rateLimitMs: 1 }),
    {
      options: {
        ...(bench.venue === 'coinbase' ? {} : { fetchMarkets: { types: [type] } }),
        fetchMargins: false,
        defaultType: derivative ? 'swap' : 'spot',
        ...(['binance', 'usdm', 'kraken'].includes(bench.venue) ? {} : OPTIONS),
      },
      loadCurrencies: bench.venue === 'kraken',
    },
  );
  [exchange.apiKey, exchange.secret, exchange.password] = bench.secrets;
  exchange.milliseconds = () => bench.now();
  exchange.seconds = () => Math.floor(bench.now() / 1_000);
  return exchange;
}

/** The same with its streams, at the server too. */
export async function ccxtProAt(bench: ServedBench): Promise<Exchange> {
  const exchange = ccxtAt(bench, PRO_CLASSES);
  // It hands some of its own promises to nobody.
  const client = exchange.client.bind(exchange);
  exchange.client = (url) => {
    const made = client(url);
    const future = made.future.bind(made);
    made.future = (hash: string) => {
      const promised = future(hash);
      promised.catch(() => undefined);
      return promised;
    };
    return made;
  };
  // What it connects with where there is no TLS.
  await exchange.loadHttpProxyAgent();
  exchange.urls.api = onServer(exchange.urls.api, bench.server.streamUrl);
  return exchange;
}

function onServer<T>(addresses: T, streamUrl: string): T {
  if (typeof addresses === 'string')
    return (/^wss?:/.test(addresses) ? onStreamHost(addresses, streamUrl) : addresses) as T;
  if (typeof addresses !== 'object' || addresses === null) return addresses;
  return Object.fromEntries(Object.entries(addresses).map(([key, value]) => [key, onServer(value, streamUrl)])) as T;
}
