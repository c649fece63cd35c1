/** The report as one page that needs no network; on paper, what is in sample begins a page of its own. */

import { metricsOf } from '../../backtest/metrics.ts';
import { cardList } from '../../backtest/report/cards.ts';
import { chartHtml } from '../../backtest/report/chart.ts';
import { type BarSource, PROVENANCE_BADGES } from '../../backtest/report/input.ts';
import { pageHtml, section } from '../../backtest/report/page.ts';
import { listOf, strategiesTable } from '../../backtest/report/provenance.ts';
import { type Cell, gridTable, pairsTable } from '../../backtest/report/table.ts';
import {
  changeText,
  countText,
  dateText,
  decimalText,
  escapeHtml,
  percentText,
  ratioText,
  signClass,
  timeText,
} from '../../backtest/report/text.ts';
import { shortfallOf } from '../../backtest/shortfall.ts';
import { tradesOf } from '../../backtest/trades.ts';
import { type Capacity, PARTICIPATION_LIMIT } from './capacity.ts';
import type { DatedDay, Examined, ScepticReport } from './sceptic.ts';

export interface ScepticPage extends Examined {
  readonly sources: readonly BarSource[];
  /** Of Plimsoll. */
  readonly version: string;
  /** The command that makes the same report again. */
  readonly command: string;
  /** Whose trials are counted; undefined where none was named. */
  readonly question: string | undefined;
}

/** Rules of a report for a sceptic, on one page or two. */
export const STYLE = `.doubts{background:var(--card);border:1px solid var(--edge);border-left:.3rem solid var(--fall);border-radius:.3rem;padding:.7rem 1rem .7rem 2rem;margin:1rem 0}
.doubts.none{border-left-color:var(--up)}
@media print{.second{break-before:page}}`;

/** What a table against holding is made of. */
export interface AgainstHolding {
  readonly benchmark: Omit<ScepticReport['benchmark'], 'sharpeDifference' | 'meanDifference'> & {
    readonly sharpeDifference: Tested | null;
    readonly meanDifference: Tested | null;
  };
  readonly periodsPerYear: number;
  readonly how: string;
}

/** Per period. */
interface Tested {
  readonly difference: number;
  readonly pValue: number;
}

/** One HTML file without scripts, fonts or requests. */
export function scepticHtml(page: ScepticPage): string {
  const { definition } = page.runs.outOfSample;
  const title = `${listOf(definition.strategies.map(({ id }) => id))} on ${listOf(definition.instruments.map(({ symbol }) => symbol))}, ${definition.timeframe}: out of sample`;
  return pageHtml({
    title,
    provenance: definition.provenance,
    style: STYLE,
    body: `<div class="first">${header(page, title)}
${doubtsList(page.report)}
${headline(page)}
${section('Luck', luckTable(page))}
${section('Equity', charts(page))}
${section('Against buying and holding', benchmarkTable({ ...page.report, how: 'Buying all instruments evenly at the split and keeping them, without fees' }))}
${section('Costs', costTables(page))}
${section('Capacity', capacityTable(page))}
${section('By kind of market', statesTable(page.report))}
${section('Days', daysTables(page.report))}</div>
<div class="second">${section('In sample, beside it', bothTable(page.report))}
${section('Parameters', strategiesTable(factsOf(page)))}
${section('How this was made', notes(page))}</div>`,
  });
}

function header({ report, sources, runs }: ScepticPage, title: string): string {
  const badge = PROVENANCE_BADGES[runs.outOfSample.definition.provenance];
  const files = sources.map(({ file }) => file).join(', ');
  return `<header>
<h1>${escapeHtml(title)}</h1>
<p><span class="badge">${escapeHtml(badge)}</span> ${escapeHtml(files)}</p>
<p>${timeText(report.outOfSample.from)} to ${timeText(report.outOfSample.to)} UTC. Everything on this page is of these bars alone, net of costs; nothing is said to have been chosen on them.</p>
</header>`;
}

