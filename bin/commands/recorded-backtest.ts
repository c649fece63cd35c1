/** What every command over recorded bars begins with. */
import type { BacktestRun } from '../../core/backtest/run.ts';
import { asksElsewhere } from '../../core/models/evaluated-here.ts';
import { runGuarded } from '../../functions/support/guarded-backtest.ts';
import { askAhead } from '../../platform/models/ask-ahead.ts';
import { withAsking } from '../../platform/models/asking-ahead.ts';
import { assertRowsFor } from '../../platform/models/batches/batches-at-hand.ts';
import { prepareRecordedRun, type RecordedRun } from '../../platform/recorded-run.ts';
import { progressLine, withProgress } from './progress.ts';
import { type RunArguments, recordedRunOptions } from './run-arguments.ts';
import { modelsDirectory, strategiesFor } from './strategies-for.ts';

/** The bars and the strategies that were asked for; models that are asked elsewhere have answered about all bars. */
export async function prepareRun(given: RunArguments): Promise<RecordedRun> {
  const run = await prepareRecordedRun(await strategiesFor(process.cwd()), recordedRunOptions(given));
  assertRowsFor(run.definition, run.bars);
  if (asksElsewhere(run.definition)) await askedAhead(run);
  return run;
}

async function askedAhead({ definition, bars }: RecordedRun): Promise<void> {
  const progress = progressLine('Asking models');
  try {
    await withAsking(modelsDirectory(process.cwd()), (ask) => askAhead(definition, bars, ask, progress));
  } finally {
    progress.end();
  }
}

export const runPrepared = ({ definition, bars }: RecordedRun): BacktestRun =>
  withProgress('Running', (onProgress) => runGuarded(definition, bars, onProgress));

export const dataText = ({ definition, source }: RecordedRun): string =>
  `${definition.instruments.map(({ symbol }) => symbol).join(', ')} ${definition.timeframe}, recorded (${source.file})`;

export const strategyText = ({ definition }: RecordedRun): string =>
  definition.strategies.map(({ id, params }) => `${id} ${JSON.stringify(params)}`).join('; ');
