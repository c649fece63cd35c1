/** A walk forward as one page that needs no network: first what is out of sample, and on paper on a page of its own how it came to be. */
import { cardList } from '../../backtest/report/cards.ts';
import { chartHtml } from '../../backtest/report/chart.ts';
import { PROVENANCE_BADGES } from '../../backtest/report/input.ts';
import { pageHtml, section } from '../../backtest/report/page.ts';
import { listOf } from '../../backtest/report/provenance.ts';
import { gridTable, pairsTable } from '../../backtest/report/table.ts';
import {
  changeText,
  countText,
  decimalText,
  escapeHtml,
  percentText,
  ratioText,
  signClass,
  timeText,
} from '../../backtest/report/text.ts';
import { benchmarkTable, chance, colored, daysTables, doubtsList, multiplesTable, STYLE, statesTable } from './html.ts';
import type { StitchedDocument } from './stitched-document.ts';

const HELD =
  'Buying all instruments evenly before the first test window and keeping them through all of them, without fees';

/** One HTML file without scripts, fonts or requests. What is in sample is on its second page alone. */
export function stitchedHtml(walk: StitchedDocument): string {
  const title = `${walk.strategy} on ${listOf(walk.symbols)}, ${walk.timeframe}: walk forward, out of sample`;
  const { benchmark } = walk;
  return pageHtml({
    title,
    provenance: walk.provenance,
    style: STYLE,
    body: `<div class="first">${header(walk, title)}
${doubtsList(walk)}
${headline(walk)}
${section('Test windows', windowsTable(walk))}
${walk.foresight ? section('What the models knew', foresightTable(walk.foresight)) : ''}
${section('Luck', luckTable(walk))}
${section('Equity', charts(walk))}
${section('Against buying and holding', benchmarkTable({ benchmark, periodsPerYear: benchmark.periodsPerYear, how: HELD }))}
${section('Costs', costTables(walk))}
${section('By kind of market', statesTable(walk))}
${section('Days', daysTables(walk))}</div>
<div class="second">${walk.inSample ? section('In sample, beside it', inSampleTable(walk, walk.inSample)) : ''}
${section('How this was made', notes(walk))}</div>`,
  });
}

const decided = ({ way }: StitchedDocument): string =>
  way === 'retrained'
    ? 'a model that was trained on the bars before it'
    : 'parameters that were chosen on the bars before it';

function header(walk: StitchedDocument, title: string): string {
  const { windows, provenance, sources } = walk;
  const files = sources.map(({ file }) => file).join(', ');
  return `<header>
<h1>${escapeHtml(title)}</h1>
<p><span class="badge">${escapeHtml(PROVENANCE_BADGES[provenance])}</span> ${escapeHtml(files)}</p>
<p>${timeText(windows[0].from)} to ${timeText(windows[windows.length - 1].to)} UTC in ${countText(windows.length)} test windows, each traded with ${decided(walk)}. Everything on this page is of these windows alone, one after another, net of costs.</p>
</header>`;
}

function headline({ outOfSample, benchmark, deflation, costs, currency }: StitchedDocument): string {
  return cardList([
    ['Total return', changeText(outOfSample.totalReturn), signClass(outOfSample.totalReturn)],
    ['Buy and hold', changeText(benchmark.totalReturn), signClass(benchmark.totalReturn)],
    ['Sharpe ratio a year', ratioText(outOfSample.sharpe), ''],
    ['Deflated', deflation ? decimalText(deflation.deflatedSharpe, 3) : 'not known', ''],
    ['Largest drawdown', percentText(outOfSample.maxDrawdown), ''],
    ['Time in the market', percentText(outOfSample.exposure), ''],
    ['Turnover, times the mean equity', ratioText(outOfSample.turnover), ''],
    [`Costs paid, ${currency}`, decimalText(costs.fees - costs.funding, 2), ''],
  ]);
}

function windowsTable({ windows, way }: StitchedDocument): string {
  const isTrained = way === 'retrained';
  return gridTable({
    caption: `${isTrained ? 'Each with the version that was trained before it' : 'Each with the parameters that were chosen before it'}, from nothing held and the first deposit`,
    class: 'numbers',
    columns: [
      'Test window (UTC)',
      isTrained ? 'Version' : 'Chosen',
      'Return',
      'Sharpe a year',
      'Drawdown',
      'Trades',
      'Fees',
      ...(isTrained ? ['Log loss', 'Baseline'] : []),
    ],
    rowHeaders: true,
    rows: windows.map((each) => [
      `${timeText(each.from)} to ${timeText(each.to)}`,
      each.decidedBy,
      colored(each.totalReturn),
      ratioText(each.sharpe),
      percentText(each.maxDrawdown),
      countText(each.trades),
      decimalText(each.fees, 2),
      ...(isTrained
        ? [decimalText(each.foretold?.logLoss ?? Number.NaN, 5), decimalText(each.foretold?.baseline ?? Number.NaN, 5)]
        : []),
    ]),
  });
}

function foresightTable(foresight: NonNullable<StitchedDocument['foresight']>): string {
  const { rows, refused, logLoss, baseline, accuracy, gained } = foresight;
  return pairsTable('Of bars whose outcome was known before the next window began', [
    ['Bars', refused > 0 ? `${countText(rows)}, and ${countText(refused)} without an answer` : countText(rows)],
    ['Log loss, nats a bar', decimalText(logLoss, 5)],
    ['… of who knows how often prices rose before each window, and nothing else', decimalText(baseline, 5)],
    [
      'Gained over that',
      gained
        ? `${decimalText(gained.difference, 5)}, p ${chance(gained.pValue)} (stationary bootstrap, two-sided)`
        : '–',
    ],
    ['On the right side of a half', percentText(accuracy)],
  ]);
}

