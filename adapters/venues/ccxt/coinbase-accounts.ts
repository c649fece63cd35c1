import type { ExecutionVenueKind } from '../execution-kind.ts';
import { API_KEY, ccxtGiven, isOf } from './account-keys.ts';

/** The accounts at Coinbase that orders can go to. */
export const kinds: readonly ExecutionVenueKind[] = [
  {
    account: 'a spot account at Coinbase',
    keys: API_KEY,
    fits: (venue) => isOf(venue, 'coinbase', 'spot'),
    open: async (...given) => (await import('./coinbase-execution.ts')).openCoinbaseExecution(...ccxtGiven(...given)),
  },
];
