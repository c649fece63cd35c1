/** Which models a platform watches by itself, and what it may do about them: `watch.yaml` beside `plimsoll.yaml`. Without it none is. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { readSettings } from '../../adapters/files/settings-file.ts';
import { lifecycleLimitsSchema } from '../../core/models/monitoring/limits.ts';

const WATCH_FILE = 'watch.yaml';
/** Models of one platform. */
const MOST_MODELS = 64;

/** Of a deployment that trains the model by itself. */
const sagemakerSchema = z.strictObject({
  /** Tag of an image made from models/Dockerfile, in the repository of the deployment. */
  image: z.string().regex(/^[\w][\w.-]{0,127}$/),
  instance: z
    .string()
    .regex(/^ml\.[a-z0-9-]+\.[a-z0-9-]+$/)
    .default('ml.m7i.xlarge'),
  volumeGb: z.int().min(1).max(1_024).default(30),
  spot: z.boolean().default(true),
  /** Price of an hour of the instance, as AWS lists it for the region; of spot capacity, its on-demand price. */
  usdPerHour: z.number().positive().max(1_000),
  /** The most that one training may cost, all its attempts together. */
  usd: z.number().positive().max(100_000),
});

const trainingSchema = z.strictObject({
  /** Hyperparameters of the job. */
  set: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  withinMinutes: z.number().positive().max(1_440).default(120),
  /** The latest rows that are learned from. */
  rows: z.int().min(1).max(10_000_000).default(50_000),
  /** On AWS: without it a training that is due waits for a person there. */
  sagemaker: sagemakerSchema.optional(),
});

const modelSchema = z
  .strictObject({
    /** Bars that it learned from and those since; relative to the file. */
    bars: z.string().min(1).optional(),
    symbol: z.string().min(1).optional(),
    /** Whose bars in the lake go on where those end. */
    account: z.string().min(1).optional(),
    everyMinutes: z.number().min(0.01).max(10_080).default(60),
    limits: lifecycleLimitsSchema.prefault({}),
    training: trainingSchema.prefault({}),
  })
  .refine(({ bars, account }) => bars !== undefined || account !== undefined, {
    message: 'write bars (a file), account (whose bars are kept in the lake), or both',
  })
  .refine(({ account, symbol }) => account === undefined || symbol !== undefined, {
    message: 'write symbol beside account: an account may trade several',
  });

const watchSchema = z.strictObject({
  models: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,62}$/), modelSchema)
    .refine((models) => Object.keys(models).length <= MOST_MODELS, { message: `write at most ${MOST_MODELS} models` }),
});

/** How one model is watched; paths are absolute. */
export type WatchedModel = z.output<typeof modelSchema> & { readonly name: string };

/** Throws `WATCH_INVALID`. None where there is no such file. */
export function watchedModels(file: string): WatchedModel[] {
  if (!existsSync(file)) return [];
  const { models } = readSettings({ file, schema: watchSchema, code: 'WATCH_INVALID', page: 'docs/monitoring.md' });
  return Object.entries(models).map(([name, { bars, ...rest }]) => ({
    ...{ name, ...rest },
    ...(bars === undefined ? {} : { bars: resolve(dirname(file), bars) }),
  }));
}

/** The file beside a configuration. */
export const watchFileBeside = (configuration: string): string => join(dirname(resolve(configuration)), WATCH_FILE);
