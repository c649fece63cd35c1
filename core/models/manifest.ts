import * as z from 'zod';
import { PlimsollError } from '../errors.ts';
import { MAX_FEATURES } from './features/feature-set.ts';
import { labelSchema } from './table.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileName = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/);

/** The most members of an ensemble. */
const MAX_MEMBERS = 64;

/** What a version of a model says of itself: its files, and how its members speak with one voice. The training job writes it. */
const manifestSchema = z
  .strictObject({
    format: z.literal('plimsoll-model/1'),
    /** Where its members are evaluated: by the platform itself unless said, by ONNX Runtime, or by a server that has its library. */
    served: z.enum(['native', 'onnx', 'endpoint']).optional(),
    features: z.array(z.string()).min(1).max(MAX_FEATURES),
    classes: z.tuple([z.literal(0), z.literal(1)]),
    label: labelSchema,
    timeframe: z.string(),
    /** Hash of the rows that it was trained on. */
    table: sha256,
    members: z
      .array(z.strictObject({ name: z.string(), file: fileName, weight: z.number().positive() }))
      .min(1)
      .max(MAX_MEMBERS),
    /** A class belongs to those that are possible while 1 less its probability is at most this. */
    conformal: z.strictObject({ coverage: z.number().min(0.5).max(0.999), limit: z.number().min(0).max(1) }),
    /** Members that differ by more than this standard deviation do not know. */
    disagreement: z.strictObject({ limit: z.number().min(0).max(1) }),
    files: z.record(fileName, sha256),
  })
  .refine(({ members, files }) => members.every(({ file }) => Object.hasOwn(files, file)), {
    message: 'a member’s file has no hash',
  })
  .refine(({ label, features }) => label.kind !== 'meta' || features.includes(label.primary), {
    path: ['label', 'primary'],
    message: 'the primary is not among the features',
  });
export type ModelManifest = z.infer<typeof manifestSchema>;

/** Throws `MODEL_MANIFEST_INVALID`. */
export function modelManifest(text: string): ModelManifest {
  const read = manifestSchema.safeParse(parsed(text));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw invalid(`${issue.path.join('.') || 'it'}: ${issue.message}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
}

const invalid = (why: string): PlimsollError =>
  new PlimsollError(
    'MODEL_MANIFEST_INVALID',
    `the manifest of the model cannot be used (${why})`,
    'take the version from the registry again, or train it anew',
  );
