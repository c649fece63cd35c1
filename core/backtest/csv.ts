import { formatInstant } from '../market/civil.ts';
import type { Trade } from './trades.ts';

/** The columns of the trades file, in order; append, never reorder. */
export const TRADE_COLUMNS = [
  'strategy',
  'symbol',
  'side',
  'status',
  'entry_time',
  'exit_time',
  'quantity',
  'entry_price',
  'exit_price',
  'fees',
  'funding',
  'profit',
  'return',
  'bars_held',
  'entry_reason',
  'exit_reason',
] as const;

/**
 * Trades as CSV (RFC 4180: comma, CRLF, quotes doubled), one line after the other, the header first. Times are ISO 8601 in UTC,
 * numbers plain decimals with a point, the return a fraction; what is not known is empty.
 */
export function* tradesCsvLines(trades: Iterable<Trade>): Generator<string> {
  yield line(TRADE_COLUMNS);
  for (const trade of trades) yield line(cellsOf(trade));
}

/** {@link tradesCsvLines} as one text. */
export const tradesCsv = (trades: Iterable<Trade>): string => [...tradesCsvLines(trades)].join('');

const cellsOf = (trade: Trade): string[] => [
  trade.strategy,
  trade.symbol,
  trade.side,
  trade.isOpen ? 'open' : 'closed',
  formatInstant(trade.entryTime),
  trade.exitTime === null ? '' : formatInstant(trade.exitTime),
  decimal(trade.quantity),
  decimal(trade.entryPrice),
  decimal(trade.exitPrice),
  decimal(trade.fees),
  decimal(trade.funding),
  decimal(trade.profit),
  decimal(trade.return),
  decimal(trade.barsHeld),
  trade.entryReason,
  trade.exitReason,
];

const line = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\r\n`;

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The most decimals that are written of a number so small that JavaScript would give it an exponent. */
const SMALLEST_DECIMALS = 18;

/** A number without an exponent, since not every reader of CSV knows those. */
function decimal(value: number): string {
  if (!Number.isFinite(value)) return '';
  const text = String(value);
  if (!text.includes('e')) return text;
  if (Math.abs(value) >= 1) return BigInt(value).toString();
  const fixed = value.toFixed(SMALLEST_DECIMALS).replace(/\.?0+$/, '');
  return Number(fixed) === 0 ? '0' : fixed;
}
