/** What a training job leaves beside its model: `run.json`. */
import { z } from 'zod';

/** A metric that is not finite is null. */
export const metricsShape = z.record(z.string(), z.number().nullable());
/** SHA-256 in hex. */
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** `run.json`: what the model was made from and what it cost. `models/plimsoll_models/job/record.py` says how each is taken. */
export const recordShape = z.object({
  schema: z.literal(1),
  status: z.enum(['done', 'stopped', 'failed']),
  entry: z.string(),
  started: z.iso.datetime(),
  ended: z.iso.datetime(),
  wall_seconds: z.number(),
  /** Finished units taken over from checkpoints, and what they took when they were done. */
  resumed: z.object({ units: z.number(), seconds: z.number() }),
  seed: z.number(),
  threads: z.number(),
  hyperparameters: z.record(z.string(), z.json()),
  data: z.object({ hash: digest, files: z.record(z.string(), z.record(z.string(), digest)) }),
  code: digest,
  identity: digest,
  python: z.string(),
  libraries: z.record(z.string(), z.string()),
  metrics: metricsShape,
  /** The files of the model. */
  model: z.record(z.string(), digest),
  cost: z.object({ usd: z.number(), usd_per_hour: z.number() }),
  tracking: z.record(z.string(), z.string()),
  notes: z.array(z.string()),
});

export type TrainingRecord = z.infer<typeof recordShape>;
