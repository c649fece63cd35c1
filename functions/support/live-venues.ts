/** The venues of a deployment's live accounts, with keys out of Secrets Manager. Carried by deployments that have such an account. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { awsEnvironment } from '../../adapters/aws/environment.ts';
import { SecretsManagerSecrets } from '../../adapters/aws/secrets-manager.ts';
import { ExecutionDesk } from '../../adapters/venues/execution-desk.ts';
import type { ExecutionVenueKind } from '../../adapters/venues/execution-kind.ts';
import type { Configuration } from '../../core/configuration/schema.ts';
import type { StepPorts } from '../steps/ports.ts';

/** How long keys are taken to be what they were: the longest that removed keys are still used by a warm function. */
const KEYS_MAX_AGE_MS = 60_000;

/** Throws `ENVIRONMENT_INCOMPLETE`. */
export function liveVenues(
  kinds: readonly ExecutionVenueKind[],
  configuration: Configuration,
  variables: NodeJS.ProcessEnv,
): NonNullable<StepPorts['venue']> {
  const { secretPrefix } = awsEnvironment(variables, { settings: ['secretPrefix'] });
  const secrets = new SecretsManagerSecrets(new SecretsManagerClient(clientSettings()), { prefix: secretPrefix });
  return new ExecutionDesk({ configuration, secrets, kinds, keysMaxAgeMs: KEYS_MAX_AGE_MS, now: Date.now }).venue;
}
