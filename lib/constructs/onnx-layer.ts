import { resolve } from 'node:path';
import { Architecture, Code, LayerVersion, type LayerVersionProps, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { installedOnnxRuntime, type OnnxSystem } from '../../adapters/models/onnx-install.ts';

/** Where what npm installed for it is kept. */
const INSTALLED = resolve(import.meta.dirname, '../../.cache/onnxruntime');

export interface OnnxLayerProps extends Pick<LayerVersionProps, 'layerVersionName' | 'removalPolicy'> {
  /**
   * Of the functions that are given the layer.
   * @default ARM, as all functions of the platform
   */
  readonly architecture?: Architecture;
  /**
   * Path of the folder that holds what was installed.
   * @default .cache/onnxruntime
   */
  readonly installed?: string;
}

/**
 * A Lambda layer with ONNX Runtime for the CPU and nothing else: 25 MB unpacked for ARM, 45 MB for x86. A function that has it finds it
 * with `onnxRuntime()` of adapters/models/onnx-runtime.ts. npm installs it at the first synthesis: throws `ONNX_RUNTIME_INSTALL_FAILED`.
 */
export class OnnxLayer extends LayerVersion {
  constructor(scope: Construct, id: string, props: OnnxLayerProps = {}) {
    const { architecture = Architecture.ARM_64, installed = INSTALLED, ...passedOn } = props;
    const system: OnnxSystem = architecture === Architecture.ARM_64 ? 'linux-arm64' : 'linux-x64';
    const [folder] = installedOnnxRuntime({ systems: [system], folder: installed });
    super(scope, id, {
      ...passedOn,
      description: `ONNX Runtime for Node on the CPU, ${architecture.name}`,
      code: Code.fromAsset(folder),
      compatibleArchitectures: [architecture],
      compatibleRuntimes: [Runtime.NODEJS_24_X],
      license: 'MIT',
    });
  }
}
