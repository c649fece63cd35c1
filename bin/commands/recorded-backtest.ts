/** What every command over recorded bars begins with. */
import type { BacktestRun } from '../../core/backtest/run.ts';
import { runGuarded } from '../../functions/support/guarded-backtest.ts';
import { prepareRecordedRun, type RecordedRun } from '../../platform/recorded-run.ts';
import { withProgress } from './progress.ts';
import { type RunArguments, recordedRunOptions } from './run-arguments.ts';
import { strategiesFor } from './strategies-for.ts';

/** The bars and the strategies that were asked for. */
export async function prepareRun(given: RunArguments): Promise<RecordedRun> {
  return prepareRecordedRun(await strategiesFor(process.cwd()), recordedRunOptions(given));
}

export const runPrepared = ({ definition, bars }: RecordedRun): BacktestRun =>
  withProgress('Running', (onProgress) => runGuarded(definition, bars, onProgress));

export const dataText = ({ definition, source }: RecordedRun): string =>
  `${definition.instruments.map(({ symbol }) => symbol).join(', ')} ${definition.timeframe}, recorded (${source.file})`;

export const strategyText = ({ definition }: RecordedRun): string =>
  definition.strategies.map(({ id, params }) => `${id} ${JSON.stringify(params)}`).join('; ');
