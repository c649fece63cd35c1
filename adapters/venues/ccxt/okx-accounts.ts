import type { ExecutionVenueKind } from '../execution-kind.ts';
import { API_KEY_WITH_PASSPHRASE, ccxtGiven, isOf } from './account-keys.ts';
import { OKX_SWITCH } from './cancel-switches.ts';

/** The accounts at OKX that orders can go to. */
export const kinds: readonly ExecutionVenueKind[] = [
  {
    account: 'a spot account at OKX',
    keys: API_KEY_WITH_PASSPHRASE,
    cancelAllAfter: OKX_SWITCH,
    fits: (venue) => isOf(venue, 'okx', 'spot'),
    open: async (...given) => (await import('./okx-execution.ts')).openOkxExecution(...ccxtGiven(...given)),
  },
  {
    account: 'a swap account at OKX',
    keys: API_KEY_WITH_PASSPHRASE,
    cancelAllAfter: OKX_SWITCH,
    fits: (venue) => isOf(venue, 'okx', 'linear'),
    open: async (...given) => (await import('./okx-execution.ts')).openOkxSwapExecution(...ccxtGiven(...given)),
  },
];
