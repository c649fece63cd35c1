/** ONNX Runtime for tests, which all keep theirs in the repository's cache. */
import { installedOnnxRuntime, ownOnnxSystem } from '../../../adapters/models/onnx-install.ts';
import { ONNX_FOLDER } from '../../../scripts/onnx-runtime.ts';

/** Within what a hook of the suite may take. */
const INSTALL_LIMIT_MS = 220_000;

/** Those that layers are made for. */
export const LAYER_SYSTEMS = ['linux-arm64', 'linux-x64'] as const;

/** Of what layers are made of, a folder each. Throws `ONNX_RUNTIME_INSTALL_FAILED`. */
export const layerFolders = (): string[] =>
  installedOnnxRuntime({ systems: LAYER_SYSTEMS, folder: ONNX_FOLDER, withinMs: INSTALL_LIMIT_MS });

/** The folder of the runtime for this machine. Throws `ONNX_RUNTIME_INSTALL_FAILED`. */
export function onnxRuntimeFolder(): string {
  // All that any test asks for, so that npm works once.
  const systems = [ownOnnxSystem()!, ...LAYER_SYSTEMS];
  return installedOnnxRuntime({ systems, folder: ONNX_FOLDER, withinMs: INSTALL_LIMIT_MS })[0];
}
