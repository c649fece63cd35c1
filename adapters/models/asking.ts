/** Where versions are asked that the platform does not evaluate itself: ONNX Runtime in this process, or the server behind an endpoint. */
import { PlimsollError } from '../../core/errors.ts';
import type { AskModel } from '../../core/ports/model-server.ts';
import { modelEndpointsIn } from '../aws/model-endpoints.ts';
import { sageMakerEndpoint } from '../aws/sagemaker-endpoint.ts';
import { type OnnxVersion, openOnnxVersion } from './onnx-version.ts';
import type { ModelRegistry } from './registry.ts';

/** Address of a model server, as `plimsoll models serve` prints it. */
const SERVER = 'PLIMSOLL_MODEL_SERVER';
/** Versions that are kept open. */
const MOST_OPEN = 8;

export interface AskingOptions {
  readonly registry: ModelRegistry;
  readonly environment: NodeJS.ProcessEnv;
  /** Ms for a whole question. */
  readonly timeoutMs: number;
  /** The server of versions that need their library, where the environment names none. Throws as {@link AskModel}. */
  readonly server?: () => Promise<string>;
}

export interface Asking {
  readonly ask: AskModel;
  close(): Promise<void>;
}

/** Asks each version where its manifest says that it is served. Throws `ENVIRONMENT_INCOMPLETE` where the environment cannot be read. */
export function askingOf({ registry, environment, timeoutMs, server }: AskingOptions): Asking {
  const opened = new Map<string, Promise<OpenVersion>>();
  const endpoint = endpointAsking(environment, timeoutMs, server);
  const open = async (model: string, version: string): Promise<OpenVersion> => {
    const found = await registry.version(model, version);
    if (found.manifest.served !== 'onnx') return { ask: endpoint, close: async () => undefined };
    return openOnnxVersion(found.manifest, await registry.files(found), { withinMs: timeoutMs });
  };
  const openedVersion = async (model: string, version: string): Promise<OpenVersion> => {
    const key = `${model}/${version}`;
    const known = opened.get(key);
    if (known) return known;
    if (opened.size >= MOST_OPEN) await closeOldest(opened);
    const opening = open(model, version);
    opened.set(key, opening);
    // What could not be opened is tried again with the next question.
    opening.catch(() => opened.delete(key));
    return opening;
  };
  return {
    ask: async (question) => (await openedVersion(question.model, question.version)).ask(question),
    close: async () => {
      while (opened.size > 0) await closeOldest(opened);
    },
  };
}

type OpenVersion = Pick<OnnxVersion, 'ask' | 'close'>;

async function closeOldest(opened: Map<string, Promise<OpenVersion>>): Promise<void> {
  const [[key, oldest]] = opened;
  opened.delete(key);
  await oldest.then((version) => version.close()).catch(() => undefined);
}

/** A server on this machine has an endpoint for each model, under the model's name. */
function endpointAsking(environment: NodeJS.ProcessEnv, timeoutMs: number, server: AskingOptions['server']): AskModel {
  const endpoints = modelEndpointsIn(environment);
  if (endpoints) return sageMakerEndpoint({ endpoints, timeoutMs });
  let at: { readonly url: string; readonly askers: Map<string, AskModel> } | undefined;
  return async (question) => {
    const { model } = question;
    const url = environment[SERVER] ?? (await server?.());
    if (url === undefined) throw noServer();
    if (at?.url !== url) at = { url, askers: new Map() };
    const ask =
      at.askers.get(model) ??
      sageMakerEndpoint({ endpoints: { [model]: { endpoint: model } }, timeoutMs, access: { url } });
    at.askers.set(model, ask);
    return ask(question);
  };
}

const noServer = (): PlimsollError =>
  new PlimsollError(
    'MODEL_SERVER_DOWN',
    'no server of models is known here',
    `start \`plimsoll models serve\` and name its address in ${SERVER}`,
  );
