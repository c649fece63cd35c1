/** Models that a deployment asks at endpoints. Their client is loaded with the first question (adapters/aws/sagemaker-endpoint.ts). */
import { modelEndpointsIn } from '../../adapters/aws/model-endpoints.ts';
import { sageMakerEndpoint } from '../../adapters/aws/sagemaker-endpoint.ts';
import { type AskModel, MODEL_ANSWER_MS } from '../../core/ports/model-server.ts';

/** From the environment that the stack sets; undefined where no model has an endpoint. Throws `ENVIRONMENT_INCOMPLETE`. */
export function askedAtEndpoints(variables: NodeJS.ProcessEnv): AskModel | undefined {
  const endpoints = modelEndpointsIn(variables);
  return endpoints && sageMakerEndpoint({ endpoints, timeoutMs: MODEL_ANSWER_MS });
}
