/** Models as they are asked for and told. */
import * as z from 'zod/mini';
import * as s from '../schemas.ts';

const name = z.string().check(z.minLength(1), z.maxLength(63));
const version = z.string().check(z.regex(/^[0-9a-f]{16}$/));
const reason = z.string().check(z.trim(), z.minLength(1), z.maxLength(1_000));
const status = z.enum(['candidate', 'champion', 'former', 'retired']);
const interval = z.tuple([z.number(), z.number()]);

/** What models are found by; whatever is left out does not matter. */
export const listInput = z.strictObject({
  task: z.optional(z.string()),
  category: z.optional(z.string()),
  served: z.optional(z.string()),
  /** By what they gained in a calm, a middle or a turbulent market. */
  regime: z.optional(z.string()),
  /** Those alone that surely beat what anyone would guess. */
  beatsBaseline: s.flag,
  /** catalogue or trained. */
  source: z.optional(z.string()),
});

const listedFields = {
  name: z.string(),
  source: z.enum(['catalogue', 'trained']),
  task: z.string(),
  category: z.string(),
  served: z.string(),
  metric: z.string(),
  higherIsBetter: z.boolean(),
  score: z.number(),
  /** The score of what anyone would guess. */
  baseline: z.number(),
  /** 95 % interval of the gain over the baseline, in the metric's unit. */
  gained: z.readonly(interval),
  verdict: z.enum(['beats', 'undecided', 'loses']),
  beatsBaseline: z.boolean(),
  /** In a calm, a middle and a turbulent market, where there were rows enough. */
  regimes: z.partialRecord(
    z.enum(['calm', 'middle', 'turbulent']),
    z.object({ rows: z.int(), score: z.number(), baseline: z.number() }),
  ),
  /** Rows, and ms UTC of the first and the last one. */
  fittedOn: z.object({ rows: z.int(), from: s.time, to: s.time, symbol: z.optional(z.string()) }),
  /** Of a model that was trained: the version that decides, or else the latest. */
  version: z.optional(version),
  status: z.optional(status),
  /** The version that decides; null where none does. */
  champion: z.optional(z.nullable(version)),
  /** How many there are. */
  versions: z.optional(z.int()),
};

/** `gain` is a share of the baseline; in a regime where one is asked for. */
export const listOutput = z.object({
  /** The largest gain first. */
  models: z.array(z.object({ ...listedFields, gain: z.number() })),
  /** Models that were trained and cannot be read: damaged, or tampered with. */
  unreadable: z.array(z.object({ name: z.string(), problem: z.string() })),
});

export const showInput = z.strictObject({ name, version: z.optional(version) });

/** Of a version: its card, its manifest, its training and what became of all versions. Of an entry: what the catalogue has of it. */
export const showOutput = z.looseObject({
  ...listedFields,
  card: z.optional(z.record(z.string(), z.unknown())),
  manifest: z.optional(z.unknown()),
  /** Of its training, and how far what is evaluated here lies from its library. */
  about: z.optional(z.unknown()),
  /** Oldest first. */
  history: z.optional(
    z.array(
      z.object({
        action: z.enum(['registered', 'promoted', 'rolled-back', 'retired']),
        version,
        at: s.time,
        by: z.string(),
        reason: z.string(),
      }),
    ),
  ),
  /** Where every version stands, in the order in which they were registered. */
  standings: z.optional(z.array(z.object({ version, status }))),
});

/** NAME, or NAME@VERSION. */
export const compareInput = z.strictObject({
  names: z.array(z.string().check(z.maxLength(80))).check(z.minLength(2), z.maxLength(10)),
});

export const compareOutput = z.object({
  models: z.array(z.object(listedFields)),
  /** The first beside each other one; null where the two were not judged by one metric on the same rows. */
  pairs: z.array(
    z.object({
      first: z.string(),
      second: z.string(),
      difference: z.nullable(z.object({ gained: z.number(), interval: z.readonly(interval), pValue: z.number() })),
    }),
  ),
});

export const actInput = z.strictObject({ name, version, reason });
/** Without a version, to the one that decided before. */
export const rollbackInput = z.strictObject({ name, version: z.optional(version), reason });
export const actOutput = z.object({
  name: z.string(),
  version,
  action: z.enum(['promoted', 'rolled-back', 'retired']),
});

