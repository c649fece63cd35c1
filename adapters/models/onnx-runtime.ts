/** Where ONNX Runtime is found. It is no package of the platform's, and is loaded only where a model asks for it. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';

/** What is used of a tensor of `onnxruntime-node`. */
export interface OnnxTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number | bigint | string | boolean>;
}

/** What a file says of an input or an output; a symbolic dimension is a string. */
export type OnnxMetadata =
  | { readonly name: string; readonly isTensor: false }
  | {
      readonly name: string;
      readonly isTensor: true;
      readonly type: string;
      readonly shape: readonly (number | string)[];
    };

/** What is used of a session of `onnxruntime-node`. */
export interface OnnxSession {
  readonly inputMetadata: readonly OnnxMetadata[];
  readonly outputMetadata: readonly OnnxMetadata[];
  run(
    feeds: Readonly<Record<string, OnnxTensor>>,
    fetches: readonly string[],
  ): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

/** What is used of `onnxruntime-node`. */
export interface OnnxRuntime {
  readonly env: { readonly versions: { readonly node?: string } };
  readonly Tensor: new (
    type: 'float32' | 'float64',
    data: Float32Array | Float64Array,
    dims: readonly number[],
  ) => OnnxTensor;
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OnnxSession>;
  };
}

const PACKAGE = 'onnxruntime-node';
const REMEDY =
  'install it with `node scripts/run.mjs scripts/onnx-runtime.ts` and name the folder that it prints in PLIMSOLL_ONNXRUNTIME; on Lambda, give the function the layer';

/**
 * ONNX Runtime from a folder with `nodejs/node_modules` (onnx-install.ts makes one); where none is named, from the one in
 * PLIMSOLL_ONNXRUNTIME, or from a Lambda layer. Loading it costs some tens of milliseconds the first time. Throws
 * `ONNX_RUNTIME_MISSING`, or `ONNX_RUNTIME_UNUSABLE` where its library does not load on this machine.
 */
export function onnxRuntime(folder: string | undefined = process.env.PLIMSOLL_ONNXRUNTIME): OnnxRuntime {
  // Of a layer, Node's NODE_PATH knows, which `import` does not look at.
  const from = folder ? resolve(folder, 'nodejs', 'index.js') : import.meta.filename;
  const load = createRequire(from);
  try {
    return load(PACKAGE) as OnnxRuntime;
  } catch (cause) {
    if (isNotThere(cause)) {
      const where = folder ? `not in ${folder}` : 'not here: no folder is named, and there is no layer';
      throw new PlimsollError('ONNX_RUNTIME_MISSING', `ONNX Runtime is ${where}`, REMEDY, { cause });
    }
    throw new PlimsollError(
      'ONNX_RUNTIME_UNUSABLE',
      `ONNX Runtime does not load on ${process.platform} ${process.arch}: ${firstLineOf(cause)}`,
      'install it for this system, or serve a model that the platform evaluates itself',
      { cause },
    );
  }
}

/** The package itself, not a library that it asks for. */
const isNotThere = (cause: unknown): boolean =>
  (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' && firstLineOf(cause).includes(`'${PACKAGE}'`);

/** What a library threw, as one line that fits into a sentence. */
export const firstLineOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).split('\n')[0].slice(0, MOST_TOLD);
const MOST_TOLD = 300;
