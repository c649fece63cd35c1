/** What a state machine hands to its functions. */
import * as z from 'zod/mini';
import { PlimsollError } from '../../../core/errors.ts';
import type { DeployedWatch, WatchedModel } from '../watch/watched-models.ts';
import type { Retraining } from './settings.ts';

const text = z.string().check(z.minLength(1), z.maxLength(2_000));
const held = { model: text, training: text, worker: text };

export const tableEvent = z.strictObject(held);
export const registerEvent = z.discriminatedUnion('next', [
  z.strictObject({ ...held, next: z.literal('register') }),
  z.strictObject({ ...held, next: z.literal('train'), job: text, table: text, checkpoints: text, sha256: text }),
]);
export const endEvent = z.strictObject({
  ...held,
  error: z.object({ Error: z.string(), Cause: z.optional(z.string()) }),
});

/** Throws `RETRAINING_EVENT_INVALID`. */
export function eventIn<Schema extends z.ZodMiniType>(schema: Schema, event: unknown): z.output<Schema> {
  const read = schema.safeParse(event);
  if (read.success) return read.data;
  const [{ path, message }] = read.error.issues;
  throw new PlimsollError(
    'RETRAINING_EVENT_INVALID',
    `the event is no step of a training: ${path.join('.') || 'it'}: ${message}`,
    'start the state machine with {"model": "NAME", "training": "ID"}, an ID of `plimsoll models queue`',
  );
}

/** Throws `RETRAINING_MODEL_UNKNOWN`. */
export function trainedModel(
  name: string,
  { watched }: Pick<DeployedWatch, 'watched'>,
): WatchedModel & { readonly retraining: Retraining } {
  const found = watched.find((model) => model.name === name);
  if (found?.retraining) return { ...found, retraining: found.retraining };
  throw new PlimsollError(
    'RETRAINING_MODEL_UNKNOWN',
    `the model "${name}" is not trained by this deployment`,
    'write training.sagemaker for it in watch.yaml, and deploy again',
  );
}
