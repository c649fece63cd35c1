import type { ExecutionVenueKind } from '../execution-kind.ts';
import { API_KEY, ccxtGiven, isOf } from './account-keys.ts';
import { BINANCE_USDM_SWITCH } from './cancel-switches.ts';

/** The accounts at Binance that orders can go to. */
export const kinds: readonly ExecutionVenueKind[] = [
  {
    account: 'a spot account at Binance',
    keys: API_KEY,
    fits: (venue) => isOf(venue, 'binance', 'spot'),
    open: async (...given) => (await import('./binance-execution.ts')).openBinanceExecution(...ccxtGiven(...given)),
  },
  {
    account: 'a USD-M account at Binance',
    keys: API_KEY,
    cancelAllAfter: BINANCE_USDM_SWITCH,
    fits: (venue) => isOf(venue, 'binance', 'linear'),
    open: async (...given) => (await import('./binance-execution.ts')).openBinanceUsdmExecution(...ccxtGiven(...given)),
  },
];
