/** A walk forward as data: what `research walk-forward --json` gives as `stitched`, and `research report --walk-forward` reads. */
import * as z from 'zod';
import { PlimsollError } from '../../errors.ts';
import { MARKET_STATES } from './market-states.ts';
import type { StitchedReport } from './stitched-report.ts';

const FORMAT = 'plimsoll-stitched/1';
/** Points of the curve that are kept. Figures are of all bars. */
const MOST_POINTS = 2_000;
const MOST_WINDOWS = 10_000;

/** What is not defined is null in JSON, and NaN here. */
const figure = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const count = z.int().min(0);
const time = z.number();
const share = z.number();
/** Periods; null where it is not known. */
const length = z.union([z.number(), z.literal('for ever')]).nullable();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const windowShape = z.object({
  /** ms UTC: open of the first bar, and close of the last. */
  from: time,
  to: time,
  /** What was chosen, or the version that was trained. */
  decidedBy: z.string(),
  totalReturn: figure,
  /** A year. */
  sharpe: figure,
  maxDrawdown: figure,
  trades: count,
  fees: figure,
  /** Of a model: rows whose outcome was known within the window, and mean losses in nats. */
  foretold: z.object({ rows: count, logLoss: figure, baseline: figure }).nullable(),
});

const day = z.object({ day: time, return: figure, benchmark: figure });
const tested = z.object({ difference: figure, pValue: figure }).nullable();

const documentShape = z.object({
  format: z.literal(FORMAT),
  /** Whether parameters were chosen in each window, or a model was trained. */
  way: z.enum(['re-optimised', 'retrained']),
  /** Of Plimsoll. */
  version: z.string(),
  command: z.string(),
  provenance: z.enum(['live', 'recorded', 'simulated']),
  sources: z.array(z.object({ file: z.string(), sha256 })).max(1_000),
  strategy: z.string(),
  codeHash: z.string(),
  params: z.record(z.string(), z.json()),
  symbols: z.array(z.string()).min(1).max(1_000),
  timeframe: z.string(),
  currency: z.string(),
  deposit: z.number().positive(),
  question: z.string().nullable(),
  /** In bars. */
  training: z.object({ bars: count, anchored: z.boolean(), embargo: count }),
  test: z.object({ bars: count, step: count, warmUp: count, leftOver: count }),
  barsPerYear: z.number().positive(),
  windows: z.array(windowShape).min(1).max(MOST_WINDOWS),
  outOfSample: z.object({
    bars: count,
    totalReturn: figure,
    sharpe: figure,
    maxDrawdown: figure,
    trades: count,
    windowsWithProfit: count,
    fills: count,
    exposure: figure,
    turnover: figure,
  }),
  moments: z.object({ observations: count, sharpe: figure, skewness: figure, kurtosis: figure }).nullable(),
  probabilisticSharpe: figure,
  trackRecord: length,
  deflation: z
    .object({ counted: count, effective: figure, luck: figure, deflatedSharpe: figure, trackRecord: length })
    .nullable(),
  /** Of all windows of a model together. */
  foresight: z
    .object({ rows: count, refused: count, logLoss: figure, baseline: figure, accuracy: figure, gained: tested })
    .nullable(),
  benchmark: z.object({
    totalReturn: figure,
    sharpe: figure,
    maxDrawdown: figure,
    correlation: figure,
    beta: figure,
    alpha: figure,
    sharpeDifference: tested,
    meanDifference: tested,
    /** By which the differences are those of a year. */
    periodsPerYear: z.number().positive(),
  }),
  costs: z.object({
    areAssumed: z.boolean(),
    fees: figure,
    funding: figure,
    atMultiples: z.array(z.object({ multiple: z.number(), totalReturn: figure })).max(100),
    breakEven: z.number().nullable(),
  }),
  states: z
    .array(
      z.object({
        state: z.enum(MARKET_STATES),
        days: count,
        totalReturn: figure,
        benchmarkReturn: figure,
        sharpe: figure,
        worstDay: figure,
      }),
    )
    .max(MARKET_STATES.length),
  worstDays: z.array(day).max(100),
  bestDays: z.array(day).max(100),
  withoutBestDays: figure,
  /** Values of one unit of money. */
  curve: z
    .object({
      times: z.array(time).min(2).max(MOST_POINTS),
      equity: z.array(share).max(MOST_POINTS),
      held: z.array(share).max(MOST_POINTS),
    })
    .refine(({ times, equity, held }) => equity.length === times.length && held.length === times.length, {
      message: 'its columns differ in length',
    }),
  doubts: z.array(z.string()).max(100),
  missing: z.array(z.object({ figure: z.string(), why: z.string() })).max(100),
  /** Sentences on how it was made. */
  notes: z.array(z.string()).max(100),
  /** In sample, and nowhere else: of the windows that parameters were chosen on. */
  inSample: z.object({ meanSharpe: figure, sharpes: z.array(figure).max(MOST_WINDOWS) }).nullable(),
});

