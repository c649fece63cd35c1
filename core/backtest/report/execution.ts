/** What executing the orders of a run cost beside their decisions, by algorithm. */
import type { ShortfallAverage } from '../../execution/shortfall.ts';
import type { ReportFacts } from './input.ts';
import { gridTable } from './table.ts';
import { countText, decimalText } from './text.ts';

export function executionTable({ shortfall, definition }: ReportFacts): string {
  if (shortfall.length === 0) return '<p>No order has ended.</p>';
  return gridTable({
    caption: 'Implementation shortfall, in basis points of what was decided',
    class: 'numbers',
    columns: ['Sent', 'Orders', 'Delay', 'Execution', 'Fees', 'Opportunity', 'Total', `Total, ${definition.currency}`],
    rows: shortfall.map((average) => rowOf(average, definition.moneyDecimals)),
    rowHeaders: true,
  });
}

function rowOf({ algorithm, orders, bps, money }: ShortfallAverage, moneyDecimals: number): string[] {
  const share = (value: number): string => decimalText(value, 2);
  return [
    algorithm ?? 'as one order',
    countText(orders),
    share(bps.delay),
    share(bps.execution),
    share(bps.fees),
    share(bps.opportunity),
    share(bps.total),
    decimalText(Number(money.total) / 10 ** moneyDecimals, 2),
  ];
}
