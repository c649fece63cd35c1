/** A kind of account that orders can go to, and the keys that it wants. */
import type { VenueConfiguration } from '../../core/configuration/schema.ts';
import type { ExecutionVenuePort, VenueCapabilities } from '../../core/ports/execution-venue.ts';

/** The values that a secret holds, by the names that its kind of account wants. */
export type VenueKeys = Readonly<Record<string, string>>;

export interface ExecutionVenueKind {
  /** In words, for messages. */
  readonly account: string;
  /** What its secret holds, as a JSON object of texts. */
  readonly keys: readonly string[];
  /** The switch of the venues that have one, as in their capabilities. */
  readonly cancelAllAfter?: VenueCapabilities['cancelAllAfter'];
  /** Whether a configured venue is one of these. */
  readonly fits: (venue: VenueConfiguration) => boolean;
  /** Asks the venue for nothing yet. Throws `CONFIGURATION_INVALID` for keys that cannot be any. */
  readonly open: (name: string, venue: VenueConfiguration, keys: VenueKeys) => Promise<ExecutionVenuePort>;
}

/** Under which name a configured venue's keys are stored. */
export const credentialsOf = (venue: VenueConfiguration): string | undefined =>
  'credentials' in venue ? venue.credentials : undefined;
