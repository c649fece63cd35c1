/** Recorded bars alone, for research that runs no strategy. */
import { type BarFile, readBarFile } from '../../../adapters/files/bar-file.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { resample } from '../../../core/market/resample.ts';
import type { Timeframe } from '../../../core/market/timeframe.ts';
import { selectionOf } from '../../../platform/recorded-run.ts';

export interface BarArguments {
  readonly bars: string;
  readonly symbol?: string[];
  readonly timeframe?: string;
  readonly from?: number;
  readonly to?: number;
  readonly json?: boolean;
}

export interface RecordedBars {
  readonly bars: ReadonlyMap<string, BarColumns>;
  readonly timeframe: Timeframe;
  readonly source: BarFile['provenance'];
}

/** The bars that were asked for, put together where their own timeframe is a shorter one. Throws `TIMEFRAME_REQUIRED` where it cannot be told. */
export async function recordedBars({ bars: file, symbol, timeframe, from, to }: BarArguments): Promise<RecordedBars> {
  const read = await readBarFile(file, {
    ...selectionOf(symbol ?? []),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  });
  const [own] = read.timeframes.values();
  const asked = (timeframe ?? own) as Timeframe | undefined;
  if (asked === undefined)
    throw new PlimsollError(
      'TIMEFRAME_REQUIRED',
      'the timeframe of the bars cannot be told from so few of them',
      'give --timeframe',
    );
  const bars = [...read.bars].map(([name, columns]) => {
    const base = read.timeframes.get(name) ?? asked;
    return [name, base === asked ? columns : resample(columns, base, asked).bars] as const;
  });
  return { bars: new Map(bars), timeframe: asked, source: read.provenance };
}

/** Which bars a figure is of, for JSON. */
export const barsSource = ({ bars, timeframe, source }: RecordedBars): object => ({
  symbols: [...bars.keys()],
  timeframe,
  provenance: { source: source.source, file: source.file, sha256: source.sha256, rows: source.rows },
});

export const barsText = ({ bars, timeframe, source }: RecordedBars): string =>
  `${[...bars.keys()].join(', ')} ${timeframe}, recorded (${source.file})`;
