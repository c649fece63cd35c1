import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { tradesCsvLines } from '../../core/backtest/csv.ts';
import { type Metrics, metricsJson, metricsOf } from '../../core/backtest/metrics.ts';
import { reportHtml } from '../../core/backtest/report.ts';
import { type BacktestResult, tradesOf } from '../../core/backtest/trades.ts';
import manifest from '../../package.json' with { type: 'json' };
import type { RecordedRun } from '../../platform/recorded-run.ts';
import { dataText, prepareRun, runPrepared, strategyText } from './recorded-backtest.ts';
import type { RunArguments } from './run-arguments.ts';
import { writePage, writing } from './written-file.ts';

export interface BacktestArguments extends RunArguments {
  readonly report?: string;
  readonly trades?: string;
}

/** Runs a strategy over recorded bars and prints what came of it. */
export async function backtest(given: BacktestArguments): Promise<void> {
  const prepared = await prepareRun(given);
  const startedAt = performance.now();
  const run = runPrepared(prepared);
  const ledgerSha256 = run.engine.journal.head();
  const elapsedMs = performance.now() - startedAt;
  const result: BacktestResult = { run, definition: prepared.definition, bars: prepared.bars };
  const metrics = metricsOf(result);
  if (given.trades !== undefined)
    await writing(given.trades, (path) =>
      pipeline(Readable.from(tradesCsvLines(tradesOf(result))), createWriteStream(path)),
    );
  if (given.report !== undefined) await writePage(given.report, reportOf(result, prepared));
  if (given.json) printJson(prepared, metrics, ledgerSha256, elapsedMs);
  else printText(prepared, metrics, run.engine.journal.sequence, ledgerSha256);
}

const reportOf = (result: BacktestResult, { source }: RecordedRun): string =>
  reportHtml({
    ...result,
    sources: [{ file: source.file, sha256: source.sha256 }],
    version: manifest.version,
    command: ['plimsoll', ...process.argv.slice(2)].map(quoted).join(' '),
  });

/** Paths without their folders: a report is shown to others. */
function quoted(argument: string): string {
  const shown = argument.includes('/') && /\.(parquet|csv|gz|html)$/.test(argument) ? basename(argument) : argument;
  return /^[\w./:=@-]+$/.test(shown) ? shown : JSON.stringify(shown);
}

function printJson(prepared: RecordedRun, metrics: Metrics, ledgerSha256: string, elapsedMs: number): void {
  const { source, definition } = prepared;
  const printed = {
    ...metricsJson(metrics),
    symbols: definition.instruments.map(({ symbol, priceDecimals, quantityDecimals }) => ({
      symbol,
      priceDecimals,
      quantityDecimals,
    })),
    timeframe: definition.timeframe,
    strategies: definition.strategies.map(({ id, params, codeHash }) => ({ id, params, codeHash })),
    ledgerSha256,
    provenance: { source: source.source, file: source.file, sha256: source.sha256, rows: source.rows },
    elapsedMs,
    barsPerSecond: Math.round(metrics.bars / (elapsedMs / 1_000)),
  };
  process.stdout.write(`${JSON.stringify(printed)}\n`);
}

function printText(prepared: RecordedRun, metrics: Metrics, events: number, ledgerSha256: string): void {
  const { definition } = prepared;
  const percent = (value: number): string => (Number.isNaN(value) ? 'not defined' : `${(value * 100).toFixed(2)} %`);
  const plain = (value: number): string => (Number.isNaN(value) ? 'not defined' : value.toFixed(2));
  const rows: [string, string][] = [
    ['Data', dataText(prepared)],
    ['Strategy', strategyText(prepared)],
    ['Bars', `${metrics.bars} in ${metrics.cycles} cycles`],
    [
      'Final equity',
      `${metrics.finalEquity.toFixed(2)} ${definition.currency} from ${metrics.initialEquity.toFixed(2)}`,
    ],
    ['Return', `${percent(metrics.totalReturn)}, buy and hold ${percent(metrics.buyAndHoldReturn)}`],
    ['CAGR', `${percent(metrics.cagr)}, volatility ${percent(metrics.volatility)}`],
    ['Sharpe', `${plain(metrics.sharpe)}, Sortino ${plain(metrics.sortino)}, Calmar ${plain(metrics.calmar)}`],
    ['Drawdown', `${percent(metrics.maxDrawdown)} over ${metrics.maxDrawdownBars} bars`],
    [
      'Trades',
      `${metrics.trades} (${metrics.fills} fills), ${percent(metrics.winRate)} won, profit factor ${plain(metrics.profitFactor)}`,
    ],
    ['Exposure', `${percent(metrics.exposure)}, turnover ${plain(metrics.turnover)} × equity`],
    ['Fees', `${metrics.fees.toFixed(2)}, funding and borrow ${metrics.funding.toFixed(2)}`],
    ['Ledger', `${events} events, ${ledgerSha256}`],
  ];
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(13)} ${value}\n`);
}
