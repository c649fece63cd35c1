import type { HeldChange } from '../../core/risk/limits-in-force.ts';
import type { HeldLimits } from './schema.ts';

/** What waits for approval, for people. */
export const heldView = (held: HeldChange | undefined): HeldLimits | null =>
  held === undefined
    ? null
    : {
        version: held.version,
        source: held.source,
        by: held.by.name,
        reason: held.reason,
        since: held.since,
        changes: [...held.changes],
      };
