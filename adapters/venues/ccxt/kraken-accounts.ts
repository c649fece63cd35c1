import type { ExecutionVenueKind } from '../execution-kind.ts';
import { API_KEY, ccxtGiven, isOf } from './account-keys.ts';
import { KRAKEN_SWITCH } from './cancel-switches.ts';

/** The accounts at Kraken that orders can go to. */
export const kinds: readonly ExecutionVenueKind[] = [
  {
    account: 'a spot account at Kraken',
    keys: API_KEY,
    cancelAllAfter: KRAKEN_SWITCH,
    fits: (venue) => isOf(venue, 'kraken', 'spot'),
    open: async (...given) => (await import('./kraken-execution.ts')).openKrakenExecution(...ccxtGiven(...given)),
  },
];
