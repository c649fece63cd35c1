import { asksElsewhere } from '../../core/models/evaluated-here.ts';
import type { StrategyRegistry } from '../../core/strategies/registry.ts';
import { withAsking } from '../../platform/models/asking-ahead.ts';
import type { ParityReport } from '../../platform/parity.ts';
import { embeddedParity } from '../../platform/parity-run.ts';
import { prepareRecordedRun, type RecordedRun } from '../../platform/recorded-run.ts';
import { progressLine } from './progress.ts';
import { type RunArguments, recordedRunOptions } from './run-arguments.ts';
import { modelsDirectory, strategiesFor } from './strategies-for.ts';

export interface ParityArguments extends RunArguments {
  readonly cloud?: boolean;
}

/** The local cloud is part of the tests, which the product does not import: only who asks for it loads it. */
async function cloudParity(run: RecordedRun, progress: (done: number, total: number) => void): Promise<ParityReport> {
  const module = await import(new URL('../../test/cloud/parity.ts', import.meta.url).href);
  return module.cloudParity(run, progress);
}

const laptopParity = (
  run: RecordedRun,
  registry: StrategyRegistry,
  progress: (done: number, total: number) => void,
): Promise<ParityReport> =>
  asksElsewhere(run.definition)
    ? withAsking(modelsDirectory(process.cwd()), (ask) => embeddedParity(run, registry, progress, ask))
    : embeddedParity(run, registry, progress);

/** Runs bars both ways and says whether the ledgers are one; exit code 1 where they are not. */
export async function parity(given: ParityArguments): Promise<void> {
  const registry = await strategiesFor(process.cwd());
  const run = await prepareRecordedRun(registry, recordedRunOptions(given));
  const progress = progressLine(given.cloud ? 'Running on the local cloud' : 'Running the live path');
  const report = given.cloud ? await cloudParity(run, progress) : await laptopParity(run, registry, progress);
  progress.end();
  print(report, given.json === true);
  if (!report.identical) process.exitCode = 1;
}

function print(report: ParityReport, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  process.stdout.write(
    `identical: ${report.identical}\nevents: ${report.events}\nledgerSha256: ${report.ledgerSha256}\n`,
  );
  if (!report.firstDifference) return;
  const { sequence, backtest, live } = report.firstDifference;
  process.stdout.write(
    `first difference at event ${sequence}\n  backtest: ${JSON.stringify(backtest)}\n  live:     ${JSON.stringify(live)}\n`,
  );
}
