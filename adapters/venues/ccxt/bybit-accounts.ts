import type { ExecutionVenueKind } from '../execution-kind.ts';
import { API_KEY, ccxtGiven, isOf } from './account-keys.ts';

/** The accounts at Bybit that orders can go to. */
export const kinds: readonly ExecutionVenueKind[] = [
  {
    account: 'a spot account at Bybit',
    keys: API_KEY,
    fits: (venue) => isOf(venue, 'bybit', 'spot'),
    open: async (...given) => (await import('./bybit-execution.ts')).openBybitExecution(...ccxtGiven(...given)),
  },
  {
    account: 'a linear account at Bybit',
    keys: API_KEY,
    fits: (venue) => isOf(venue, 'bybit', 'linear'),
    open: async (...given) => (await import('./bybit-execution.ts')).openBybitLinearExecution(...ccxtGiven(...given)),
  },
];
