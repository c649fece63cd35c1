/** How the commands of research print. */
import type { Json } from '../../../core/json.ts';
import type { RecordedRun } from '../../../platform/recorded-run.ts';
import { dataText, strategyText } from '../recorded-backtest.ts';

export const printJson = (value: object): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Which data a report is of. */
export const sourceOf = ({ definition, source }: RecordedRun) => ({
  symbols: definition.instruments.map(({ symbol }) => symbol),
  timeframe: definition.timeframe,
  provenance: { source: source.source, file: source.file, sha256: source.sha256, rows: source.rows },
});

/** Which data and strategies a report is of. */
export function provenanceOf(prepared: RecordedRun): object {
  const { symbols, timeframe, provenance } = sourceOf(prepared);
  return {
    symbols,
    timeframe,
    strategies: prepared.definition.strategies.map(({ id, params, codeHash }) => ({ id, params, codeHash })),
    provenance,
  };
}

export const line = (text = ''): boolean => process.stdout.write(`${text}\n`);
export const row = (name: string, value: string): boolean => line(`${name.padEnd(13)} ${value}`);

export function printHead(prepared: RecordedRun): void {
  row('Data', dataText(prepared));
  row('Strategy', strategyText(prepared));
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): void {
  const widths = rows[0].map((_, k) => Math.max(...rows.map((cells) => cells[k].length)));
  for (const cells of rows)
    line(cells.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]) : cell.padStart(widths[k]))).join('  '));
}

export const percent = (share: number): string =>
  Number.isNaN(share) ? 'not defined' : `${(share * 100).toFixed(2)} %`;
export const plain = (value: number): string => (Number.isNaN(value) ? 'not defined' : value.toFixed(2));
/** A probability or a p-value. */
export const chance = (value: number): string => value.toFixed(3);
/** A Sharpe ratio per period, which is small. */
export const small = (value: number): string => (Number.isNaN(value) ? 'not defined' : value.toFixed(4));

export const pointText = (point: Readonly<Record<string, Json>>): string =>
  Object.entries(point)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(' ');

/** What the returns of a run are of. */
export function periodsText(periods: number, barsPerPeriod: number, periodsPerYear: number): string {
  const what = barsPerPeriod === 1 ? 'bars' : `periods of ${barsPerPeriod} bars`;
  return `of ${periods} ${what}, ${Math.round(periodsPerYear)} a year, net of costs`;
}

export const threadsText = (threads: number): string => (threads === 1 ? 'one thread' : `${threads} threads`);
