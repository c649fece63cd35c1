/** How a walk forward with trainings is told. */
import { formatInstant } from '../../../core/market/civil.ts';
import { meanOf } from '../../../core/research/overfitting/sample.ts';
import type { StitchedDocument } from '../../../core/research/report/stitched-document.ts';
import type { Foretold } from '../../../core/research/walk-forward/foretold.ts';
import type { RecordedRun } from '../../../platform/recorded-run.ts';
import type { ModelRecipe } from '../../../platform/research/model-recipe.ts';
import type { WalkedWindow } from '../../../platform/research/retrained-walk.ts';
import { dataText } from '../recorded-backtest.ts';
import { line, percent, plain, row, table } from './print.ts';
import { MOST_SHOWN, printDoubts, printForesight, printStitched } from './stitched.ts';

export interface ToldWalk {
  readonly run: RecordedRun;
  readonly recipe: ModelRecipe;
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
  readonly walked: readonly WalkedWindow[];
}

/** Mean losses, nats a row; NaN without a row. */
export const meansOf = ({ losses, baseline }: Foretold) => ({
  rows: losses.length,
  logLoss: meanOf(losses),
  baseline: meanOf(baseline),
});

/** By window, as JSON. */
export const windowJson = ({ test, version, learned, wasThere, seconds, outOfSample, foretold }: WalkedWindow) => ({
  test,
  version,
  learned: { from: learned.span.from, until: learned.span.to, rows: learned.rows, leftOut: learned.leftOut },
  upShare: learned.upShare,
  wasThere,
  seconds,
  outOfSample,
  foretold: { ...meansOf(foretold), right: foretold.right, refused: foretold.refused },
});

/** What somebody has to know who reads the figures. */
export function notesOn({ recipe, hyperparameters, walked }: Omit<ToldWalk, 'run'>): string[] {
  const { from, features, label, trained } = recipe;
  const settings = Object.entries(hyperparameters).map(([name, value]) => `${name}=${value}`);
  const knows = trained !== undefined && trained.until > walked[0].test.from;
  return [
    `Each version is trained by the job of \`plimsoll models train\`, on the features and the label of ${from}: ${features.length} features, ${JSON.stringify(label)}${settings.length > 0 ? `, ${settings.join(' ')}` : ''}.`,
    'A row is learned from where its label was known before the test window. Rows whose label is decided after their test window are in no log loss.',
    `Features, label, hyperparameters and the strategy are the same in every window: ${knows ? `${from} knows the market until ${formatInstant(trained.until)}, and ` : ''}what they owe to bars of the test windows is not undone here.`,
    'The versions are kept in research/walk-forward of the data directory, apart from the models that decide: none of them can be promoted.',
  ];
}

export function printWalk(told: ToldWalk, document: StitchedDocument): void {
  const { run, recipe, walked } = told;
  const { strategy, params, training, test, windows, foresight } = document;
  row('Data', dataText(run));
  row('Strategy', `${strategy} ${JSON.stringify(params)}, trained anew as ${recipe.from}`);
  row(
    'Windows',
    `${windows.length}: training ${training.anchored ? 'anchored, from' : 'of'} ${training.bars} bars, the last ${training.embargo} of them left out; test of ${test.bars}, warm-up of ${test.warmUp}; the last ${test.leftOver} bars left over`,
  );
  line();
  table([
    ['Test window', 'version', 'rows', 'log loss', 'baseline', 'Sharpe', 'return', 'drawdown', 'trades'],
    ...walked.slice(-MOST_SHOWN).map(({ version, learned }, k) => {
      const each = windows[Math.max(0, windows.length - MOST_SHOWN) + k];
      return [
        `${formatInstant(each.from)} to ${formatInstant(each.to)}`,
        version,
        `${learned.rows}`,
        loss(each.foretold?.logLoss),
        loss(each.foretold?.baseline),
        plain(each.sharpe),
        percent(each.totalReturn),
        percent(each.maxDrawdown),
        `${each.trades}`,
      ];
    }),
  ]);
  if (windows.length > MOST_SHOWN) line(`the last ${MOST_SHOWN} of ${windows.length}; --json has all`);
  line();
  if (foresight) printForesight(foresight);
  printStitched(document);
  printDoubts(document);
  for (const note of notesOn(told).slice(-2)) row('Note', note);
}

const loss = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? 'none' : value.toFixed(5);
