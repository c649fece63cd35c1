import { metricsOf } from './metrics.ts';
import { equityCharts, priceCharts } from './report/charts.ts';
import { executionTable } from './report/execution.ts';
import { headline, metricsTables, monthlyTable, tradesTable } from './report/figures.ts';
import { PROVENANCE_BADGES, type ReportFacts, type ReportInput } from './report/input.ts';
import { pageHtml, section } from './report/page.ts';
import { assumptions, listOf, provenanceTable, strategiesTable } from './report/provenance.ts';
import { escapeHtml, timeText } from './report/text.ts';
import { shortfallOf } from './shortfall.ts';
import { tradesOf } from './trades.ts';

export type { ReportInput } from './report/input.ts';

/**
 * A run as one HTML page that needs nothing else: no script, no font, no request (its own policy forbids them). Charts are inline
 * SVG of a bounded number of points, so that a page of a million bars stays below some 300 kB.
 */
export function reportHtml(input: ReportInput): string {
  const facts: ReportFacts = {
    ...input,
    metrics: metricsOf(input),
    trades: [...tradesOf(input)],
    shortfall: shortfallOf(input),
    badge: PROVENANCE_BADGES[input.definition.provenance],
  };
  const title = titleOf(facts);
  return pageHtml({
    title,
    provenance: input.definition.provenance,
    body: `${header(facts, title)}
${headline(facts)}
${section('Equity', equityCharts(facts))}
${section('Price and trades', priceCharts(facts))}
${section('Metrics', metricsTables(facts))}
${section('Months', monthlyTable(facts))}
${section('Trades', tradesTable(facts))}
${section('Execution', executionTable(facts))}
${section('Parameters', strategiesTable(facts))}
${section('Assumptions', assumptions(facts))}
${section('Provenance', provenanceTable(facts) + commandOf(facts))}`,
  });
}

function titleOf({ definition }: ReportFacts): string {
  const strategies = listOf(definition.strategies.map(({ id }) => id));
  const symbols = listOf(definition.instruments.map(({ symbol }) => symbol));
  return `Backtest of ${strategies} on ${symbols}, ${definition.timeframe}`;
}

function header({ run, sources, badge }: ReportFacts, title: string): string {
  const { times } = run;
  const period = times.length === 0 ? 'no bars' : `${timeText(times[0])} to ${timeText(times[times.length - 1])} UTC`;
  const files = sources.map(({ file }) => file).join(', ');
  return `<header>
<h1>${escapeHtml(title)}</h1>
<p><span class="badge">${escapeHtml(badge)}</span> ${escapeHtml(files)}</p>
<p>${period}</p>
</header>`;
}

const commandOf = ({ command }: ReportFacts): string =>
  command === undefined ? '' : `<p>The same run again:</p><pre>${escapeHtml(command)}</pre>`;
