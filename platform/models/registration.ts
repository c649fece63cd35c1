/** What a training left is taken into the registry once whatever will serve it has said what its libraries said. */
import { sageMakerEndpoint } from '../../adapters/aws/sagemaker-endpoint.ts';
import { openOnnxVersion } from '../../adapters/models/onnx-version.ts';
import { type ModelDeed, type ModelRegistry, type ModelVersion, versionOf } from '../../adapters/models/registry.ts';
import { writeServerVersion } from '../../adapters/models/server-versions.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { modelManifest } from '../../core/models/manifest.ts';
import type { AskModel } from '../../core/ports/model-server.ts';
import { serverWith } from './model-server.ts';

const MANIFEST = 'manifest.json';
/** For 1,000 rows, on a machine that has other work. */
const QUESTION_MS = 120_000;

export interface Registration {
  /** Data directory, which has the Python of a server. */
  readonly directory: string;
  readonly registry: ModelRegistry;
  /** Of the model. */
  readonly name: string;
  /** What the training left, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly run: Json;
  readonly deed: ModelDeed;
}

/**
 * Registers a version. One that needs its library is laid before a model server of this machine first, and one of ONNX files before ONNX Runtime: it is asked about
 * the rows that its libraries answered. Throws as `ModelRegistry.register`, and what keeps it from being asked: `ONNX_RUNTIME_MISSING`,
 * `PYTHON_MISSING`, `MODEL_SERVER_NOT_STARTED`, `MODEL_VERSION_NOT_SERVED`.
 */
export async function registerVersion({
  registry,
  name,
  files,
  run,
  deed,
  directory,
}: Registration): Promise<ModelVersion> {
  const answering = answeringFor(name, files, directory);
  try {
    return await registry.register(name, files, run, deed, answering?.ask);
  } finally {
    await answering?.close();
  }
}

interface Answering {
  readonly ask: AskModel;
  close(): Promise<void>;
}

/** Nothing is opened or started before the first question: the registry has looked at names and hashes then. */
function answeringFor(name: string, files: ReadonlyMap<string, Uint8Array>, directory: string): Answering | undefined {
  const text = files.get(MANIFEST);
  const manifest = text && modelManifest(new TextDecoder().decode(text));
  if (manifest?.served === 'onnx') return opened(() => openOnnxVersion(manifest, files));
  if (manifest?.served !== 'endpoint') return undefined;
  return opened(() => served(name, versionOf(text!), files, directory));
}

function opened(open: () => Promise<Answering>): Answering {
  let answering: Promise<Answering> | undefined;
  return {
    ask: async (question) => {
      answering ??= open();
      return (await answering).ask(question);
    },
    // What could not be opened was told when it was asked.
    close: async () => (await answering?.catch(() => undefined))?.close(),
  };
}

async function served(
  name: string,
  version: string,
  files: ReadonlyMap<string, Uint8Array>,
  directory: string,
): Promise<Answering> {
  const server = await serverWith(directory, (folder) => writeServerVersion(folder, { name, version }, files));
  const [refused] = server.refused;
  if (refused) {
    await server.stop();
    throw new PlimsollError(
      'MODEL_VERSION_NOT_SERVED',
      `the model server refuses ${name} ${version}: ${refused.why}`,
      'train it anew in the Python of this data directory',
      { kept: 'nothing of it was registered' },
    );
  }
  const endpoints = { [name]: { endpoint: name } };
  const ask = sageMakerEndpoint({ endpoints, timeoutMs: QUESTION_MS, access: { url: server.url } });
  return { ask, close: () => server.stop() };
}
