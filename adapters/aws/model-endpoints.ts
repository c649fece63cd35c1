/** Which models a deployment asks at endpoints, as the stack tells a function: one variable with JSON by model. */
import { PlimsollError } from '../../core/errors.ts';
import type { ModelEndpointAddress } from './sagemaker-endpoint.ts';

/** By model, its endpoint's name; or, where several versions of it answer under one, the name and each version's variant. */
export const ENDPOINTS_VARIABLE = 'PLIMSOLL_ENDPOINTS';

/** By model. */
export type ModelEndpoints = Readonly<Record<string, ModelEndpointAddress>>;

/** The value of the variable: `{"gold":"harbour-gold"}`. */
export const endpointsText = (endpoints: ModelEndpoints): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(endpoints).map(([model, { endpoint, variants }]) => [
        model,
        variants ? { endpoint, variants } : endpoint,
      ]),
    ),
  );

/**
 * What `variables` (`process.env`) say; undefined where no model is asked at an endpoint. Throws `ENVIRONMENT_INCOMPLETE`. By hand: a schema would be
 * built and compiled at every cold start.
 */
export function modelEndpointsIn(variables: Readonly<Record<string, string | undefined>>): ModelEndpoints | undefined {
  const text = variables[ENDPOINTS_VARIABLE];
  if (text === undefined) return undefined;
  const said = parsed(text);
  if (!isGroup(said)) throw malformed();
  return Object.fromEntries(Object.entries(said).map(([model, value]) => [model, addressOf(value)]));
}

function addressOf(value: unknown): ModelEndpointAddress {
  if (isName(value)) return { endpoint: value };
  if (!isGroup(value) || !isName(value.endpoint) || !isGroup(value.variants)) throw malformed();
  const variants = Object.entries(value.variants).map(([version, variant]): [string, string] => {
    if (!isName(variant)) throw malformed();
    return [version, variant];
  });
  return { endpoint: value.endpoint, variants: Object.fromEntries(variants) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed();
  }
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const malformed = (): PlimsollError =>
  new PlimsollError(
    'ENVIRONMENT_INCOMPLETE',
    `what the environment holds in ${ENDPOINTS_VARIABLE} has the wrong form`,
    'deploy the stack again, which sets it',
  );
