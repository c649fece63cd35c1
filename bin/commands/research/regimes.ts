import { readBarFile } from '../../../adapters/files/bar-file.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import { timeframeMs } from '../../../core/market/timeframe.ts';
import { regimeReportHtml } from '../../../core/models/regimes/html.ts';
import { US_RULES } from '../../../core/models/regimes/macro.ts';
import { type RegimeMethods, regimeMethods } from '../../../core/models/regimes/methods.ts';
import {
  type AxisReport,
  assertLaterBars,
  type MethodFigures,
  type RegimeReport,
  regimeReport,
} from '../../../core/models/regimes/report.ts';
import { writePage } from '../written-file.ts';
import { readMacroFile } from './macro-file.ts';
import { line, percent, plain, printJson, row, table } from './print.ts';

export interface RegimesArguments {
  readonly bars: string;
  readonly symbol?: string;
  /** ms UTC; methods are fitted on the bars that closed by then. Without it, on the first 60 %. */
  readonly fitUntil?: number;
  readonly states: number;
  readonly clusters: number;
  readonly seed: number;
  readonly macro?: string;
  /** Days from the begin of a period to the publication of its figure, by series. */
  readonly publicationLag?: Readonly<Record<string, string | number | boolean>>;
  readonly report?: string;
  readonly json?: boolean;
}

const DEFAULT_FIT_SHARE = 0.6;

/** Tells regimes by several methods, and what each was worth after the bars that it was fitted on. */
export async function regimes(given: RegimesArguments): Promise<void> {
  const file = await readBarFile(given.bars, given.symbol === undefined ? {} : { symbol: given.symbol });
  const [[symbol, bars]] = file.bars;
  const timeframe = file.timeframes.get(symbol);
  if (timeframe === undefined)
    throw new PlimsollError('USAGE', `the bars of ${given.bars} are of no known timeframe`, 'give more of them');
  const intervalMs = timeframeMs(timeframe);
  const fitBars = fitBarsOf(bars, given.fitUntil, intervalMs);
  assertLaterBars(bars, fitBars);
  const macro =
    given.macro === undefined
      ? undefined
      : await readMacroFile(
          given.macro,
          US_RULES.map(({ series }) => series),
          lagsOf(given.publicationLag ?? {}),
        );
  const found = regimeMethods(bars, {
    ...{ fitBars, intervalMs, states: given.states, clusters: given.clusters, seed: given.seed },
    ...(macro === undefined ? {} : { macro: { observations: macro.rows, rules: US_RULES } }),
  });
  const report = regimeReport(bars, found.columns, fitBars);
  const sources = [file.provenance, ...(macro === undefined ? [] : [macro])].map(
    ({ file: name, sha256 }) => [name, sha256] as const,
  );
  if (given.report !== undefined) {
    const title = `Regimes of ${symbol}, ${timeframe}`;
    await writePage(
      given.report,
      regimeReportHtml({ title, provenance: 'recorded', report, columns: found.columns, sources }),
    );
  }
  if (given.json) {
    const { hmm, clusters } = found;
    return void printJson({ symbol, timeframe, seed: given.seed, ...report, models: { hmm, clusters }, sources });
  }
  row('Data', `${symbol} ${timeframe}, recorded (${file.provenance.file})`);
  printReport(report, found, bars);
}

/** Bars that closed by then. */
function fitBarsOf({ timestamp, length }: BarColumns, until: number | undefined, intervalMs: number): number {
  if (until === undefined) return Math.floor(length * DEFAULT_FIT_SHARE);
  const first = timestamp.findIndex((opened) => opened + intervalMs > until);
  return first < 0 ? length : first;
}

function lagsOf(given: Readonly<Record<string, unknown>>): Record<string, number> {
  return Object.fromEntries(Object.entries(given).map(([series, days]) => [series, Number(days)]));
}

function printReport(report: RegimeReport, { hmm, clusters }: RegimeMethods, bars: BarColumns): void {
  row('Fitted on', `${report.fitBars} bars, the last of ${formatInstant(bars.timestamp[report.fitBars - 1])}`);
  row('Judged on', `${report.bars} bars, ${formatInstant(report.from)} to ${formatInstant(report.to)}`);
  row(
    'Models',
    `${hmm.start.length} states (log likelihood ${plain(hmm.logLikelihood)}, ${hmm.converged ? 'converged' : 'NOT converged'} in ${hmm.iterations}), ${clusters.centroids.length} clusters of ${clusters.features.join(', ')}`,
  );
  for (const axis of report.axes) printAxis(axis);
  line('\nReturns are of the bar after the one at whose close the regime was told; ± is one standard error.');
}

function printAxis(axis: AxisReport): void {
  const all = [...axis.methods, axis.consensus];
  line();
  table([
    [
      axis.axis === 'volatility' ? 'Volatility' : 'Trend',
      'regime',
      'time',
      'return',
      '±',
      'volatility',
      'lasts',
      '95 %',
    ],
    ...all.flatMap(methodRows),
  ]);
  line();
  table([
    ['Same regime', ...axis.methods.map(({ method }) => method), 'changes', 'says nothing'],
    ...axis.methods.map(({ method, changes, unknown }, k) => [
      method,
      ...axis.agreement[k].map(percent),
      `${changes}`,
      percent(unknown),
    ]),
  ]);
  row('Disagreement', `${plain(axis.disagreement)} of 1; all agree on ${percent(axis.unanimous)} of the bars`);
  row('Reading', readingOf(axis));
}

/** Differences of mean returns of fewer standard errors come out of chance one time in twenty. */
const TOLD_APART_ERRORS = 1.96;

function readingOf({
  toldApart: { volatilityRatio, returnDifference, standardErrors },
  consensus,
}: AxisReport): string {
  const [first, , last] = consensus.regimes.map(({ regime }) => regime);
  const isTold = Math.abs(standardErrors) > TOLD_APART_ERRORS;
  return `${last} moves ${plain(volatilityRatio)} times as much as ${first}; its return is ${percent(returnDifference)} a year away, ${plain(standardErrors)} standard errors: ${isTold ? 'more than chance would, if it was the one look' : 'not told from chance'}`;
}

function methodRows({ method, regimes, transitions }: MethodFigures): string[][] {
  return regimes.map(({ regime, share, meanReturn, meanReturnError, volatility }, k) => {
    const { estimate, low, high } = transitions.duration[k];
    return [
      method,
      regime,
      percent(share),
      percent(meanReturn),
      percent(meanReturnError),
      percent(volatility),
      barsText(estimate),
      `${barsText(low)} to ${barsText(high)}`,
    ];
  });
}

const barsText = (bars: number): string => (Number.isFinite(bars) ? bars.toFixed(1) : '–');
