/**
 * Models that are asked elsewhere, before the strategies are: what they say is an input of the cycle as its bars are, kept beside them, so that
 * a decision can be made again without them. One that does not answer in time is refused for the cycle, in words; nobody waits for it.
 */
import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { fromCheckpointJson, type Json } from '../../core/json.ts';
import type { Answers } from '../../core/models/answers.ts';
import type { ServedModel } from '../../core/models/opinion.ts';
import type { DocumentWrite, LedgerPort } from '../../core/ports/ledger.ts';
import { type AskModel, MAX_QUESTION_ROWS, type ModelAnswers } from '../../core/ports/model-server.ts';
import { modelsGiven } from '../../core/strategies/opinions-asked.ts';
import type { RunningStrategy, StrategyCheckpoint, StrategyRunner } from '../../core/strategies/runner.ts';
import { KEYS } from './account-state.ts';
import { prepareBars } from './move-strategies.ts';
import type { StepPorts } from './ports.ts';

/** A version's part in a cycle, as it is kept: what it said to which rows, or why it said nothing. */
export interface KeptAnswers {
  readonly model: string;
  readonly version: string;
  readonly rows: readonly (readonly number[])[];
  readonly up?: ModelAnswers;
  readonly refusal?: string;
}

interface AskedElsewhere extends ServedModel {
  readonly answers: Answers;
}

/**
 * Asks about the bars of the engine's cycle, each model once and all of them at the same time, and leaves the strategies where they were. Returns
 * what is to be kept of it: nothing where no model is asked elsewhere.
 */
export async function askModels(ports: StepPorts, engine: Engine): Promise<readonly KeptAnswers[]> {
  const runners = engine.runners.filter(({ index }) => !engine.paused[index]);
  const models = askedElsewhere(runners);
  if (models.length === 0) return [];
  const questions = questionsOf(engine, runners, models).filter(({ rows }) => rows.length > 0);
  return Promise.all(questions.map(({ model, rows }) => askedOf(model, rows, ports.askModel)));
}

/** What was kept of a cycle; nothing where no model was asked elsewhere. */
export async function keptAnswers(ledger: LedgerPort, stream: string, cycle: number): Promise<readonly KeptAnswers[]> {
  const document = await ledger.document(stream, KEYS.answers(cycle));
  return (document?.value ?? []) as unknown as readonly KeptAnswers[];
}

/** As they are kept, beside the bars of the cycle. */
export const answersDocument = (cycle: number, kept: readonly KeptAnswers[]): DocumentWrite[] =>
  kept.length === 0 ? [] : [{ key: KEYS.answers(cycle), value: kept as unknown as Json, expectedVersion: 'any' }];

/** While `work` runs, the models of an engine say what was kept. It does not wait, so that cycles of other accounts do not meet in one model. */
export function underAnswers<T>(engine: Engine, kept: readonly KeptAnswers[], work: () => T): T {
  if (kept.length === 0) return work();
  const models = askedElsewhere(engine.runners);
  const answersOf = ({ model, version }: KeptAnswers): Answers | undefined =>
    models.find((each) => each.name === model && each.version === version)?.answers;
  try {
    for (const each of kept) {
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
  }
}

/** Each version once, however many strategies ask it. */
function askedElsewhere(runners: readonly StrategyRunner[]): AskedElsewhere[] {
  const models = new Map<Answers, AskedElsewhere>();
  for (const { running } of runners) for (const model of elsewhereOf(running)) models.set(model.answers, model);
  return [...models.values()];
}

/** Looked up in every cycle: most strategies ask none. */
const known = new WeakMap<RunningStrategy, readonly AskedElsewhere[]>();

function elsewhereOf(running: RunningStrategy): readonly AskedElsewhere[] {
  const found = known.get(running);
  if (found) return found;
  const models = modelsGiven(running.definition, running.params).flatMap(({ served }) =>
    served.answers ? [{ ...served, answers: served.answers }] : [],
  );
  known.set(running, models);
  return models;
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
): Question[] {
  const before = runners.map((runner) => runner.checkpoint());
  for (const { answers } of models) answers.collect();
  try {
    prepareBars(engine, runners);
  } finally {
    for (const [k, runner] of runners.entries())
      runner.restore(fromCheckpointJson(before[k]) as unknown as StrategyCheckpoint);
  }
  return models.map((model) => ({ model, rows: model.answers.collected() }));
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
