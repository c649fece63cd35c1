/** ccxt by its own methods, which know nothing of this project's reading of the exchanges. */
import { type Exchange, type ExchangeClass, openExchange } from '../../../../adapters/venues/ccxt/exchange.ts';
import { parseCcxtOptions } from '../../../../adapters/venues/ccxt/options.ts';
import Binance from '../../../../node_modules/ccxt/js/src/binance.js';
import Kraken from '../../../../node_modules/ccxt/js/src/kraken.js';
import type { ServedBench, VenueName } from '../ccxt/benches.ts';

const CLASSES = { binance: Binance, usdm: Binance, kraken: Kraken } as unknown as Record<VenueName, ExchangeClass>;

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
  const type = bench.venue === 'usdm' ? 'linear' : 'spot';
  const { exchange } = openExchange(
    CLASSES[bench.venue],
    parseCcxtOptions({ baseUrl: bench.server.baseUrl, rateLimitMs: 1 }),
    {
      options: {
        fetchMarkets: { types: [type] },
        fetchMargins: false,
        defaultType: type === 'linear' ? 'swap' : 'spot',
      },
      loadCurrencies: bench.venue === 'kraken',
    },
  );
  [exchange.apiKey, exchange.secret] = bench.secrets;
  exchange.milliseconds = () => bench.now();
  return exchange;
}
