import { type ChartInput, chartHtml, type Mark } from './chart.ts';
import type { ReportFacts } from './input.ts';
import { changeText, decimalText, percentText } from './text.ts';

/** Instruments that get a price chart; a report of a thousand would be read by nobody. */
const PRICE_CHARTS = 6;

export function equityCharts(facts: ReportFacts): string {
  const { run, definition, metrics, badge } = facts;
  const { times, equity } = run;
  if (times.length === 0) return '';
  const scale = run.engine.moneyScale;
  return (
    chartHtml({
      id: 'equity',
      title: `Equity in ${definition.currency}`,
      description: `From ${decimalText(metrics.initialEquity, 2)} to ${decimalText(metrics.finalEquity, 2)}: ${changeText(metrics.totalReturn)}. The dashed line is the deposit.`,
      badge,
      kind: 'equity',
      line: { times, values: equity, scale, length: times.length },
      level: metrics.initialEquity,
      axis: 'value',
    }) + drawdownChart(facts)
  );
}

function drawdownChart({ run, definition, metrics, badge }: ReportFacts): string {
  const { times, equity } = run;
  const html = chartHtml({
    id: 'drawdown',
    title: 'Drawdown from the highest equity so far',
    description: `At its deepest ${percentText(metrics.maxDrawdown)} below the peak.`,
    badge,
    kind: 'depth',
    line: { times, values: depths(equity, definition.cash), scale: 1, length: times.length },
    axis: 'percent',
  });
  return `<div class="depth-chart">${html}</div>`;
}

function depths(equity: Float64Array, deposit: number): Float64Array {
  const values = new Float64Array(equity.length);
  let peak = deposit;
  for (let k = 0; k < equity.length; k++) {
    if (equity[k] > peak) peak = equity[k];
    values[k] = equity[k] / peak - 1;
  }
  return values;
}

/** The price of each instrument with its entries and exits. */
export function priceCharts(facts: ReportFacts): string {
  const { markets } = facts.run.engine;
  const charts = markets.slice(0, PRICE_CHARTS).map((_, index) => chartHtml(priceChart(facts, index)));
  const left = markets.length - charts.length;
  return charts.join('\n') + (left > 0 ? `<p class="quiet">${left} more instruments are not drawn.</p>` : '');
}

function priceChart({ run, bars, trades, badge }: ReportFacts, index: number): ChartInput {
  const { instrument, at, intervalMs, priceScale, timestamp } = run.engine.markets[index];
  const { symbol } = instrument;
  const close = bars.get(symbol)?.close ?? new Float64Array(0);
  const length = at + 1;
  // A close is known when its bar ends: the line and the fills stand on the same clock as the equity.
  const times = timestamp.subarray(0, length).map((open) => open + intervalMs);
  const marks = trades.filter((trade) => trade.symbol === symbol).flatMap(marksOf);
  return {
    id: `price-${index}`,
    title: `${symbol}, close in ${instrument.quote}`,
    description: `The closing price, with ${marks.length} entries and exits of the strategies.`,
    badge,
    kind: 'price',
    line: { times, values: close, scale: priceScale, length },
    marks: marks.sort((a, b) => a.time - b.time),
    axis: 'value',
  };
}

function marksOf(trade: ReportFacts['trades'][number]): Mark[] {
  const entry: Mark = {
    kind: trade.side === 'long' ? 'entry-long' : 'entry-short',
    time: trade.entryTime,
    value: trade.entryPrice,
  };
  return trade.exitTime === null ? [entry] : [entry, { kind: 'exit', time: trade.exitTime, value: trade.exitPrice }];
}
