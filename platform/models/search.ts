/** A search for a model within a budget, on this machine: the same job that runs on SageMaker. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { TrainingProgress } from '../../adapters/python/training-job.ts';
import { PlimsollError } from '../../core/errors.ts';
import { assertMadeFromTheirBars } from './table-check.ts';
import { runModelsJob } from './training.ts';

const ENTRY = 'plimsoll_models.search';
const MINUTE_MS = 60_000;
/** What the job has beyond its budget: to start, to read its tables, and to write the board. */
const MARGIN_MS = 10 * MINUTE_MS;

const figure = z.number().nullable();
const setting = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const placeShape = z.object({
  rank: z.number(),
  /** Number in the order in which they were made, from 0. */
  trial: z.number(),
  /** Channel of its table. */
  table: z.string(),
  estimator: z.string(),
  settings: z.record(z.string(), setting),
  /** `found`: surely above 0, the choice allowed for; `unsure`: above 0, as luck may be; `loses`: not above 0; `failed`: the estimator did. */
  standing: z.enum(['found', 'unsure', 'loses', 'failed']),
  /** Mean log loss gained over the baseline, nats a row, with its standard error. */
  gain: figure,
  error: figure,
  tRatio: figure,
  skewness: figure,
  kurtosis: figure,
  /** Probability that the true gain is above 0 once the choice is allowed for. */
  deflated: figure,
  reason: z.string().optional(),
});

/** `leaderboard.json`, as models/plimsoll_models/search writes it. */
const leaderboardShape = z.object({
  format: z.literal('plimsoll-leaderboard/1'),
  seed: z.number(),
  budget: z.object({
    trials: z.number(),
    minutes: z.number(),
    usd: figure,
    usdPerHour: z.number(),
    metBy: z.enum(['trials', 'minutes', 'usd']),
  }),
  tables: z.array(z.object({ channel: z.string(), baselineLogLoss: z.number() }).loose()),
  rows: z.number(),
  blocks: z.number(),
  method: z.record(z.string(), z.string()),
  found: z.boolean(),
  verdict: z.string(),
  trials: z.object({ made: z.number(), judged: z.number(), failed: z.number(), effective: z.number() }),
  luck: z.object({ tRatio: z.number(), confidence: z.number() }),
  board: z.array(placeShape),
});

export type Leaderboard = z.infer<typeof leaderboardShape>;

export interface ModelSearch {
  /** Data directory. */
  readonly directory: string;
  /** Paths of folders of tables of the same bars, as `plimsoll models table` wrote them. */
  readonly tables: readonly string[];
  /** The budget: whichever is met first ends the search. */
  readonly trials: number;
  readonly minutes: number;
  readonly usd?: number;
  /** Of this machine. */
  readonly usdPerHour?: number;
  readonly seed: number;
  /** More hyperparameters, as docs/models.md names them. */
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly signal?: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
}

export interface Searched {
  readonly leaderboard: Leaderboard;
  /** What was spent, with what was spent before it was broken off. */
  readonly spent: { readonly minutes: number; readonly usd: number };
  readonly notes: readonly string[];
  /** Path of the folder with `leaderboard.json` and `gains.json`; it stays until the next search. */
  readonly folder: string;
}

/**
 * Searches. A search that was broken off goes on where it was when it is asked for again with the same tables, budget and seed. Throws
 * `SEARCH_RESULT_INVALID` where its leaderboard cannot be read, and as `assertMadeFromTheirBars` and `runModelsJob`.
 */
export async function searchModels(search: ModelSearch): Promise<Searched> {
  const { directory, tables, trials, minutes, usd, usdPerHour = 0, seed, onProgress, signal, environment } = search;
  const told = await assertMadeFromTheirBars(tables);
  const { model, record, notes } = await runModelsJob({
    directory,
    entry: ENTRY,
    channels: Object.fromEntries(
      tables.map((table, k) => [tables.length === 1 ? 'train' : `train-${k}`, join(table, 'train')]),
    ),
    hyperparameters: {
      ...search.hyperparameters,
      ...{ trials, minutes, seed, usd_per_hour: usdPerHour },
      ...(usd === undefined ? {} : { usd }),
    },
    folder: join(directory, 'model-search'),
    withinMs: minutes * MINUTE_MS + MARGIN_MS,
    environment,
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  });
  const leaderboard = await readLeaderboard(join(model, 'leaderboard.json'));
  return {
    leaderboard,
    spent: { minutes: record.metrics.spent_minutes ?? 0, usd: record.cost.usd },
    notes: [...told, ...notes],
    folder: model,
  };
}

/** What trains the winner of a search. */
export interface Winner {
  /** Path of its table's folder. */
  readonly table: string;
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
  /** For its history. */
  readonly reason: string;
}

/** Hyperparameters that a search and a training have in common. */
const JUDGED_BY = ['folds', 'embargo_hours', 'block_rows'];

/**
 * The best trial as a model of one member, judged as the search judged; undefined where nothing was found: what only luck may have chosen is not
 * trained.
 * @param tables in the order in which the search was given them
 */
export function winnerOf(
  { found, board, seed, verdict }: Leaderboard,
  tables: readonly string[],
  searchedWith: Readonly<Record<string, string | number | boolean>>,
): Winner | undefined {
  const [best] = board;
  if (!found || best?.standing !== 'found') return undefined;
  const judging = Object.entries(searchedWith).filter(([name]) => JUDGED_BY.includes(name));
  return {
    table: tables[Number(best.table.split('-')[1] ?? 0)],
    hyperparameters: {
      ...Object.fromEntries(judging),
      ...{ members: best.estimator, seed },
      hyperparameters: JSON.stringify({ [best.estimator]: best.settings }),
    },
    reason: `the best of a search: ${verdict}`,
  };
}

async function readLeaderboard(path: string): Promise<Leaderboard> {
  try {
    return leaderboardShape.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new PlimsollError('SEARCH_RESULT_INVALID', `${path} cannot be read`, 'search again', { cause });
  }
}
