import { PROVENANCE_BADGES } from '../../backtest/report/input.ts';
import { pageHtml, section } from '../../backtest/report/page.ts';
import { gridTable, pairsTable } from '../../backtest/report/table.ts';
import { changeText, countText, decimalText, escapeHtml, percentText, timeText } from '../../backtest/report/text.ts';
import type { Provenance } from '../../ports/market-data.ts';
import { consensusOf } from './consensus.ts';
import type { MethodColumn } from './methods.ts';
import { placeOf, REGIMES } from './regime.ts';
import type { AxisReport, MethodFigures, RegimeReport } from './report.ts';
import type { Interval } from './transition-matrix.ts';

export interface RegimePage {
  readonly title: string;
  readonly provenance: Provenance;
  readonly report: RegimeReport;
  /** Of the bars of the report and of those before them. */
  readonly columns: readonly MethodColumn[];
  /** Name and SHA-256 of each file that it was made from. */
  readonly sources: readonly (readonly [name: string, sha256: string])[];
}

/** The columns in which a strip is drawn, each as most of its bars are. */
const STRIP_COLUMNS = 600;

/** Regimes side by side as one HTML page that needs nothing else. */
export function regimeReportHtml(page: RegimePage): string {
  const { title, provenance, report, columns, sources } = page;
  const span = `${timeText(report.from)} to ${timeText(report.to)} UTC`;
  return pageHtml({
    title,
    provenance,
    style: STYLE,
    body: `<header>
<h1>${escapeHtml(title)}</h1>
<p><span class="badge">${PROVENANCE_BADGES[provenance]}</span> ${span}</p>
<p>${countText(report.bars)} bars, none of which a method was fitted on; fitted on the ${countText(report.fitBars)} before them</p>
</header>
${report.axes.map((axis) => axisSection(axis, report, columns)).join('\n')}
${section('How it is measured', `<ul class="notes">${METHOD.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join('')}</ul>`)}
${section('Provenance', pairsTable('Files', sources))}`,
  });
}

const METHOD = [
  'A regime is told at the close of a bar, from that bar and those before it. Returns are of the bar after it.',
  'Returns are logarithmic, a year; the figure behind ± is one standard error, as if returns did not depend on each other.',
  'Disagreement is the entropy of the votes, as a share of that of three equal parts: 0 where all say the same.',
  'How long a regime lasts follows from how often it was kept from bar to bar; intervals are of 95 %.',
];

const STYLE = `
.strip{display:block;width:100%;height:1.1rem;border-radius:.2rem;background:var(--badge)}
.strip .r0{fill:#2b7bba}.strip .r1{fill:#b9c3cf}.strip .r2{fill:#c9472f}
.trend .r0{fill:#c9472f}.trend .r2{fill:#2f8f5b}
.strips{display:grid;grid-template-columns:max-content 1fr;gap:.3rem .8rem;align-items:center;font-size:.85rem;margin:0 0 1rem}
.regimes th:nth-child(n+3),.regimes td:nth-child(n+3){text-align:right}
.agreement th:nth-child(n+2),.agreement td:nth-child(n+2){text-align:right}
`;

function axisSection(axis: AxisReport, report: RegimeReport, columns: readonly MethodColumn[]): string {
  const all = [...axis.methods, axis.consensus];
  return section(
    axis.axis === 'volatility' ? 'Volatility' : 'Trend',
    `<p>Disagreement ${decimalText(axis.disagreement, 2)}; all methods agree on ${percentText(axis.unanimous)} of the bars. ${toldText(axis)}</p>
${strips(axis, report, columns)}
${gridTable({
  caption: 'By method and regime',
  class: 'regimes',
  columns: ['Method', 'Regime', 'Time', 'Return a year', '±', 'Volatility', 'Lasts (bars)', 'from', 'to'],
  rows: all.flatMap(methodRows),
  rowHeaders: true,
})}
${gridTable({
  caption: 'From one bar to the next, by the consensus',
  class: 'agreement',
  columns: ['', ...axis.consensus.transitions.regimes],
  rows: axis.consensus.transitions.rates.map((row, k) => [axis.consensus.transitions.regimes[k], ...row.map(rateText)]),
  rowHeaders: true,
})}
${gridTable({
  caption: 'How often two methods say the same',
  class: 'agreement',
  columns: ['', ...axis.methods.map(({ method }) => method)],
  rows: axis.methods.map(({ method }, k) => [method, ...axis.agreement[k].map(percentText)]),
  rowHeaders: true,
})}`,
  );
}

const rateText = ({ estimate, low, high }: Interval): string =>
  `${percentText(estimate)} (${percentText(low)} to ${percentText(high)})`;

function toldText({ toldApart: { volatilityRatio, returnDifference, standardErrors }, consensus }: AxisReport): string {
  const [first, , last] = consensus.regimes.map(({ regime }) => regime);
  return `By the consensus, ${last} moves ${decimalText(volatilityRatio, 2)} times as much as ${first}, and its return is ${changeText(returnDifference)} a year away: ${decimalText(standardErrors, 2)} standard errors.`;
}

function methodRows({ method, regimes, transitions }: MethodFigures): string[][] {
  return regimes.map(({ regime, share, meanReturn, meanReturnError, volatility }, k) => {
    const { estimate, low, high } = transitions.duration[k];
    const figures = [percentText(share), changeText(meanReturn), percentText(meanReturnError), percentText(volatility)];
    return [method, regime, ...figures, ...[estimate, low, high].map((bars) => decimalText(bars, 1))];
  });
}

function strips({ axis }: AxisReport, { fitBars }: RegimeReport, columns: readonly MethodColumn[]): string {
  const methods = columns.filter((column) => column.axis === axis);
  const consensus = consensusOf(
    axis,
    methods.map(({ regime }) => regime),
  );
  const drawn = [...methods, { method: 'consensus', regime: consensus.regime }].map(({ method, regime }) => {
    const name = escapeHtml(method);
    return `<span>${name}</span>${strip(axis, name, regime.subarray(fitBars))}`;
  });
  return `<div class="strips ${axis}">${drawn.join('\n')}</div>`;
}

function strip(axis: MethodColumn['axis'], name: string, regime: Float64Array): string {
  const width = Math.min(STRIP_COLUMNS, regime.length);
  let drawn = '';
  let begun = 0;
  let shown = -1;
  for (let x = 0; x <= width; x++) {
    const place = x === width ? -2 : mostOf(axis, regime, x / width, (x + 1) / width);
    if (place === shown) continue;
    if (shown >= 0) drawn += `<rect class="r${shown}" x="${begun}" width="${x - begun}" height="1"/>`;
    begun = x;
    shown = place;
  }
  const said = `${name}: ${REGIMES[axis].names.join(', ')} in time`;
  return `<svg class="strip" viewBox="0 0 ${width} 1" preserveAspectRatio="none" role="img" aria-label="${said}">${drawn}</svg>`;
}

/** The regime of most bars between two shares of a column; -1 where nothing is said of any. */
function mostOf(axis: MethodColumn['axis'], regime: Float64Array, from: number, to: number): number {
  const counts = [0, 0, 0];
  for (let t = Math.floor(from * regime.length); t < Math.floor(to * regime.length); t++) {
    const place = placeOf(axis, regime[t]);
    if (place >= 0) counts[place]++;
  }
  const most = Math.max(...counts);
  return most === 0 ? -1 : counts.indexOf(most);
}
