/**
 * Models that are asked elsewhere, before the strategies are: what they say is an input of the cycle as its bars are, kept beside them, so that
 * a decision can be made again without them. One that does not answer in time is refused for the cycle, in words; nobody waits for it. The rows
 * of batches are asked for and kept with them (read-batches.ts).
 */
import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { fromCheckpointJson, type Json } from '../../core/json.ts';
import type { Answers } from '../../core/models/answers.ts';
import type { BatchAtHand } from '../../core/models/batch/batch.ts';
import { type AskedElsewhere, modelsElsewhere } from '../../core/models/evaluated-here.ts';
import type { DocumentWrite, LedgerPort } from '../../core/ports/ledger.ts';
import { type AskModel, MAX_QUESTION_ROWS, type ModelAnswers } from '../../core/ports/model-server.ts';
import type { StrategyCheckpoint, StrategyRunner } from '../../core/strategies/runner.ts';
import { KEYS } from './account-state.ts';
import { prepareBars } from './move-strategies.ts';
import type { StepPorts } from './ports.ts';
import { batchesRead, type KeptRows, rowsRead, takeRows } from './read-batches.ts';

/** A version's part in a cycle, as it is kept: what it said to which rows, or why it said nothing. */
export interface KeptAnswers {
  readonly model: string;
  readonly version: string;
  readonly rows: readonly (readonly number[])[];
  readonly up?: ModelAnswers;
  readonly refusal?: string;
}

/** What is kept of a cycle: the answers of models, and the rows of batches. */
export type Kept = KeptAnswers | KeptRows;

/**
 * Asks about the bars of the engine's cycle, each model and batch once and all of them at the same time, and leaves the strategies where they were.
 * Returns what is to be kept of it: nothing where no model is asked elsewhere and no batch is read.
 */
export async function askModels(ports: StepPorts, engine: Engine): Promise<readonly Kept[]> {
  const runners = engine.runners.filter(({ index }) => !engine.paused[index]);
  const models = askedElsewhere(runners);
  const batches = batchesRead(runners);
  if (models.length + batches.length === 0) return [];
  const { questions, reads } = questionsOf(engine, runners, models, batches);
  const asked = questions
    .filter(({ rows }) => rows.length > 0)
    .map(({ model, rows }) => askedOf(model, rows, ports.askModel));
  const read = reads
    .filter(({ times }) => times.length > 0)
    .map(({ batch, times }) => rowsRead(batch, times, ports.readBatch));
  return Promise.all([...asked, ...read]);
}

/** What was kept of a cycle; nothing where no model was asked elsewhere and no batch was read. */
export async function keptAnswers(ledger: LedgerPort, stream: string, cycle: number): Promise<readonly Kept[]> {
  const document = await ledger.document(stream, KEYS.answers(cycle));
  return (document?.value ?? []) as unknown as readonly Kept[];
}

/** As they are kept, beside the bars of the cycle. */
export const answersDocument = (cycle: number, kept: readonly Kept[]): DocumentWrite[] =>
  kept.length === 0 ? [] : [{ key: KEYS.answers(cycle), value: kept as unknown as Json, expectedVersion: 'any' }];

/** While `work` runs, the models and batches of an engine say what was kept. It does not wait, so that cycles of other accounts do not meet in one model. */
export function underAnswers<T>(engine: Engine, kept: readonly Kept[], work: () => T): T {
  if (kept.length === 0) return work();
  const batches = takeRows(engine, kept.filter(isRows));
  const models = askedElsewhere(engine.runners);
  const answersOf = ({ model, version }: KeptAnswers): Answers | undefined =>
    models.find((each) => each.name === model && each.version === version)?.answers;
  try {
    for (const each of kept) {
      if (isRows(each)) continue;
      if (each.refusal !== undefined) answersOf(each)?.refuse(each.refusal);
      else
        answersOf(each)?.take(
          each.rows.map((row) => Float64Array.from(row)),
          each.up ?? [],
        );
    }
    return work();
  } finally {
    for (const { answers } of models) answers.forget();
    for (const rows of batches) rows.forget();
  }
}

const isRows = (kept: Kept): kept is KeptRows => 'batch' in kept;

/** Each version once, however many strategies ask it. */
function askedElsewhere(runners: readonly StrategyRunner[]): AskedElsewhere[] {
  const models = new Map<Answers, AskedElsewhere>();
  for (const { running } of runners) for (const model of modelsElsewhere(running)) models.set(model.answers, model);
  return [...models.values()];
}

interface Question {
  readonly model: AskedElsewhere;
  readonly rows: readonly Float64Array[];
}

/** The rows follow from indicators that move over the bars; afterwards they are moved back. */
function questionsOf(
  engine: Engine,
  runners: readonly StrategyRunner[],
  models: readonly AskedElsewhere[],
  batches: readonly BatchAtHand[],
): { questions: Question[]; reads: { batch: BatchAtHand; times: number[] }[] } {
  const before = runners.map((runner) => runner.checkpoint());
  for (const { answers } of models) answers.collect();
  for (const { rows } of batches) rows.collect();
  try {
    prepareBars(engine, runners);
  } finally {
    for (const [k, runner] of runners.entries())
      runner.restore(fromCheckpointJson(before[k]) as unknown as StrategyCheckpoint);
  }
  return {
    questions: models.map((model) => ({ model, rows: model.answers.collected() })),
    reads: batches.map((batch) => ({ batch, times: batch.rows.collected() })),
  };
}

async function askedOf(
  { name, version, answers }: AskedElsewhere,
  rows: readonly Float64Array[],
  ask: AskModel | undefined,
): Promise<KeptAnswers> {
  const asked = { model: name, version, rows: rows.map((row) => [...row]) };
  try {
    if (ask === undefined) throw nobodyToAsk();
    if (rows.length > MAX_QUESTION_ROWS) throw tooMany(rows.length);
    const up = await ask({ model: name, version, rows });
    answers.assertFits(rows, up);
    return { ...asked, up };
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    return { ...asked, refusal: error.message };
  }
}

const nobodyToAsk = (): PlimsollError =>
  new PlimsollError(
    'MODEL_SERVER_DOWN',
    'no server of models is known here',
    'name one, or start `plimsoll models serve`',
  );

const tooMany = (rows: number): PlimsollError =>
  new PlimsollError(
    'MODEL_QUESTION_TOO_LARGE',
    `a cycle asks about ${rows} rows, more than ${MAX_QUESTION_ROWS}`,
    'let fewer instruments ask it',
  );