export function doubtsList({ doubts }: Pick<ScepticReport, 'doubts'>): string {
  if (doubts.length === 0)
    return '<p class="doubts none">None of the questions below gives a reason to doubt it, on these bars and with the trials that were counted.</p>';
  return `<ul class="doubts">${doubts.map((doubt) => `<li>${escapeHtml(doubt)}</li>`).join('')}</ul>`;
}

function headline({ report, runs }: ScepticPage): string {
  const { metrics } = report.outOfSample;
  const { currency } = runs.outOfSample.definition;
  return cardList([
    ['Total return', changeText(metrics.totalReturn), signClass(metrics.totalReturn)],
    ['Buy and hold', changeText(report.benchmark.totalReturn), signClass(report.benchmark.totalReturn)],
    ['Sharpe ratio a year', ratioText(metrics.sharpe), ''],
    ['Deflated', report.deflation ? decimalText(report.deflation.deflatedSharpe, 3) : 'not known', ''],
    ['Largest drawdown', percentText(metrics.maxDrawdown), ''],
    ['Time in the market', percentText(metrics.exposure), ''],
    ['Turnover, times the mean equity', ratioText(metrics.turnover), ''],
    [`Costs paid, ${currency}`, decimalText(metrics.fees - metrics.funding, 2), ''],
  ]);
}

function luckTable({ report, question }: ScepticPage): string {
  const { moments, probabilisticSharpe, trackRecord, deflation, periodsPerYear } = report;
  const root = Math.sqrt(periodsPerYear);
  const length = (periods: number): string =>
    Number.isFinite(periods)
      ? `${countText(Math.ceil(periods))} periods, ${ratioText(periods / periodsPerYear)} years`
      : 'for ever';
  return pairsTable(`Of ${moments ? countText(moments.observations) : 'no'} periods out of sample`, [
    ['Above 0, had it been the only trial', chance(probabilisticSharpe)],
    [
      'Trials counted',
      deflation
        ? `${countText(deflation.counted)} for “${question}”, each as independent`
        : 'none but this: no question was named, or nothing was tried for it',
    ],
    ['Sharpe ratio a year of the best of as many without skill', deflation ? ratioText(deflation.luck * root) : '–'],
    ['Above that luck (deflated Sharpe ratio; 0.95 is usual)', chance(deflation?.deflatedSharpe ?? null)],
    ['Length of record that tells it from 0 with 95 %', trackRecord === null ? '–' : length(trackRecord)],
    ['… from that luck', deflation ? length(deflation.trackRecord) : '–'],
    [
      'Skewness and kurtosis of the returns',
      moments ? `${ratioText(moments.skewness)}, ${ratioText(moments.kurtosis)}` : '–',
    ],
  ]);
}

function charts({ runs, held }: ScepticPage): string {
  const { definition, run } = runs.outOfSample;
  const { times, equity } = run;
  const badge = PROVENANCE_BADGES[definition.provenance];
  const deposit = definition.cash / run.engine.moneyScale;
  const common = { badge, kind: 'equity', level: deposit, axis: 'value' } as const;
  const line = { times, length: times.length };
  return (
    chartHtml({
      ...common,
      id: 'equity',
      title: `Equity in ${definition.currency}`,
      description: 'Of the strategy, out of sample. The dashed line is the deposit.',
      line: { ...line, values: equity, scale: run.engine.moneyScale },
    }) +
    chartHtml({
      ...common,
      id: 'benchmark',
      title: `The same deposit in the instruments, bought and held, in ${definition.currency}`,
      description: 'Of buying and holding, without fees. The dashed line is the deposit.',
      line: { ...line, values: held, scale: 1 / deposit },
    })
  );
}

