import type { QueryAnswer, VenueCapabilities } from '../../ports/execution-venue.ts';
import type { LiveOrder, LiveSettings } from './account.ts';
import { LIVE_BOUNDS } from './account.ts';

/**
 * What follows for an order from the venue's answer about it.
 * - `wait`: nothing is known, or the venue says it has filled by more than the fills that have come.
 * - `working`, `ended`: taken over. `unrecognised`: working for all we know, and nothing new is opened.
 * - `unclear`: the venue does not know it now; from here on the time counts after which that is certain.
 * - `cancel`: the same, where the venue sets no bound: it is canceled by its id, in case it comes.
 * - `resend`: it may be sent again under its id, since the venue takes an id only once for ever.
 * - `lost`: it does not and will not exist.
 */
export type Resolution = 'wait' | 'working' | 'ended' | 'unrecognised' | 'unclear' | 'cancel' | 'resend' | 'lost';

export interface Unresolved {
  readonly live: Readonly<LiveOrder>;
  /** Quantity of it in the ledger. */
  readonly filled: number;
  /** Whether it lowers a position and is still wanted. */
  readonly isWantedStill: boolean;
}

/** `clock` is the venue's, read before it was asked. */
export function resolutionOf(
  { live, filled, isWantedStill }: Unresolved,
  answer: QueryAnswer,
  clock: number,
  capabilities: VenueCapabilities,
  settings: LiveSettings,
): Resolution {
  if (answer.kind === 'unclear') return 'wait';
  if (answer.kind === 'found') {
    const { order } = answer;
    if (order.status === 'unrecognised') return 'unrecognised';
    if (order.status === 'working') return 'working';
    return order.filled > filled ? 'wait' : 'ended';
  }
  if (live.unclearSince === 0) return 'unclear';
  const waited = clock - live.unclearSince;
  const validity = capabilities.requestValidityMs;
  const bound = validity === undefined ? settings.lostAfterMs : validity + settings.marginMs;
  if (waited >= bound) return 'lost';
  if (capabilities.clientOrderIdReuse === 'never' && isWantedStill && live.sends < LIVE_BOUNDS.sends) return 'resend';
  return validity === undefined ? 'cancel' : 'wait';
}
