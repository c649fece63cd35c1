/** The switches of exchanges that cancel all orders after a time: apart from what uses them, since a configuration is held against them. */
import type { VenueCapabilities } from '../../../core/ports/execution-venue.ts';

type CancelSwitch = NonNullable<VenueCapabilities['cancelAllAfter']>;

const DAY_MS = 86_400_000;

/** Auto-Cancel All Open Orders. No bounds are documented: from what outlives a slow network to a day. */
export const BINANCE_USDM_SWITCH: CancelSwitch = { minMs: 1_000, maxMs: DAY_MS, scope: 'instruments' };
/** Cancel All Orders After X: whole seconds, at most a day. */
export const KRAKEN_SWITCH: CancelSwitch = { minMs: 1_000, maxMs: DAY_MS, scope: 'account' };
/** Cancel All After: 0, or 10 to 120 seconds; of every instrument. */
export const OKX_SWITCH: CancelSwitch = { minMs: 10_000, maxMs: 120_000, scope: 'account' };
