/** The venues of a deployment's live accounts, with keys out of Secrets Manager. Carried by deployments that have such an account. */
import { ExecutionDesk } from '../../adapters/venues/execution-desk.ts';
import type { ExecutionVenueKind } from '../../adapters/venues/execution-kind.ts';
import type { Configuration } from '../../core/configuration/schema.ts';
import type { StepPorts } from '../steps/ports.ts';
import { KEYS_MAX_AGE_MS } from './keys-max-age.ts';
import { secretsOf } from './venue-keys.ts';

/** Throws `ENVIRONMENT_INCOMPLETE`. */
export function liveVenues(
  kinds: readonly ExecutionVenueKind[],
  configuration: Configuration,
  variables: NodeJS.ProcessEnv,
): NonNullable<StepPorts['venue']> {
  const secrets = secretsOf(variables);
  return new ExecutionDesk({ configuration, secrets, kinds, keysMaxAgeMs: KEYS_MAX_AGE_MS, now: Date.now }).venue;
}
