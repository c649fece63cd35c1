/** A model in an ONNX file, evaluated by ONNX Runtime on one thread of the CPU. */
import * as z from 'zod';
import { PlimsollError } from '../../core/errors.ts';
import { MAX_FEATURES } from '../../core/models/features/feature-set.ts';
import { assertRow } from '../../core/models/native/index.ts';
import { firstLineOf, type OnnxMetadata, type OnnxRuntime, type OnnxSession, type OnnxTensor } from './onnx-runtime.ts';

/** Of a file; as the exporter has it (models/plimsoll_models/export/onnx_file.py). */
const MOST_BYTES = 64 * 2 ** 20;
/** Rows that one call may ask for. */
export const MOST_ONNX_ROWS = 100_000;
/** Rows between two looks at the clock. */
const BATCH_ROWS = 512;
const DEFAULT_LIMIT_MS = 10_000;
const MOST_COLUMNS = 4_096;
/** Rounding of float32 may carry a probability so far out of its range. */
const ROUNDING = 1e-5;
const INPUT_TYPES = ['float32', 'float64'] as const;
const FLOATS = ['float32', 'float64'];
const WHOLES = ['int64', 'int32'];

const name = z.string().min(1);

/** What a file takes and gives, written by the exporter beside it: ONNX itself does not say which output is the answer. */
export const onnxSignatureSchema = z
  .strictObject({
    format: z.literal('plimsoll-onnx/1'),
    /** The columns of the input. */
    features: z.array(name).min(1).max(MAX_FEATURES),
    /** `probabilities`: one a class, of one row adding up to 1; `numbers`: anything finite. */
    kind: z.enum(['probabilities', 'numbers']),
    /** The output that is the answer: how many numbers a row has, and which one of them counts where not all do. */
    values: z.strictObject({
      output: name,
      width: z.int().min(1).max(MOST_COLUMNS),
      column: z.int().min(0).optional(),
    }),
    /** The output that decides, with all labels that it knows; absent where nothing is decided. */
    decisions: z.strictObject({ output: name, labels: z.array(z.int()).min(2).max(MOST_COLUMNS) }).optional(),
  })
  .refine(({ values: { width, column } }) => column === undefined || column < width, {
    message: 'the column lies outside of the output',
  });
export type OnnxSignature = z.infer<typeof onnxSignatureSchema>;

/** Of each row, in their order. */
export interface OnnxAnswers {
  readonly rows: number;
  /** Numbers that a row has. */
  readonly width: number;
  readonly values: Float64Array;
  /** Labels; undefined where nothing is decided. */
  readonly decisions: Int32Array | undefined;
}

export interface OnnxLimits {
  /**
   * Ms that one call may take. Looked at between batches of 512 rows: what runs inside the runtime cannot be stopped.
   * @default 10,000
   */
  readonly withinMs?: number;
  /** Ms of a clock that only goes forward. */
  readonly now?: () => number;
}

/** Reads `signature.json`. Throws `ONNX_SIGNATURE_INVALID`. */
export function onnxSignature(text: string): OnnxSignature {
  const read = onnxSignatureSchema.safeParse(parsed(text));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw signatureInvalid(`${issue.path.join('.') || 'it'}: ${issue.message}`);
}

export class OnnxModel {
  readonly signature: OnnxSignature;
  readonly #runtime: OnnxRuntime;
  readonly #session: OnnxSession;
  readonly #input: { readonly name: string; readonly type: 'float32' | 'float64' };
  readonly #fetches: readonly string[];
  readonly #withinMs: number;
  readonly #now: () => number;

  private constructor(runtime: OnnxRuntime, session: OnnxSession, signature: OnnxSignature, limits: OnnxLimits) {
    this.#runtime = runtime;
    this.#session = session;
    this.signature = signature;
    this.#input = inputOf(session, signature);
    this.#fetches = outputsOf(session, signature);
    this.#withinMs = limits.withinMs ?? DEFAULT_LIMIT_MS;
    this.#now = limits.now ?? (() => performance.now());
  }

  /**
   * Loads a file and holds it to its signature. Throws `ONNX_TOO_LARGE`, `ONNX_NOT_LOADED`, `ONNX_INPUT_MISMATCH` or
   * `ONNX_OUTPUT_MISMATCH`.
   * @param runtime from onnx-runtime.ts
   */
  static async open(
    runtime: OnnxRuntime,
    bytes: Uint8Array,
    signature: OnnxSignature,
    limits: OnnxLimits = {},
  ): Promise<OnnxModel> {
    if (bytes.length > MOST_BYTES)
      throw new PlimsollError(
        'ONNX_TOO_LARGE',
        `the ONNX file has ${bytes.length} bytes, more than ${MOST_BYTES}`,
        'make the model smaller, or serve it behind an endpoint',
      );
    const session = await loaded(runtime, bytes);
    try {
      return new OnnxModel(runtime, session, signature, limits);
    } catch (problem) {
      await session.release();
      throw problem;
    }
  }

