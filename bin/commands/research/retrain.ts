/** A walk forward that trains a model in each window, and trades the window with what it learned before it. */
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { loadStrategies } from '../../../adapters/files/strategy-sources.ts';
import { barsPerYear } from '../../../core/backtest/metrics.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { historyBars } from '../../../core/research/recursive.ts';
import { doubtsAboutForesight } from '../../../core/research/report/reading.ts';
import { deflationBy } from '../../../core/research/report/sceptic.ts';
import { type StitchedDocument, stitchedDocument } from '../../../core/research/report/stitched-document.ts';
import { stitchedReport } from '../../../core/research/report/stitched-report.ts';
import { barsHashOf, trialKeyOf } from '../../../core/research/trials.ts';
import { foresightOf } from '../../../core/research/walk-forward/foretold.ts';
import { RetrainedWalk } from '../../../core/research/walk-forward/retrained.ts';
import { judgeStitched } from '../../../core/research/walk-forward/stitched.ts';
import type { WindowOptions } from '../../../core/research/walk-forward/windows.ts';
import { prepareRecordedRun, type RecordedRun } from '../../../platform/recorded-run.ts';
import { type AskingAccount, askingAccount, modelAsked } from '../../../platform/research/asking-account.ts';
import { type ModelRecipe, recipeOfModel, recipeOfTable } from '../../../platform/research/model-recipe.ts';
import {
  type PlannedWindow,
  planWalk,
  type WalkedWindow,
  walkRetrained,
} from '../../../platform/research/retrained-walk.ts';
import { WindowModels } from '../../../platform/research/window-models.ts';
import { directoryOf } from '../models/arguments.ts';
import { progressLine } from '../progress.ts';
import { type RunArguments, recordedRunOptions } from '../run-arguments.ts';
import { guardedSweep } from './guarded-sweep.ts';
import { printJson, sourceOf } from './print.ts';
import { meansOf, notesOn, printWalk, windowJson } from './retrain-print.ts';
import { statementOf } from './retrain-statement.ts';
import { aboutRun } from './stitched.ts';
import { type Question, type QuestionArguments, questionOf } from './trials-file.ts';

/** Of `--retrain` alone. */
export interface RetrainArguments {
  /** Whose features, label and hyperparameters are taken; the champion, or the latest, when left out. */
  readonly of?: string;
  /** Path of a table whose features and label are taken in place of a version's. */
  readonly table?: string;
  /** Hyperparameters, over those of the version. */
  readonly modelSet: Readonly<Record<string, string | number | boolean>>;
  readonly embargoBars: number;
  readonly mostTrainings: number;
  /** Minutes that one training may take. */
  readonly within: number;
  /** Say what it would take, and train nothing. */
  readonly plan?: boolean;
}

type Given = RunArguments &
  QuestionArguments &
  WindowOptions &
  RetrainArguments & { readonly draws: number; readonly seed: number };

const MINUTE_MS = 60_000;

/** Throws `USAGE` where the strategy asks no model, or several; and as the bars, the registry and the trainings do. */
export async function retrainForward(given: Given): Promise<void> {
  const question = await questionOf(given);
  const walk = await prepared(given);
  const { request, recipe, hyperparameters, run } = walk;
  const key = trialKeyOfWalk(given, walk);
  // Refused now rather than after the trainings.
  question.assertRoom([key]);
  const planned = await planWalk(request);
  for (const said of statementOf(planned, { recipe, hyperparameters, withinMs: given.within * MINUTE_MS }))
    process.stderr.write(`${said}\n`);
  if (given.plan === true) {
    for (const each of planned) await request.models.discard(each);
    process.stderr.write('Nothing was trained.\n');
    return;
  }
  const walked = await walkedThrough(walk, planned);
  const document = await judged(given, walk, walked, { ...question, key });
  if (given.json) printJson({ ...jsonOf(given, walk, walked), stitched: document });
  else printWalk({ run, recipe, hyperparameters, walked }, document);
}

function jsonOf(given: Given, { run, recipe, hyperparameters, request }: Prepared, walked: readonly WalkedWindow[]) {
  const { from, features, label } = recipe;
  return {
    strategy: given.strategy[0],
    set: given.set,
    question: given.question ?? null,
    retrained: { from, features, label, hyperparameters },
    trainBars: given.trainBars,
    testBars: given.testBars,
    step: given.step ?? given.testBars,
    anchored: given.anchored === true,
    embargoBars: given.embargoBars,
    leftOver: request.walk.leftOver,
    windows: walked.map(windowJson),
    ...sourceOf(run),
  };
}

interface Prepared {
  readonly run: RecordedRun;
  readonly recipe: ModelRecipe;
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
  readonly account: AskingAccount;
  readonly request: Parameters<typeof planWalk>[0];
}