/** Differences are told a year; `how` is the caption. */
export function benchmarkTable({ benchmark, periodsPerYear, how }: AgainstHolding): string {
  const { sharpeDifference, meanDifference } = benchmark;
  const tested = (value: string, p: number | undefined): string => (p === undefined ? '–' : `${value}, p ${chance(p)}`);
  return pairsTable(how, [
    ['Total return', colored(benchmark.totalReturn)],
    ['Sharpe ratio a year', ratioText(benchmark.sharpe)],
    ['Largest drawdown', percentText(benchmark.maxDrawdown)],
    ['Correlation with it', ratioText(benchmark.correlation)],
    ['Beta to it', ratioText(benchmark.beta)],
    ['Mean return a year beyond beta', colored(benchmark.alpha)],
    [
      'Sharpe ratio a year above it (Ledoit and Wolf)',
      tested(ratioText((sharpeDifference?.difference ?? 0) * Math.sqrt(periodsPerYear)), sharpeDifference?.pValue),
    ],
    [
      'Mean return a year above it',
      tested(changeText((meanDifference?.difference ?? 0) * periodsPerYear), meanDifference?.pValue),
    ],
  ]);
}

function costTables(page: ScepticPage): string {
  const { report, runs } = page;
  const { costs, outOfSample } = report;
  const { currency } = runs.outOfSample.definition;
  const money = (value: number): string => `${decimalText(value, 2)} ${currency}`;
  const gross = costs.atMultiples.find(({ multiple }) => multiple === 0);
  return (
    pairsTable('Paid', [
      ['Fees', money(costs.fees)],
      ['Funding and borrow costs', money(-costs.funding)],
      ['Fees as a share of the deposit', percentText(costs.fees / outOfSample.metrics.initialEquity)],
      ['Return without fees, slippage and spread', gross ? colored(gross.totalReturn) : '–'],
      [
        'Nothing is left of the profit at',
        costs.breakEven === null ? 'no multiple that was run' : `${ratioText(costs.breakEven)} times the costs`,
      ],
    ]) + multiplesTable(costs)
  );
}

export const multiplesTable = ({ atMultiples }: Pick<ScepticReport['costs'], 'atMultiples'>): string =>
  gridTable({
    caption: 'The same bars with fees, slippage and spread at a multiple of what was assumed',
    class: 'numbers',
    columns: ['Times', 'Return'],
    rowHeaders: true,
    rows: atMultiples.map(({ multiple, totalReturn }) => [`${multiple}`, colored(totalReturn)]),
  });

function capacityTable({ report, runs }: ScepticPage): string {
  const { capacity } = report;
  if ('because' in capacity) return `<p>Not known: ${escapeHtml(capacity.because)}.</p>`;
  return (
    pairsTable('Square-root impact, all of it paid, and shares of the recorded volume', [
      ...impactRows(capacity, runs.outOfSample.definition.currency),
      ['Share of its bar’s volume that a fill takes: median', percentText(capacity.participation.median)],
      ['… 95 % of the fills are below', percentText(capacity.participation.percentile95)],
      ['… largest', percentText(capacity.participation.largest)],
      [
        `Deposit at which 95 % of the fills take ${percentText(PARTICIPATION_LIMIT)} or less`,
        decimalText(capacity.participationLimit, 0),
      ],
      [
        'Fills counted, and left out for want of volume',
        `${countText(capacity.fills)}, ${countText(capacity.leftOut)}`,
      ],
    ]) +
    '<p class="quiet">An order of Q moves the price by σ √(Q / V) of itself: σ is the deviation of daily returns and V the daily volume of the 30 days before it (Tóth and others, 2011, with a factor of 1). An account m times as large earns m times as much and pays m^1.5 times the impact.</p>'
  );
}

function impactRows(capacity: Capacity, currency: string): [string, Cell][] {
  const size = (deposit: number | null): string =>
    deposit === null ? 'there is no profit to take' : `${decimalText(deposit, 0)} ${currency}`;
  return [
    ['Impact at this size, an order', `${decimalText(capacity.impactBps, 2)} basis points`],
    ['… of all orders, as a share of the deposit', percentText(capacity.impactShare)],
    ['Deposit at which impact takes half of the profit', size(capacity.halfProfit)],
    ['… all of it', size(capacity.noProfit)],
  ];
}