  /**
   * What the model says to rows. Throws `ONNX_ROWS_INVALID`, `FEATURES_INVALID` where a number is not finite, `ONNX_TOO_SLOW`,
   * `ONNX_FAILED` where the runtime throws, and `ONNX_ANSWER_INVALID` where it answers with what cannot be.
   * @param rows one after the other, each as long as the signature's features
   */
  async predict(rows: Float64Array): Promise<OnnxAnswers> {
    const { features, values, decisions } = this.signature;
    const count = rowsIn(rows, features);
    const width = values.column === undefined ? values.width : 1;
    const answers = {
      rows: count,
      width,
      values: new Float64Array(count * width),
      decisions: decisions && new Int32Array(count),
    };
    const began = this.#now();
    for (let from = 0; from < count; from += BATCH_ROWS) {
      const until = Math.min(count, from + BATCH_ROWS);
      const said = await this.#run(rows.subarray(from * features.length, until * features.length), until - from);
      takeValues(this.signature, said[values.output], answers.values.subarray(from * width, until * width));
      if (decisions) takeDecisions(decisions, said[decisions.output], answers.decisions!.subarray(from, until));
      this.#assertInTime(began, until, count);
    }
    return answers;
  }

  /** Frees what the runtime holds; nothing can be asked afterwards. */
  async close(): Promise<void> {
    await this.#session.release();
  }

  async #run(rows: Float64Array, count: number): Promise<Readonly<Record<string, OnnxTensor>>> {
    const { features } = this.signature;
    const data = this.#input.type === 'float64' ? rows.slice() : singles(rows, features);
    const tensor = new this.#runtime.Tensor(this.#input.type, data, [count, features.length]);
    try {
      return await this.#session.run({ [this.#input.name]: tensor }, this.#fetches);
    } catch (cause) {
      throw new PlimsollError(
        'ONNX_FAILED',
        `ONNX Runtime could not evaluate the model: ${firstLineOf(cause)}`,
        'export the model anew, or serve another version',
        { cause },
      );
    }
  }

  #assertInTime(began: number, done: number, count: number): void {
    const tookMs = this.#now() - began;
    if (tookMs <= this.#withinMs) return;
    throw new PlimsollError(
      'ONNX_TOO_SLOW',
      `the model took ${Math.round(tookMs)} ms for ${done} of ${count} rows, and ${this.#withinMs} are allowed`,
      'ask for fewer rows at a time, or serve a smaller model',
    );
  }
}

async function loaded(runtime: OnnxRuntime, bytes: Uint8Array): Promise<OnnxSession> {
  try {
    return await runtime.InferenceSession.create(bytes, {
      executionProviders: ['cpu'],
      // One row at a time is not worth a second thread, and sums keep their order.
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // Fatal alone: what goes wrong is thrown.
      logSeverityLevel: 4,
    });
  } catch (cause) {
    throw new PlimsollError(
      'ONNX_NOT_LOADED',
      `ONNX Runtime does not load the file: ${firstLineOf(cause)}`,
      'take the file from the model’s registry again, or export it anew',
      { cause },
    );
  }
}

function inputOf(
  { inputMetadata }: OnnxSession,
  { features }: OnnxSignature,
): { readonly name: string; readonly type: 'float32' | 'float64' } {
  const [input] = inputMetadata;
  if (inputMetadata.length !== 1) throw inputMismatch(`it has ${inputMetadata.length} inputs, and one is served`);
  if (!input.isTensor) throw inputMismatch(`its input "${input.name}" is no tensor`);
  const type = INPUT_TYPES.find((known) => known === input.type);
  if (!type) throw inputMismatch(`its input "${input.name}" is of ${input.type}, and float32 or float64 is served`);
  const [rows, width, ...more] = input.shape;
  if (width === undefined || more.length > 0)
    throw inputMismatch(
      `its input "${input.name}" has ${input.shape.length} dimensions, and rows of features have two`,
    );
  if (typeof rows === 'number') throw inputMismatch(`its input "${input.name}" takes ${rows} rows and no other number`);
  if (width !== features.length)
    throw inputMismatch(`its input "${input.name}" has ${width} columns, and there are ${features.length} features`);
  return { name: input.name, type };
}

/** Names of the outputs that are asked for. */
function outputsOf({ outputMetadata }: OnnxSession, { values, decisions }: OnnxSignature): string[] {
  const numbers = outputNamed(outputMetadata, values.output);
  if (!FLOATS.includes(numbers.type)) throw outputMismatch(`its output "${values.output}" is of ${numbers.type}`);
  if (!decisions) return [values.output];
  const labels = outputNamed(outputMetadata, decisions.output);
  if (!WHOLES.includes(labels.type))
    throw outputMismatch(`its output "${decisions.output}" is of ${labels.type}, and labels are whole numbers here`);
  return [values.output, decisions.output];
}

