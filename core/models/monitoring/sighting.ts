/** What the latest look at a model found, as it is told to people: kept beside its lifecycle, written anew with each look. */
import * as z from 'zod';
import { stageSchema, TRIGGERS } from './lifecycle.ts';

const time = z.int().min(0);
const count = z.int().min(0);
const version = z.string().regex(/^[0-9a-f]{16}$/);

const figuresSchema = z.object({
  version,
  /** Rows since its training, and how many of them have an outcome, could not be answered, or wait for an answer. */
  rows: count,
  outcomes: count,
  refused: count,
  waiting: count,
  /** Share, 0 to 1. */
  calibrationError: z.number().optional(),
  /** Of the latest window, the feature that strays furthest; `ratio` beyond `limit` counts as far. */
  furthest: z.object({ feature: z.string(), psi: z.number(), ratio: z.number(), limit: z.number() }).optional(),
  /** Share of the rows that are unlike those that it learned from. */
  unlike: z.number().optional(),
});

/** Of a version in shadow whose evidence waits for a person; evidence is ln of an e-value. */
const challengerSchema = z.object({
  version,
  outcomes: count,
  refused: count,
  /** That it is better than the champion, or worse; and how much of the first is needed. */
  better: z.number(),
  worse: z.number(),
  needed: z.number(),
  /** Whether it has that, over as many bars as it has to be watched. */
  isBetter: z.boolean(),
});

export const sightingSchema = z.object({
  model: z.string().max(63),
  /** When the last look ended, ms UTC, and when the next one is due, where there is one. */
  lookedAt: time,
  nextLookAt: time.optional(),
  /** Why the last look found nothing, or not all, in a sentence; what else is told is then of the look before. */
  problem: z.string().max(2_000).optional(),
  /** Close of the latest bar, ms UTC. */
  barsTo: time.optional(),
  champion: version.optional(),
  stage: stageSchema.optional(),
  flagged: z.enum(TRIGGERS).optional(),
  figures: figuresSchema.optional(),
  challenger: challengerSchema.optional(),
});
/** Absent is what no look has found yet. */
export type Sighting = z.infer<typeof sightingSchema>;

/** Undefined where the text is none: the next look writes another one. */
export function sightingIn(text: string): Sighting | undefined {
  try {
    return sightingSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