export const statesTable = ({ states }: Pick<ScepticReport, 'states'>): string =>
  gridTable({
    caption:
      'Days by what the market was when they began: above or below its mean of 50 days, more or less volatile than usual until then',
    class: 'numbers',
    columns: ['Market', 'Days', 'Return', 'Buy and hold', 'Sharpe a year', 'Worst day'],
    rowHeaders: true,
    rows: states.map((each) => [
      each.state,
      countText(each.days),
      colored(each.totalReturn),
      colored(each.benchmarkReturn),
      ratioText(each.sharpe),
      colored(each.worstDay),
    ]),
  });

export function daysTables({
  worstDays,
  bestDays,
  withoutBestDays,
}: Pick<ScepticReport, 'worstDays' | 'bestDays' | 'withoutBestDays'>): string {
  const table = (caption: string, days: readonly DatedDay[]): string =>
    gridTable({
      caption,
      class: 'numbers',
      columns: ['Day (UTC)', 'Return', 'Buy and hold'],
      rowHeaders: true,
      rows: days.map(({ day, return: value, benchmark }) => [dateText(day), colored(value), colored(benchmark)]),
    });
  return `<div class="columns">${table('Worst days', worstDays)}${table('Best days', bestDays)}</div>
<p>Without its best ${bestDays.length} days the return would be ${changeText(withoutBestDays)}.</p>`;
}

function bothTable({ inSample, outOfSample }: ScepticReport): string {
  const rows: [string, (metrics: ScepticReport['inSample']['metrics']) => Cell][] = [
    ['Total return', ({ totalReturn }) => colored(totalReturn)],
    ['Return a year', ({ cagr }) => colored(cagr)],
    ['Sharpe ratio a year', ({ sharpe }) => ratioText(sharpe)],
    ['Largest drawdown', ({ maxDrawdown }) => percentText(maxDrawdown)],
    ['Buy and hold', ({ buyAndHoldReturn }) => colored(buyAndHoldReturn)],
    ['Trades that ended', ({ trades }) => countText(trades)],
    ['Win rate', ({ winRate }) => percentText(winRate)],
    ['Time in the market', ({ exposure }) => percentText(exposure)],
    ['Turnover', ({ turnover }) => ratioText(turnover)],
  ];
  return gridTable({
    caption: `${timeText(inSample.from)} to ${timeText(inSample.to)} UTC is in sample`,
    class: 'numbers',
    columns: ['', 'In sample', 'Out of sample'],
    rowHeaders: true,
    rows: rows.map(([name, of]) => [name, of(inSample.metrics), of(outOfSample.metrics)]),
  });
}

function notes({ report, runs, sources, version, command }: ScepticPage): string {
  const { definition } = runs.outOfSample;
  const sentences = [
    'The account out of sample begins at the split with nothing held and the first deposit; indicators are warmed up on the bars before it. What is held at the end is valued at the last close.',
    'That nothing was chosen on the bars out of sample is the word of whoever made the report: this look at them is counted as a trial of the question.',
    `Ratios a year are those of ${definition.timeframe} bars; the tests take periods of ${report.barsPerPeriod} bars.`,
    ...report.missing.map(({ figure, why }) => `Missing is ${figure}: ${why}.`),
    ...sources.map(({ file, sha256 }) => `Bars: ${file}, SHA-256 ${sha256}.`),
    `Made by Plimsoll ${version}.`,
  ];
  return `<ul class="notes">${sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join('')}</ul>
<p>The same report again:</p><pre>${escapeHtml(command)}</pre>`;
}

/** What the tables of a backtest's report are made from. */
function factsOf({ runs, sources, version }: ScepticPage) {
  const { outOfSample } = runs;
  return {
    ...outOfSample,
    sources,
    version,
    metrics: metricsOf(outOfSample),
    trades: [...tradesOf(outOfSample)],
    shortfall: shortfallOf(outOfSample),
    badge: PROVENANCE_BADGES[outOfSample.definition.provenance],
  };
}

export const colored = (value: number): Cell => ({ text: changeText(value), class: signClass(value) });
export const chance = (value: number | null): string => (value === null ? '–' : decimalText(value, 3));
