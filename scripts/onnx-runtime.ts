/**
 * Installs ONNX Runtime apart from the platform's packages, pruned to one system in the shape of a Lambda layer, and prints its folder.
 *
 *     node scripts/run.mjs scripts/onnx-runtime.ts [linux-arm64|linux-x64|…]
 */
import { join } from 'node:path';
import { installedOnnxRuntime, ONNX_SYSTEMS, ownOnnxSystem } from '../adapters/models/onnx-install.ts';
import { PlimsollError } from '../core/errors.ts';

/** Where this repository keeps it. */
export const ONNX_FOLDER = join(import.meta.dirname, '../.cache/onnxruntime');

if (import.meta.main) {
  try {
    const wanted = process.argv[2] ?? ownOnnxSystem();
    const system = ONNX_SYSTEMS.find((known) => known === wanted);
    if (!system)
      throw new PlimsollError(
        'ONNX_SYSTEM_UNKNOWN',
        `ONNX Runtime has no library for ${wanted ?? `${process.platform}-${process.arch}`}`,
        `name one of ${ONNX_SYSTEMS.join(', ')}`,
      );
    const [folder] = installedOnnxRuntime({ systems: [system], folder: ONNX_FOLDER });
    console.log(folder);
  } catch (problem) {
    if (!(problem instanceof PlimsollError)) throw problem;
    console.error(problem.sentence);
    process.exitCode = 1;
  }
}
