/** Windows of a walk forward: a stretch to choose parameters on, and the one after it to run them on. */
import { PlimsollError } from '../../errors.ts';
import type { BarColumns } from '../../market/bars.ts';
import { firstFrom } from '../recursive.ts';
import { copyBars } from '../trace/variants.ts';

type Bars = ReadonlyMap<string, BarColumns>;

export interface WindowOptions {
  readonly trainBars: number;
  readonly testBars: number;
  /** Bars from one test window to the next, at least `testBars`, so that no bar counts twice. Default `testBars`. */
  readonly step?: number;
  /** Every training window begins with the first bar and grows; without it they all have `trainBars`. */
  readonly anchored?: boolean;
}

/** Places among the cycles; `to` is not in it. The test window begins where the training window ends. */
export interface Window {
  readonly trainFrom: number;
  readonly testFrom: number;
  readonly testTo: number;
}

/** Fewer have no Sharpe ratio worth the name. */
const FEWEST_TRAINING_BARS = 20;

/** Every window that `cycles` hold in full. Throws `USAGE` and `RESEARCH_HISTORY_SHORT`. */
export function windowsOf(cycles: number, options: WindowOptions): Window[] {
  const { trainBars, testBars, step = testBars, anchored = false } = options;
  assertWhole('training', trainBars, FEWEST_TRAINING_BARS);
  assertWhole('test', testBars, 2);
  if (!(Number.isInteger(step) && step >= testBars))
    throw new PlimsollError(
      'USAGE',
      `the step is ${step} bars, and a test window ${testBars}`,
      'step by a test window or more: else bars would count twice',
    );
  const windows: Window[] = [];
  for (let testFrom = trainBars; testFrom + testBars <= cycles; testFrom += step)
    windows.push({ trainFrom: anchored ? 0 : testFrom - trainBars, testFrom, testTo: testFrom + testBars });
  if (windows.length > 0) return windows;
  throw new PlimsollError(
    'RESEARCH_HISTORY_SHORT',
    `there are ${cycles} bars, and one window takes ${trainBars + testBars}`,
    'give more bars, or smaller windows',
  );
}

function assertWhole(what: string, bars: number, fewest: number): void {
  if (Number.isInteger(bars) && bars >= fewest) return;
  throw new PlimsollError('USAGE', `a ${what} window of ${bars} bars was asked for`, `ask for ${fewest} or more`);
}

/** When the bars open at which there is a cycle, ms UTC: those of all instruments. */
export function opensOf(bars: Bars): Float64Array {
  const [only] = bars.values();
  if (bars.size === 1) return only.timestamp.slice(0, only.length);
  const opens = new Set<number>();
  for (const { timestamp, length } of bars.values()) for (let k = 0; k < length; k++) opens.add(timestamp[k]);
  return Float64Array.from(opens).sort();
}

/** Copies of the bars that open from `from` up to, and without, `to` (ms UTC): nothing beyond is in memory there. */
export function barsBetween(bars: Bars, from: number, to: number): Bars {
  return new Map(
    [...bars].map(([symbol, columns]) => {
      const timestamp = columns.timestamp.subarray(0, columns.length);
      return [symbol, copyBars(columns, firstFrom(timestamp, from), firstFrom(timestamp, to))];
    }),
  );
}