export const trainInput = z.strictObject({
  name,
  /** A folder below `tables/` of the data directory, as `plimsoll models table` wrote it. */
  table: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/)),
  /** As `--set` of `plimsoll models train`. */
  hyperparameters: z._default(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])), {}),
  withinMinutes: z._default(z.number().check(z.positive(), z.maximum(1_440)), 120),
  reason: z._default(reason, 'by hand'),
});

export const cancelInput = z.strictObject({ id: z.string(), reason });

export const queueOutput = z.object({
  /** What a watch asked for, in that order. */
  trainings: z.array(
    z.object({
      wanted: z.object({
        id: z.string(),
        model: z.string(),
        trigger: z.string(),
        reason: z.string(),
        from: z.optional(s.time),
        to: s.time,
      }),
      queuedAt: s.time,
      status: z.enum(['pending', 'running', 'finished', 'failed']),
      attempts: z.int(),
      worker: z.optional(z.string()),
      /** Of a running one: until when it is the worker's. */
      until: z.optional(s.time),
      endedAt: z.optional(s.time),
      version: z.optional(version),
      failure: z.optional(z.string()),
    }),
  ),
  /** What people asked for, newest first. */
  jobs: z.array(s.job),
});

export const watchOutput = z.object({
  /** Whether this instance watches models by itself; null where it was not told to. */
  watcher: z.nullable(
    z.object({
      state: z.enum(['watching', 'restarting', 'stopped']),
      since: s.time,
      /** Why it ended by itself, in a sentence. */
      problem: z.nullable(z.string()),
    }),
  ),
  models: z.array(
    z.object({
      model: z.string(),
      /** By this instance; another process may watch it too. */
      isWatched: z.boolean(),
      isLooking: z.boolean(),
      /** Null before the first look. */
      lookedAt: z.nullable(s.time),
      nextLookAt: z.nullable(s.time),
      /** Why the last look found nothing, or not all, in a sentence. */
      problem: z.nullable(z.string()),
      /** Close of the latest bar that was seen. */
      barsTo: z.nullable(s.time),
      champion: z.nullable(version),
      stage: z.nullable(z.enum(['observing', 'queued', 'training', 'shadow', 'trial'])),
      /** Of the capital, of what is on trial. */
      share: z.nullable(z.number()),
      /** What is wrong: drift, decay, a refusal to answer. */
      flagged: z.nullable(z.string()),
      /** Of the version that decides, over the rows since its training. */
      figures: z.nullable(
        z.object({
          version,
          rows: z.int(),
          outcomes: z.int(),
          refused: z.int(),
          /** Rows that wait for the answer of a server. */
          waiting: z.int(),
          calibrationError: z.nullable(z.number()),
          /** The feature that strays furthest from what it learned; `ratio` beyond `limit` is far. */
          furthest: z.nullable(
            z.object({ feature: z.string(), psi: z.number(), ratio: z.number(), limit: z.number() }),
          ),
          /** Share of the rows that are unlike those that it learned from. */
          unlike: z.nullable(z.number()),
        }),
      ),
      /** Of a deployment: what a training left, beside the champion. Evidence is ln of an e-value; null while there is no such version. */
      challenger: z.nullable(
        z.object({
          version,
          outcomes: z.int(),
          refused: z.int(),
          /** That it is better, or worse, and how much of the first is needed. */
          better: z.number(),
          worse: z.number(),
          needed: z.number(),
          /** Whether it waits for a person who promotes it. */
          isBetter: z.boolean(),
        }),
      ),
    }),
  ),
});

export type ListInput = z.output<typeof listInput>;
export type ListOutput = z.output<typeof listOutput>;
export type CompareOutput = z.output<typeof compareOutput>;
export type ActInput = z.output<typeof rollbackInput>;
export type DoneOutput = z.output<typeof actOutput>;
export type TrainInput = z.output<typeof trainInput>;
export type QueueOutput = z.output<typeof queueOutput>;
export type WatchOutput = z.output<typeof watchOutput>;
