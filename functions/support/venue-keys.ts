/** The keys of venues, out of Secrets Manager. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { awsEnvironment } from '../../adapters/aws/environment.ts';
import { SecretsManagerSecrets } from '../../adapters/aws/secrets-manager.ts';
import type { SecretsPort } from '../../core/ports/secrets.ts';

/** Those of this instance. Throws `ENVIRONMENT_INCOMPLETE`. */
export function secretsOf(variables: NodeJS.ProcessEnv): Pick<SecretsPort, 'get'> {
  const { secretPrefix } = awsEnvironment(variables, { settings: ['secretPrefix'] });
  return new SecretsManagerSecrets(new SecretsManagerClient(clientSettings()), { prefix: secretPrefix });
}