/** Figures that are not defined are NaN. */
export type StitchedDocument = z.infer<typeof documentShape>;

/** What a document says beside the figures of a {@link StitchedReport}. */
export interface StitchedAbout
  extends Pick<
    StitchedDocument,
    | 'way'
    | 'version'
    | 'command'
    | 'provenance'
    | 'sources'
    | 'strategy'
    | 'codeHash'
    | 'params'
    | 'symbols'
    | 'timeframe'
    | 'currency'
    | 'deposit'
    | 'question'
    | 'training'
    | 'test'
    | 'foresight'
    | 'notes'
    | 'inSample'
  > {
  /** By window. */
  readonly windows: readonly (Pick<StitchedDocument['windows'][number], 'decidedBy' | 'foretold'> & {
    readonly test: { readonly from: number; readonly to: number };
    readonly outOfSample: {
      readonly sharpe: number;
      readonly totalReturn: number;
      readonly maxDrawdown: number;
      readonly trades: number;
    };
  })[];
}

export function stitchedDocument(
  { windows, foresight, ...about }: StitchedAbout,
  report: StitchedReport,
): StitchedDocument {
  const { barsPerYear, traded, tradedInAll, moments, deflation, benchmark, outOfSample } = report;
  const root = Math.sqrt(barsPerYear);
  const { fills, exposure, turnover } = tradedInAll;
  return {
    format: FORMAT,
    ...about,
    foresight: foresight && { ...foresight, gained: differenceOf(foresight.gained) },
    barsPerYear,
    windows: windows.map(({ test, decidedBy, foretold, outOfSample: { sharpe, ...outcome } }, k) => ({
      ...test,
      decidedBy,
      foretold,
      ...outcome,
      sharpe: sharpe * root,
      fees: traded[k].fees,
    })),
    outOfSample: { ...outOfSample, sharpe: outOfSample.sharpe * root, fills, exposure, turnover },
    moments: moments && {
      observations: moments.observations,
      sharpe: moments.sharpe,
      skewness: moments.skewness,
      kurtosis: moments.kurtosis,
    },
    probabilisticSharpe: report.probabilisticSharpe ?? Number.NaN,
    trackRecord: lengthOf(report.trackRecord),
    deflation: deflation && {
      counted: deflation.counted,
      effective: deflation.effective,
      luck: deflation.luck * root,
      deflatedSharpe: deflation.deflatedSharpe,
      trackRecord: lengthOf(deflation.trackRecord),
    },
    benchmark: {
      ...benchmark,
      sharpeDifference: differenceOf(benchmark.sharpeDifference),
      meanDifference: differenceOf(benchmark.meanDifference),
      periodsPerYear: report.periodsPerYear,
    },
    costs: { ...report.costs, atMultiples: [...report.costs.atMultiples] },
    states: [...report.states],
    worstDays: [...report.worstDays],
    bestDays: [...report.bestDays],
    withoutBestDays: report.withoutBestDays,
    curve: thinned(report.curve),
    doubts: [...report.doubts],
    missing: [...report.missing],
  };
}

const lengthOf = (periods: number | null): StitchedDocument['trackRecord'] =>
  periods === null ? null : Number.isFinite(periods) ? periods : 'for ever';

const differenceOf = (test: { readonly difference: number; readonly pValue: number } | null) =>
  test && { difference: test.difference, pValue: test.pValue };

/** Every so-manieth point, and the last. */
function thinned({ times, equity, held }: StitchedReport['curve']): StitchedDocument['curve'] {
  const step = Math.max(1, Math.ceil(times.length / (MOST_POINTS - 1)));
  const at = Array.from(times.keys()).filter((k) => k % step === 0 || k === times.length - 1);
  const column = (values: Float64Array): number[] => at.map((k) => values[k]);
  return { times: column(times), equity: column(equity), held: column(held) };
}

/**
 * Reads a document, or the output of `research walk-forward --json`, which has one as `stitched`. Throws `WALK_FORWARD_INVALID`.
 */
export function stitchedDocumentIn(text: string): StitchedDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
  const own = typeof value === 'object' && value !== null && 'stitched' in value ? value.stitched : value;
  const read = documentShape.safeParse(own);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw invalid([...issue.path, issue.message].join(': '));
}

const invalid = (why: string, cause?: unknown): PlimsollError =>
  new PlimsollError(
    'WALK_FORWARD_INVALID',
    `the walk forward cannot be read (${why})`,
    'write it with `plimsoll research walk-forward … --json > walk.json`',
    { cause },
  );
