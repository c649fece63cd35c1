/** ccxt by its own methods, which know nothing of this project's reading of the exchanges. */
import { type Exchange, type ExchangeClass, openExchange } from '../../../../adapters/venues/ccxt/exchange.ts';
import { parseCcxtOptions } from '../../../../adapters/venues/ccxt/options.ts';
import Binance from '../../../../node_modules/ccxt/js/src/binance.js';
import Bybit from '../../../../node_modules/ccxt/js/src/bybit.js';
import Coinbase from '../../../../node_modules/ccxt/js/src/coinbase.js';
import Kraken from '../../../../node_modules/ccxt/js/src/kraken.js';
import Okx from '../../../../node_modules/ccxt/js/src/okx.js';
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
export function ccxtAt(bench: ServedBench): Exchange {
  const derivative = bench.instrument.type !== 'spot';
  const linear = bench.venue === 'okxSwap' ? 'swap' : 'linear';
  const type = derivative ? linear : 'spot';
  const { exchange } = openExchange(
    CLASSES[bench.venue],
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
