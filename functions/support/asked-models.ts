/** Models of a deployment that are asked elsewhere: at endpoints, or ONNX Runtime in this process. What asks them is loaded with the first question. */
import { onnx } from 'plimsoll-deployment';
import { modelEndpointsIn } from '../../adapters/aws/model-endpoints.ts';
import { sageMakerEndpoint } from '../../adapters/aws/sagemaker-endpoint.ts';
import { type AskModel, MODEL_ANSWER_MS } from '../../core/ports/model-server.ts';

/** From the environment that the stack sets and what was bundled; undefined where no model is asked elsewhere. Throws `ENVIRONMENT_INCOMPLETE`. */
export function modelsAsked(variables: NodeJS.ProcessEnv): AskModel | undefined {
  const endpoints = modelEndpointsIn(variables);
  if (!endpoints && !onnx) return undefined;
  const atEndpoints = sageMakerEndpoint({ endpoints: endpoints ?? {}, timeoutMs: MODEL_ANSWER_MS });
  return (question) => (onnx?.versions.includes(question.version) ? onnx.ask(question) : atEndpoints(question));
}