async function prepared(given: Given): Promise<Prepared> {
  const [strategy, ...others] = given.strategy;
  if (others.length > 0)
    throw new PlimsollError('USAGE', '--retrain was given with several strategies', 'walk forward with one at a time');
  const directory = directoryOf(given);
  const strategies = await loadStrategies(process.cwd());
  const name = modelAsked(strategies, strategy, given.set);
  const recipe =
    given.table === undefined
      ? await recipeOfModel(directory, name, given.of)
      : await recipeOfTable(resolve(given.table), name);
  const account = askingAccount(strategies, name);
  const run = await prepareRecordedRun(account.untrained, recordedRunOptions(given));
  const { timeframe } = run.definition;
  if (timeframe !== recipe.timeframe)
    throw new PlimsollError(
      'USAGE',
      `the cycles are of ${timeframe}, and ${recipe.from} is of ${recipe.timeframe} bars`,
      `give --timeframe ${recipe.timeframe}, or bars of it`,
    );
  const { features, label } = recipe;
  const { trainBars, testBars, step, anchored, embargoBars, mostTrainings } = given;
  const options = { trainBars, testBars, ...(step === undefined ? {} : { step }), anchored: anchored === true };
  const walk = new RetrainedWalk(run.bars, { ...options, features, label, embargoBars, run: guardedSweep });
  const hyperparameters = { ...recipe.hyperparameters, ...given.modelSet };
  const models = new WindowModels({
    ...{ directory, name, hyperparameters, by: userInfo().username, withinMs: given.within * MINUTE_MS },
    environment: process.env,
    now: () => Date.now(),
  });
  const { file, source } = run.source;
  return {
    ...{ run, recipe, hyperparameters, account },
    request: {
      ...{ walk, models, timeframe, features, label, mostTrainings },
      symbol: run.instruments[0].symbol,
      source: { file, provenance: source },
    },
  };
}

/** Ctrl-C ends the training at work, whose finished units are kept. */
async function walkedThrough(
  { request, account, run }: Prepared,
  planned: readonly PlannedWindow[],
): Promise<readonly WalkedWindow[]> {
  const progress = progressLine('Training');
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop);
  const left = planned.filter(({ version }) => version === undefined).length;
  let trained = 0;
  try {
    return await walkRetrained(request, planned, account.of(run.definition), {
      onProgress: (done, of) => progress(Math.round(1_000 * done), 1_000 * of),
      onWindow({ wasThere, seconds, version }) {
        if (wasThere || ++trained !== 1 || left < 2) return;
        progress.end();
        const more = Math.ceil(((left - 1) * seconds) / 60);
        process.stderr.write(`${version} took ${seconds.toFixed(1)} s; the other ${left - 1} some ${more} min\n`);
      },
      signal: stopping.signal,
      clock: () => performance.now(),
    });
  } finally {
    progress.end();
    process.removeListener('SIGINT', stop);
  }
}

/** The same strategy and recipe on the same bars, in the same windows, are one trial. */
function trialKeyOfWalk(given: Given, { run, recipe, hyperparameters }: Prepared): string {
  const { trainBars, testBars, step = testBars, anchored = false, embargoBars } = given;
  const { definition, bars } = run;
  const { features, label } = recipe;
  const [{ codeHash, params }] = definition.strategies;
  const retrained = { features, label, hyperparameters, trainBars, testBars, step, anchored, embargoBars };
  return trialKeyOf({
    ...{ codeHash, timeframe: definition.timeframe, barsHash: barsHashOf(bars) },
    params: { strategy: params, retrained },
  });
}

/** The windows together, deflated by the other trials of the question; this walk is kept as one. */
async function judged(
  given: Given,
  { run, recipe, hyperparameters, request }: Prepared,
  walked: readonly WalkedWindow[],
  question: Question & { readonly key: string },
): Promise<StitchedDocument> {
  const { draws, seed, trainBars, testBars, step = testBars, anchored = false, embargoBars } = given;
  const { definition, bars } = run;
  const { key } = question;
  const earlier = question.earlier([key]);
  const perYear = barsPerYear(definition);
  const figures = judgeStitched(walked, (moments) => deflationBy(moments, moments.sharpe, earlier, perYear));
  const windows = walked.map((window) => ({
    ...window,
    decidedBy: window.version,
    foretold: meansOf(window.foretold),
  }));
  const warmUpBars = historyBars(walked[0].definition);
  const report = stitchedReport(definition, walked, bars, figures, { warmUpBars, draws, seed, run: guardedSweep });
  await question.keep([{ key, sharpe: figures.outOfSample.sharpe * Math.sqrt(report.barsPerYear) }]);
  const foresight = foresightOf(
    walked.map(({ foretold }) => foretold),
    { draws, seed },
  );
  return stitchedDocument(
    {
      ...aboutRun(run),
      way: 'retrained',
      question: given.question ?? null,
      training: { bars: trainBars, anchored, embargo: embargoBars },
      test: { bars: testBars, step, warmUp: warmUpBars, leftOver: request.walk.leftOver },
      windows,
      foresight,
      notes: notesOn({ recipe, hyperparameters, walked }),
      inSample: null,
    },
    { ...report, doubts: [...doubtsAboutForesight(foresight), ...report.doubts] },
  );
}