function luckTable(walk: StitchedDocument): string {
  const { moments, probabilisticSharpe, trackRecord, deflation, barsPerYear, question } = walk;
  const length = (bars: StitchedDocument['trackRecord']): string =>
    bars === null
      ? '–'
      : bars === 'for ever'
        ? bars
        : `${countText(Math.ceil(bars))} bars, ${ratioText(bars / barsPerYear)} years`;
  return pairsTable(`Of ${moments ? countText(moments.observations) : 'no'} bars out of sample`, [
    ['Above 0, had it been the only trial', chance(probabilisticSharpe)],
    [
      'Trials counted',
      deflation
        ? `${countText(deflation.counted)} ${question === null ? 'of this run alone' : `for “${question}”`}, worth ${decimalText(deflation.effective, 1)} independent ones`
        : 'none but this: no question was named, or nothing was tried for it',
    ],
    ['Sharpe ratio a year of the best of as many without skill', deflation ? ratioText(deflation.luck) : '–'],
    ['Above that luck (deflated Sharpe ratio; 0.95 is usual)', chance(deflation?.deflatedSharpe ?? null)],
    ['Length of record that tells it from 0 with 95 %', length(trackRecord)],
    ['… from that luck', length(deflation?.trackRecord ?? null)],
    [
      'Skewness and kurtosis of the returns',
      moments ? `${ratioText(moments.skewness)}, ${ratioText(moments.kurtosis)}` : '–',
    ],
  ]);
}

function charts({ curve, provenance, currency, deposit }: StitchedDocument): string {
  const badge = PROVENANCE_BADGES[provenance];
  const common = { badge, kind: 'equity', level: deposit, axis: 'value' } as const;
  const line = { times: curve.times, length: curve.times.length, scale: 1 / deposit };
  return (
    chartHtml({
      ...common,
      id: 'equity',
      title: `The test windows one after another, in ${currency}`,
      description: 'Compounded, net of costs, out of sample. The dashed line is the deposit.',
      line: { ...line, values: curve.equity },
    }) +
    chartHtml({
      ...common,
      id: 'benchmark',
      title: `The same deposit in the instruments, bought and held through the same windows, in ${currency}`,
      description: 'Of buying and holding, without fees. The dashed line is the deposit.',
      line: { ...line, values: curve.held },
    })
  );
}

function costTables({ costs, currency }: StitchedDocument): string {
  const money = (value: number): string => `${decimalText(value, 2)} ${currency}`;
  return (
    pairsTable('Paid, by windows that each begin with the first deposit', [
      ['Fees', money(costs.fees)],
      ['Funding and borrow costs', money(-costs.funding)],
      [
        'Nothing is left of the profit at',
        costs.breakEven === null ? 'no multiple that was run' : `${ratioText(costs.breakEven)} times the costs`,
      ],
    ]) + multiplesTable(costs)
  );
}

const inSampleTable = ({ windows }: StitchedDocument, { meanSharpe, sharpes }: Sampled): string =>
  gridTable({
    caption: `Sharpe ratios a year, in sample ${ratioText(meanSharpe)} on average of the chosen`,
    class: 'numbers',
    columns: ['Test window (UTC)', 'In sample, before it', 'Out of sample'],
    rowHeaders: true,
    rows: windows.map(({ from, to, sharpe }, k) => [
      `${timeText(from)} to ${timeText(to)}`,
      ratioText(sharpes[k] ?? Number.NaN),
      ratioText(sharpe),
    ]),
  });

type Sampled = NonNullable<StitchedDocument['inSample']>;

function notes(walk: StitchedDocument): string {
  const { training, test, sources, version, missing, codeHash, params, command } = walk;
  const learned = walk.way === 'retrained' ? 'learned from' : 'chosen on';
  const before = training.anchored
    ? `all bars before it, ${countText(training.bars)} for the first`
    : `the ${countText(training.bars)} bars before it`;
  const embargo = training.embargo > 0 ? `, but for the last ${countText(training.embargo)}` : '';
  const sentences = [
    `What decides in a window of ${countText(test.bars)} bars was ${learned} ${before}${embargo}. The next window begins ${countText(test.step)} bars later; ${countText(test.leftOver)} bars at the end fill none.`,
    'Each window begins with nothing held and the first deposit; indicators are warmed up on the bars before it. What is held at its end is valued at the last close, without the fee of a sale. The windows are compounded.',
    `The strategy is ${walk.strategy} ${JSON.stringify(params)}, SHA-256 of its code ${codeHash}.`,
    ...walk.notes,
    'What one order can carry was not looked at: `research report --split` says it of one run.',
    ...missing.map(({ figure, why }) => `Missing is ${figure}: ${why}.`),
    ...sources.map(({ file, sha256 }) => `Bars: ${file}, SHA-256 ${sha256}.`),
    `Made by Plimsoll ${version}.`,
  ];
  return `<ul class="notes">${sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join('')}</ul>
<p>The same walk again:</p><pre>${escapeHtml(command)}</pre>`;
}
