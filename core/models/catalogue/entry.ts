/** Models that were fitted on recorded data, each with its score beside what anyone would guess: the file that the proof run writes. */
import * as z from 'zod';
import { PlimsollError } from '../../errors.ts';

/** The state of the market when a model spoke: by the deviation of the 48 returns before, thirds of those that were trained on. */
export const REGIMES = ['calm', 'middle', 'turbulent'] as const;
export type Regime = (typeof REGIMES)[number];

export const SERVED = ['onnx', 'native', 'endpoint', 'batch-to-lake', 'research-only'] as const;

/** `beats`: the whole interval of what is gained is a gain; `loses`: it is a loss; else nobody knows. */
export const VERDICTS = ['beats', 'undecided', 'loses'] as const;
export type Verdict = (typeof VERDICTS)[number];

const interval = z.tuple([z.number(), z.number()]);
const judged = z.strictObject({ rows: z.int().positive(), score: z.number(), baseline: z.number() });
const knob = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('whole'), low: z.int(), high: z.int(), log: z.boolean() }),
  z.strictObject({ kind: z.literal('real'), low: z.number(), high: z.number(), log: z.boolean() }),
  z.strictObject({
    kind: z.literal('choice'),
    options: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).min(1),
  }),
]);

const entrySchema = z.strictObject({
  name: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
  /** Module and class. */
  of: z.string().min(1),
  /** Which requirements it needs: models/requirements/GROUP.txt. */
  group: z.string().min(1),
  category: z.string().min(1),
  task: z.string().min(1),
  inputs: z.string().min(1),
  outputs: z.array(z.string()).min(1),
  /** What its answers are compared with. */
  target: z.string().min(1),
  /** By hyperparameter, what a search may turn; empty where there is nothing to turn. */
  space: z.record(z.string(), knob),
  cost: z.enum(['low', 'middle', 'high']),
  licence: z.string().min(1),
  served: z.enum(SERVED),
  metric: z.string().min(1),
  higherIsBetter: z.boolean(),
  score: z.number(),
  /** Of the naive guess that was best in hindsight. */
  baseline: z.number(),
  /** 95 % interval of the gain over the baseline, in the metric's unit. */
  gained: interval,
  verdict: z.enum(VERDICTS),
  /** Rows. */
  fittedOn: z.int().positive(),
  judgedOn: z.int().positive(),
  /** Judged on the rows that were fitted: it says nothing of others. */
  inSample: z.boolean(),
  /** In each regime with enough rows. */
  regimes: z.partialRecord(z.enum(REGIMES), judged),
  /** Mean score of every 24 rows in order of time. Empty where rows are not judged one by one. */
  blocks: z.array(z.number()),
  cpuSeconds: z.number().nonnegative(),
  /**
   * How far its ONNX lies from its library, as a share of the scale, the decisions that differ, and why the gate refuses it where it does;
   * null where none is exported.
   */
  parity: z.nullable(
    z.strictObject({ largestDifference: z.number(), flipped: z.int(), refused: z.nullable(z.string()) }),
  ),
});
export type CatalogueEntry = z.infer<typeof entrySchema>;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const period = z.tuple([z.int(), z.int()]);
const catalogueSchema = z.object({
  data: z.strictObject({
    file: z.string(),
    sha256: hash,
    /** Of the rows that were made of it. */
    table: hash,
    symbol: z.string(),
    timeframe: z.string(),
    features: z.array(z.string()).min(1),
    /** Rows, and ms UTC of the first and the last one. */
    trained: z.strictObject({ rows: z.int().positive(), period }),
    judged: z.strictObject({ rows: z.int().positive(), period }),
  }),
  entries: z.array(entrySchema).min(1),
});
export type Catalogue = z.infer<typeof catalogueSchema>;

/** The figures of the proof as a catalogue. Throws `MODEL_CATALOGUE_INVALID`. */
export function catalogueOf(figures: unknown): Catalogue {
  const read = catalogueSchema.safeParse(figures);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw invalid(`${issue.path.join('.') || 'it'}: ${issue.message}`);
  }
  const names = read.data.entries.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined) throw invalid(`${twice} is in it twice`);
  return read.data;
}

/** What an interval of gains says. */
export function verdictOf([least, most]: readonly [number, number]): Verdict {
  if (least > 0) return 'beats';
  return most < 0 ? 'loses' : 'undecided';
}

export const invalid = (why: string): PlimsollError =>
  new PlimsollError(
    'MODEL_CATALOGUE_INVALID',
    `the catalogue of models cannot be read (${why})`,
    'restore proof/catalogue.json, or write it anew with `npm run proof -- catalogue`',
  );
