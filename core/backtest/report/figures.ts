/** The figures of a report: the headline, all metrics, the months and the trades. */
import { cardList } from './cards.ts';
import type { ReportFacts } from './input.ts';
import { monthlyReturns } from './monthly.ts';
import { type Cell, gridTable, pairsTable } from './table.ts';
import {
  changeText,
  countText,
  decimalsFor,
  decimalText,
  durationText,
  percentText,
  ratioText,
  signClass,
  timeText,
} from './text.ts';

/** The figures that are looked at first. */
export function headline({ metrics, definition }: ReportFacts): string {
  return cardList([
    ['Total return', changeText(metrics.totalReturn), signClass(metrics.totalReturn)],
    ['Buy and hold', changeText(metrics.buyAndHoldReturn), signClass(metrics.buyAndHoldReturn)],
    [`Final equity, ${definition.currency}`, decimalText(metrics.finalEquity, 2), ''],
    ['Sharpe ratio', ratioText(metrics.sharpe), ''],
    ['Largest drawdown', percentText(metrics.maxDrawdown), ''],
    ['Trades that ended', countText(metrics.trades), ''],
    ['Win rate', percentText(metrics.winRate), ''],
    [`Fees, ${definition.currency}`, decimalText(metrics.fees, 2), ''],
  ]);
}

export function metricsTables({ metrics, definition }: ReportFacts): string {
  const money = (value: number): string => `${decimalText(value, 2)} ${definition.currency}`;
  const returns = pairsTable('Return', [
    ['Total return', colored(metrics.totalReturn)],
    ['Buy and hold, mean of the instruments', colored(metrics.buyAndHoldReturn)],
    ['Return a year (CAGR)', colored(metrics.cagr)],
    ['Equity at first', money(metrics.initialEquity)],
    ['Equity at the end', money(metrics.finalEquity)],
    ['Fees paid', money(metrics.fees)],
    ['Funding and borrow costs', money(metrics.funding)],
  ]);
  const risk = pairsTable('Risk', [
    ['Volatility a year', percentText(metrics.volatility)],
    ['Sharpe ratio', ratioText(metrics.sharpe)],
    ['Sortino ratio', ratioText(metrics.sortino)],
    ['Calmar ratio', ratioText(metrics.calmar)],
    ['Largest drawdown', percentText(metrics.maxDrawdown)],
    ['… until the peak was reached again, or the end', durationText(metrics.maxDrawdownMs)],
    ['Longest time below a peak', `${countText(metrics.longestDrawdownBars)} cycles`],
  ]);
  const trades = pairsTable('Trades', [
    ['Trades that ended', countText(metrics.trades)],
    ['Trades open at the end, marked at the last close', countText(metrics.openTrades)],
    ['Win rate', percentText(metrics.winRate)],
    ['Profit factor', ratioText(metrics.profitFactor)],
    ['Profit of a trade, mean', money(metrics.averageProfit)],
    ['Return of a trade: mean', colored(metrics.averageReturn)],
    ['… best', colored(metrics.bestReturn)],
    ['… worst', colored(metrics.worstReturn)],
    ['Bars held, mean', decimalText(metrics.averageBarsHeld, 1)],
  ]);
  const activity = pairsTable('Activity', [
    ['Bars', countText(metrics.bars)],
    ['Cycles', countText(metrics.cycles)],
    ['Fills', countText(metrics.fills)],
    ['Time in the market', percentText(metrics.exposure)],
    ['Turnover, times the mean equity', ratioText(metrics.turnover)],
  ]);
  return `<div class="columns">${returns}${risk}${trades}${activity}</div>`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function monthlyTable({ run, definition, badge }: ReportFacts): string {
  const years = monthlyReturns(run.times, run.equity, definition.cash);
  return gridTable({
    caption: `Returns by month in UTC (${badge})`,
    class: 'months',
    columns: ['Year', ...MONTHS, 'Total'],
    rowHeaders: true,
    rows: years.map(({ year, months, total }) => [
      String(year),
      ...months.map((value): Cell => (Number.isNaN(value) ? '' : colored(value))),
      colored(total),
    ]),
  });
}

/** The latest trades that are listed; all of them are in the CSV file. */
const LISTED_TRADES = 200;

export function tradesTable(facts: ReportFacts): string {
  const { trades, badge } = facts;
  const listed = trades.slice(-LISTED_TRADES);
  const which =
    listed.length < trades.length ? `The last ${listed.length} of ${countText(trades.length)} trades` : 'All trades';
  return gridTable({
    caption: `${which} (${badge})`,
    class: 'trades',
    columns: [
      'Instrument',
      'Side',
      'Entry',
      'Exit',
      'Quantity',
      'Entry price',
      'Exit price',
      'Profit',
      'Return',
      'Bars',
      'Why in',
      'Why out',
      'Strategy',
    ],
    rowHeaders: false,
    rows: listed.map((trade) => tradeRow(facts, trade)),
  });
}

function tradeRow({ run }: ReportFacts, trade: ReportFacts['trades'][number]): Cell[] {
  const instrument = run.engine.markets.find((market) => market.instrument.symbol === trade.symbol)?.instrument;
  const price = (value: number): Cell => number(decimalText(value, instrument?.priceDecimals ?? decimalsFor(value)));
  return [
    { text: trade.symbol, class: 'nowrap' },
    trade.side,
    { text: timeText(trade.entryTime), class: 'nowrap' },
    { text: trade.exitTime === null ? 'open' : timeText(trade.exitTime), class: 'nowrap' },
    number(decimalText(trade.quantity, decimalsFor(trade.quantity))),
    price(trade.entryPrice),
    price(trade.exitPrice),
    { text: decimalText(trade.profit, 2), class: `number ${signClass(trade.profit)}`.trim() },
    { text: changeText(trade.return), class: `number ${signClass(trade.return)}`.trim() },
    number(countText(trade.barsHeld)),
    { text: trade.entryReason, class: 'reason' },
    { text: trade.exitReason, class: 'reason' },
    { text: trade.strategy, class: 'nowrap' },
  ];
}

const number = (text: string): Cell => ({ text, class: 'number' });

const colored = (fraction: number): Cell => ({ text: changeText(fraction), class: signClass(fraction) });