function outputNamed(outputs: readonly OnnxMetadata[], wanted: string): OnnxMetadata & { readonly isTensor: true } {
  const found = outputs.find((output) => output.name === wanted);
  if (!found)
    throw outputMismatch(`it has no output "${wanted}"; it has ${outputs.map((one) => `"${one.name}"`).join(', ')}`);
  if (!found.isTensor)
    throw new PlimsollError(
      'ONNX_OUTPUT_MISMATCH',
      `the output "${wanted}" of the ONNX file is no tensor: converters that end in ZipMap give a map for each row`,
      'export it without ZipMap (zipmap=False), or take it off with without_zipmap of plimsoll_models.export.onnx_file',
    );
  return found;
}

/** How many rows there are, after a look at each number. */
function rowsIn(rows: Float64Array, features: readonly string[]): number {
  const count = rows.length / features.length;
  if (!Number.isInteger(count) || count < 1 || count > MOST_ONNX_ROWS)
    throw new PlimsollError(
      'ONNX_ROWS_INVALID',
      `${rows.length} numbers are not 1 to ${MOST_ONNX_ROWS} rows of ${features.length} features`,
      'give whole rows, and fewer at a time',
    );
  for (let row = 0; row < count; row++)
    assertRow(features, rows.subarray(row * features.length, (row + 1) * features.length));
  return count;
}

/** Rounded as the file takes them. */
function singles(rows: Float64Array, features: readonly string[]): Float32Array {
  const rounded = Float32Array.from(rows);
  const beyond = rounded.findIndex((value) => !Number.isFinite(value));
  if (beyond < 0) return rounded;
  throw new PlimsollError(
    'FEATURES_INVALID',
    `the feature "${features[beyond % features.length]}" is ${rows[beyond]}, which float32 cannot hold`,
    'look for a wrong price among the bars',
  );
}

function takeValues({ kind, values: { output, width, column } }: OnnxSignature, said: OnnxTensor, out: Float64Array) {
  const perRow = column === undefined ? width : 1;
  const rows = out.length / perRow;
  const { data } = said;
  if (data.length !== rows * width)
    throw nonsense(`"${output}" has ${data.length} numbers for ${rows} rows, and ${width} a row were promised`);
  for (let k = 0; k < out.length; k++) {
    out[k] = Number(data[column === undefined ? k : k * width + column]);
    if (!Number.isFinite(out[k])) throw nonsense(`"${output}" has a number that is ${out[k]}`);
  }
  if (kind === 'probabilities') assertProbabilities(output, out, perRow);
}

function assertProbabilities(output: string, values: Float64Array, classes: number): void {
  for (let from = 0; from < values.length; from += classes) {
    const row = values.subarray(from, from + classes);
    const outside = row.find((value) => value < -ROUNDING || value > 1 + ROUNDING);
    if (outside !== undefined) throw nonsense(`"${output}" has a probability that is ${outside}`);
    const sum = row.reduce((total, value) => total + value, 0);
    if (Math.abs(sum - 1) > ROUNDING * classes)
      throw nonsense(`the probabilities of "${output}" add up to ${sum} in a row`);
  }
}

function takeDecisions(
  { output, labels }: NonNullable<OnnxSignature['decisions']>,
  { data }: OnnxTensor,
  out: Int32Array,
): void {
  if (data.length !== out.length) throw nonsense(`"${output}" has ${data.length} labels for ${out.length} rows`);
  for (let row = 0; row < out.length; row++) {
    const label = Number(data[row]);
    if (!labels.includes(label)) throw nonsense(`"${output}" has the label ${label}, which the model does not know`);
    out[row] = label;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw signatureInvalid('it is not JSON');
  }
}

const signatureInvalid = (why: string): PlimsollError =>
  new PlimsollError(
    'ONNX_SIGNATURE_INVALID',
    `the signature of the ONNX file cannot be used (${why})`,
    'take the file from the model’s registry again, or export it anew',
  );

const inputMismatch = (why: string): PlimsollError =>
  new PlimsollError(
    'ONNX_INPUT_MISMATCH',
    `the ONNX file does not take what it is given: ${why}`,
    'export it for one table of float32 rows with these features',
  );

const outputMismatch = (why: string): PlimsollError =>
  new PlimsollError(
    'ONNX_OUTPUT_MISMATCH',
    `the ONNX file does not give what its signature says: ${why}`,
    'export the model anew, with its signature',
  );

const nonsense = (why: string): PlimsollError =>
  new PlimsollError(
    'ONNX_ANSWER_INVALID',
    `the ONNX model answers with what cannot be: ${why}`,
    'serve another version; nothing may rest on this one',
    { kept: 'the answer was not used' },
  );
