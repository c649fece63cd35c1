/** What a sweep on AWS is made of: its plan, and the keys of its objects. Everything is named by its content, so that the same command is the same sweep. */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { canonicalJson, type Json } from '../../../core/json.ts';
import { gridSize, MOST_SPREAD_RUNS } from '../../../core/research/sweep/grid.ts';
import type { PlaceRange } from '../../../core/research/sweep/ranges.ts';
import type { RunningStrategy } from '../../../core/strategies/runner.ts';
import { damaged } from './column-object.ts';

const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const value = z.union([z.string(), z.number(), z.boolean()]);

const planSchema = z.strictObject({
  version: z.literal(1),
  /** Of the platform. */
  platform: z.string(),
  strategy: z.string().check(z.minLength(1)),
  /** SHA-256 of the strategy's source. */
  codeHash: z.string(),
  /** Parameters that all runs have. */
  set: z.record(z.string(), z.unknown()),
  grid: z
    .array(z.strictObject({ name: z.string().check(z.minLength(1)), values: z.array(value).check(z.minLength(1)) }))
    .check(z.minLength(1)),
  /** Combinations that the strategy takes: what decides how many bars a period of the returns has. */
  runs: z.int().check(z.positive(), z.maximum(MOST_SPREAD_RUNS)),
  bars: hash,
  /** The engine's definition but for its strategies, and how the one strategy runs but for its code and parameters. */
  definition: z.record(z.string(), z.unknown()),
  running: z.record(z.string(), z.unknown()),
});

export interface SweepPlan extends Omit<z.infer<typeof planSchema>, 'set' | 'definition' | 'running'> {
  readonly set: Readonly<Record<string, Json>>;
  readonly definition: Omit<EngineDefinition, 'strategies'>;
  readonly running: Omit<RunningStrategy, 'definition' | 'params' | 'codeHash'>;
}

/** A plan as it is kept, and its name: the SHA-256 of that. */
export function planObject(plan: SweepPlan): { readonly sweep: string; readonly bytes: Uint8Array } {
  const bytes = Buffer.from(canonicalJson(plan));
  return { sweep: sha256Of(bytes), bytes };
}

/** Throws `SWEEP_OBJECT_DAMAGED` for what is not the plan of `sweep`, and `SWEEP_PLAN_INVALID` for what another version wrote. */
export function planFromBytes(bytes: Uint8Array, sweep: string): SweepPlan {
  if (sha256Of(bytes) !== sweep) throw damaged('the plan of the sweep', 'its hash is not its name');
  const parsed = planSchema.safeParse(JSON.parse(Buffer.from(bytes).toString()));
  if (parsed.success && gridSize(parsed.data.grid) >= parsed.data.runs) return parsed.data as unknown as SweepPlan;
  throw new PlimsollError(
    'SWEEP_PLAN_INVALID',
    'the plan of the sweep is not one that this version knows',
    'deploy the version that starts the sweep',
  );
}

/** Keys, below the prefix of sweeps. */
export const planKey = (sweep: string): string => `${sweep}/plan.json`;
export const barsKey = (barsHash: string): string => `bars/${barsHash}.bin`;
export const itemsKey = (sweep: string, itemsHash: string): string => `${sweep}/items/${itemsHash}.jsonl`;
export const resultsPrefix = (sweep: string): string => `${sweep}/results/`;
/** Where Step Functions writes what became of its child executions. */
export const runsPrefix = (sweep: string): string => `${sweep}/runs`;

/** Padded, so that a listing is in order of places. */
export const resultKey = (sweep: string, { from, to }: PlaceRange): string =>
  `${resultsPrefix(sweep)}${place(from)}-${place(to)}.bin`;

/** The places that a result holds; undefined for another object. */
export function rangeOfResult(key: string): PlaceRange | undefined {
  const match = /\/(\d{9})-(\d{9})\.bin$/.exec(key);
  return match ? { from: Number(match[1]), to: Number(match[2]) } : undefined;
}

const place = (index: number): string => String(index).padStart(9, '0');

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
