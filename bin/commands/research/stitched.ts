/** How what a walk forward came to is printed, whichever way it decided. */
import { formatInstant } from '../../../core/market/civil.ts';
import type { StitchedAbout, StitchedDocument } from '../../../core/research/report/stitched-document.ts';
import manifest from '../../../package.json' with { type: 'json' };
import type { RecordedRun } from '../../../platform/recorded-run.ts';
import { commandText } from './command-text.ts';
import { chance, percent, plain, row, table } from './print.ts';

/** What a document says of the run that it is of. */
export function aboutRun({ definition, source }: RecordedRun) {
  const { provenance, strategies, instruments, timeframe, currency, cash, moneyDecimals } = definition;
  const [{ id, codeHash, params }] = strategies;
  return {
    version: manifest.version,
    command: commandText(),
    provenance,
    sources: [{ file: source.file, sha256: source.sha256 }],
    strategy: id,
    codeHash,
    params: JSON.parse(JSON.stringify(params)),
    symbols: instruments.map(({ symbol }) => symbol),
    timeframe,
    currency,
    deposit: cash / 10 ** moneyDecimals,
  } satisfies Partial<StitchedAbout>;
}

/** What the test windows came to together, against holding, and at other costs. */
export function printStitched({ outOfSample, benchmark, costs, windows, currency }: StitchedDocument): void {
  row(
    'Out of sample',
    `Sharpe ${plain(outOfSample.sharpe)}, return ${percent(outOfSample.totalReturn)}, drawdown ${percent(outOfSample.maxDrawdown)}, ${outOfSample.trades} trades in ${outOfSample.bars} bars; ${outOfSample.windowsWithProfit} of ${windows.length} windows with a profit`,
  );
  row(
    'Holding',
    `Sharpe ${plain(benchmark.sharpe)}, return ${percent(benchmark.totalReturn)}, drawdown ${percent(benchmark.maxDrawdown)} in the same windows`,
  );
  row('Exposure', `${percent(outOfSample.exposure)} of the bars, turnover ${plain(outOfSample.turnover)} × equity`);
  row(
    'Costs',
    `${costs.atMultiples.map(({ multiple, totalReturn }) => `${percent(totalReturn)} at ${multiple} ×`).join(', ')}; fees of ${plain(costs.fees)} ${currency}`,
  );
}

/** The luck of as many trials, and what may be doubted. */
export function printDoubts({ probabilisticSharpe, deflation, question, doubts, missing }: StitchedDocument): void {
  if (!Number.isNaN(probabilisticSharpe)) row('Above 0', `with ${chance(probabilisticSharpe)}`);
  if (deflation) {
    const { counted, effective, luck, deflatedSharpe } = deflation;
    const of = question === null ? 'of this run alone' : `for "${question}"`;
    row(
      'Deflated',
      `${chance(deflatedSharpe)} above the luck of ${counted} trials ${of} (worth ${effective.toFixed(1)}), ${plain(luck)} a year; strict, since none was chosen on these bars`,
    );
  } else row('Deflated', 'not known: no other trial is counted (--question)');
  for (const doubt of doubts) row('Doubt', doubt);
  for (const { figure, why } of missing) row('Missing', `${figure}: ${why}`);
}

/** Of a document that was read: nothing that is in sample. */
export function printDocument(walk: StitchedDocument): void {
  const isTrained = walk.way === 'retrained';
  row(
    'Data',
    `${walk.symbols.join(', ')} ${walk.timeframe}, ${walk.provenance} (${walk.sources[0]?.file ?? 'no file'})`,
  );
  row('Strategy', `${walk.strategy} ${JSON.stringify(walk.params)}, ${walk.way} in each window`);
  table([
    ['Test window', isTrained ? 'version' : 'chosen', 'Sharpe', 'return', 'drawdown', 'trades'],
    ...walk.windows
      .slice(-MOST_SHOWN)
      .map((each) => [
        `${formatInstant(each.from)} to ${formatInstant(each.to)}`,
        each.decidedBy,
        plain(each.sharpe),
        percent(each.totalReturn),
        percent(each.maxDrawdown),
        `${each.trades}`,
      ]),
  ]);
  if (walk.foresight) printForesight(walk.foresight);
  printStitched(walk);
  printDoubts(walk);
}

/** Windows that are printed. */
export const MOST_SHOWN = 40;

export function printForesight(foresight: NonNullable<StitchedDocument['foresight']>): void {
  const { rows, refused, logLoss, baseline, accuracy, gained } = foresight;
  const test = gained === null ? '' : ` (p ${chance(gained.pValue)}, two-sided)`;
  const unanswered = refused === 0 ? '' : `, ${refused} more without an answer`;
  row(
    'Foretold',
    `log loss ${logLoss.toFixed(5)}, baseline ${baseline.toFixed(5)}: gained ${(baseline - logLoss).toFixed(5)} nats a bar${test}; ${percent(accuracy)} right of ${rows} bars${unanswered}`,
  );
}
