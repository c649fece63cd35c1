/** A version whose members are ONNX files, asked as a server is: it answers in this process. */
import { PlimsollError } from '../../core/errors.ts';
import type { ModelManifest } from '../../core/models/manifest.ts';
import type { AskModel } from '../../core/ports/model-server.ts';
import { OnnxModel, type OnnxSignature, onnxSignature } from './onnx.ts';
import { type OnnxRuntime, onnxRuntime } from './onnx-runtime.ts';

const ENDING = /\.onnx$/;
const SIGNATURE_ENDING = '.signature.json';
/** Of one question, about all its rows. */
const LIMIT_MS = 30_000;

/** The files that {@link openOnnxVersion} reads, by name. */
export const onnxFilesOf = ({ members }: ModelManifest): string[] =>
  members.flatMap(({ file }) => [file, signatureOf(file)]);

const signatureOf = (file: string): string => file.replace(ENDING, SIGNATURE_ENDING);

export interface OnnxVersion {
  /** Answers about this version. Throws `MODEL_SERVER_SLOW`, and as {@link OnnxModel.predict}. */
  readonly ask: AskModel;
  /** Frees what the runtime holds. */
  close(): Promise<void>;
}

export interface OnnxVersionOptions {
  /**
   * @default the one of PLIMSOLL_ONNXRUNTIME, or of a Lambda layer
   */
  readonly runtime?: OnnxRuntime;
  /**
   * Ms that one question may take.
   * @default 30,000
   */
  readonly withinMs?: number;
  /** Ms of a clock that only goes forward. */
  readonly now?: () => number;
}

/**
 * Opens every member. Throws `ONNX_RUNTIME_MISSING` or `ONNX_RUNTIME_UNUSABLE`, `ONNX_SIGNATURE_INVALID`, `MODEL_MEMBER_MISMATCH`, and as
 * {@link OnnxModel.open}.
 * @param files of the version by name, with their hashes checked: as `ModelRegistry.files` gives them
 */
export async function openOnnxVersion(
  manifest: ModelManifest,
  files: ReadonlyMap<string, Uint8Array>,
  { runtime = onnxRuntime(), withinMs = LIMIT_MS, now = () => performance.now() }: OnnxVersionOptions = {},
): Promise<OnnxVersion> {
  const members: OnnxModel[] = [];
  const close = async (): Promise<void> => {
    for (const member of members.splice(0)) await member.close();
  };
  try {
    for (const { name, file } of manifest.members) {
      const signature = onnxSignature(textOf(files, signatureOf(file)));
      assertFits(name, signature, manifest);
      members.push(await OnnxModel.open(runtime, bytesOf(files, file), signature, { withinMs, now }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const ask: AskModel = async ({ rows }) => {
    const until = now() + withinMs;
    const answers: number[][] = [];
    for (const row of rows) {
      if (now() > until) throw slow(answers.length, rows.length, withinMs);
      const ups: number[] = [];
      for (const member of members) ups.push(await upOf(member, row));
      answers.push(ups);
    }
    return answers;
  };
  return { ask, close };
}

/** Sums of float32 depend on how many rows are asked at once: alone, a row is answered alike in a live decision and in a backtest. */
async function upOf(member: OnnxModel, row: Float64Array): Promise<number> {
  const { values } = await member.predict(row);
  // Rounding of float32 may carry it a little out of its range.
  return Math.min(1, Math.max(0, values[1]));
}

function assertFits(name: string, signature: OnnxSignature, manifest: ModelManifest): void {
  const { features, kind, values } = signature;
  const fits =
    kind === 'probabilities' &&
    values.width === manifest.classes.length &&
    values.column === undefined &&
    features.length === manifest.features.length &&
    features.every((feature, k) => feature === manifest.features[k]);
  if (fits) return;
  throw new PlimsollError(
    'MODEL_MEMBER_MISMATCH',
    `the member "${name}" takes other features or tells other classes apart than its ensemble`,
    'train the ensemble as one',
  );
}

const textOf = (files: ReadonlyMap<string, Uint8Array>, name: string): string =>
  new TextDecoder().decode(bytesOf(files, name));

function bytesOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes) return bytes;
  throw new PlimsollError(
    'MODEL_FILE_MISSING',
    `the model’s file ${name} is not there`,
    'restore it, or train the model anew',
  );
}

const slow = (done: number, count: number, withinMs: number): PlimsollError =>
  new PlimsollError(
    'MODEL_SERVER_SLOW',
    `ONNX Runtime answered about ${done} of ${count} rows in ${withinMs} ms`,
    'ask about fewer rows, or serve a smaller model',
  );
