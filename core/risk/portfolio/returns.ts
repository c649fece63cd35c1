/** Returns of recorded bars, one column an instrument. */
import type { BarColumns } from '../../market/bars.ts';
import { invalid } from './sample.ts';

/** Returns of several instruments over the same periods. */
export interface ReturnTable {
  readonly instruments: readonly string[];
  /** In the order of `instruments`, all of one length. */
  readonly columns: readonly Float64Array[];
}

/** Instruments that one table may hold. */
export const MAX_INSTRUMENTS = 1_000;

/** A table with its lengths checked. Throws `RISK_INPUT_INVALID`. */
export function returnTable(columns: ReadonlyMap<string, Float64Array>): ReturnTable {
  const table = { instruments: [...columns.keys()], columns: [...columns.values()] };
  assertTable(table);
  return table;
}

/** Throws `RISK_INPUT_INVALID` where a table has no column, too many, doubles, or columns of different lengths. */
export function assertTable({ instruments, columns }: ReturnTable): void {
  if (columns.length === 0 || columns.length > MAX_INSTRUMENTS)
    throw invalid(`the returns are of ${columns.length} instruments`, `pass 1 to ${MAX_INSTRUMENTS} of them`);
  if (instruments.length !== columns.length || new Set(instruments).size !== instruments.length)
    throw invalid('the returns do not have one name a column', 'name every column once');
  const uneven = columns.findIndex((column) => column.length !== columns[0].length);
  if (uneven >= 0) {
    throw invalid(
      `${instruments[uneven]} has ${columns[uneven].length} returns and ${instruments[0]} has ${columns[0].length}`,
      'align the series first',
    );
  }
}

/** `close[i] / close[i-1] - 1`, one fewer than there are bars. Adjusted for splits only where the bars are. */
export function closeReturns({ close, length }: BarColumns): Float64Array {
  const returns = new Float64Array(Math.max(0, length - 1));
  for (let k = 1; k < length; k++) returns[k - 1] = close[k] / close[k - 1] - 1;
  return returns;
}

export interface AlignedReturns extends ReturnTable {
  /** Open (ms UTC) of the bar at whose close each return ends. */
  readonly times: Float64Array;
  /** Bars of each instrument that were left out, since another had none at that time. */
  readonly unmatched: ReadonlyMap<string, number>;
}

/**
 * Returns between the times at which all instruments have a bar. A time that one of them lacks is left out for all, and the next
 * return then covers the longer period: nothing is filled in. Throws `RISK_INPUT_INVALID` without instruments.
 */
export function alignedReturns(bars: ReadonlyMap<string, BarColumns>): AlignedReturns {
  const series = [...bars.values()];
  if (series.length === 0) throw invalid('there are no bars to take returns of', 'name at least one instrument');
  const common = commonTimes(series);
  const columns = series.map((one) => returnsAt(one, common));
  const table = { instruments: [...bars.keys()], columns };
  assertTable(table);
  const unmatched = new Map([...bars].map(([name, { length }]) => [name, length - common.length]));
  return { ...table, times: common.subarray(1), unmatched };
}

function commonTimes([first, ...others]: readonly BarColumns[]): Float64Array {
  let common = first.timestamp.subarray(0, first.length);
  for (const { timestamp, length } of others) {
    let at = 0;
    common = common.filter((time) => {
      while (at < length && timestamp[at] < time) at++;
      return at < length && timestamp[at] === time;
    });
  }
  return common;
}

function returnsAt({ timestamp, close }: BarColumns, times: Float64Array): Float64Array {
  const returns = new Float64Array(Math.max(0, times.length - 1));
  let at = 0;
  let before = Number.NaN;
  for (let k = 0; k < times.length; k++) {
    while (timestamp[at] < times[k]) at++;
    if (k > 0) returns[k - 1] = close[at] / before - 1;
    before = close[at];
  }
  return returns;
}
