/** The figures of a report put as reasons to doubt it, in words. */
import type { Metrics } from '../../backtest/metrics.ts';
import { percentText } from '../../backtest/report/text.ts';
import type { Foresight } from '../walk-forward/foretold.ts';
import type { ScepticReport } from './sceptic.ts';

const USUAL = 0.95;
/** Share of the profit that one kind of market may have made. */
const ONE_STATE = 0.8;

/** What is doubted. Of a walk forward there is no one ratio in sample, and no capacity. */
export interface Doubted
  extends Pick<ScepticReport, 'benchmark' | 'moments' | 'trackRecord' | 'deflation' | 'states' | 'withoutBestDays'> {
  /** `sharpe` a year. */
  readonly outOfSample: { readonly metrics: Pick<Metrics, 'fills' | 'totalReturn' | 'sharpe'> };
  readonly inSample?: { readonly metrics: Pick<Metrics, 'sharpe'> };
  readonly costs: Pick<ScepticReport['costs'], 'areAssumed' | 'atMultiples' | 'breakEven'>;
  readonly capacity?: ScepticReport['capacity'];
  readonly bestDays: { readonly length: number };
}

export function doubtsAbout(figures: Doubted): string[] {
  return [...aboutReturn(figures), ...aboutLuck(figures), ...aboutCosts(figures), ...aboutSources(figures)];
}

function aboutReturn({ outOfSample, benchmark, inSample }: Doubted): string[] {
  const { metrics } = outOfSample;
  if (metrics.fills === 0) return ['It never traded out of sample.'];
  const annual = metrics.sharpe;
  const before = inSample?.metrics.sharpe ?? Number.NaN;
  return [
    ...(metrics.totalReturn <= 0 ? ['It made no profit out of sample.'] : []),
    ...(annual < benchmark.sharpe ? ['Buying and holding had the higher Sharpe ratio on the same bars.'] : []),
    ...(before > 0 && annual < before / 2
      ? ['Out of sample its Sharpe ratio is less than half of that in sample.']
      : []),
  ];
}

function aboutLuck({ moments, trackRecord, deflation, benchmark }: Doubted): string[] {
  const { sharpeDifference } = benchmark;
  return [
    ...(deflation
      ? deflation.deflatedSharpe < USUAL
        ? [
            `Its Sharpe ratio is not told from the luck of ${deflation.counted} trials (deflated ${deflation.deflatedSharpe.toFixed(3)}).`,
          ]
        : []
      : ['No other trial is counted: --question says what was tried before.']),
    ...(moments && trackRecord !== null && trackRecord > moments.observations
      ? ['The record is too short to tell its Sharpe ratio from 0 with 95 %.']
      : []),
    ...(sharpeDifference && sharpeDifference.pValue > 1 - USUAL
      ? [`It is not told from buying and holding (p ${sharpeDifference.pValue.toFixed(3)}).`]
      : []),
  ];
}

/** What models said of bars that they had not learned from, put as a reason to doubt them. */
export function doubtsAboutForesight({ rows, gained, refused }: Foresight): string[] {
  const isTold = gained !== null && gained.pValue <= 1 - USUAL;
  const p = gained === null ? '' : ` (p ${gained.pValue.toFixed(3)})`;
  return [
    ...(isTold && gained.difference < 0
      ? [`The models foretold less than who knows only how often prices rose before${p}.`]
      : []),
    ...(isTold ? [] : [`The models are not told from who knows only how often prices rose before${p}.`]),
    ...(refused > 0 ? [`They gave no answer to ${refused} of ${rows + refused} bars.`] : []),
  ];
}

function aboutCosts({ costs, capacity }: Doubted): string[] {
  const { areAssumed, atMultiples, breakEven } = costs;
  const free = atMultiples.find(({ multiple }) => multiple === 0);
  const atOnce = atMultiples.find(({ multiple }) => multiple === 1);
  return [
    ...(areAssumed ? [] : ['No fee and no slippage was charged: nothing here is net of anything.']),
    ...(areAssumed && free && free.totalReturn > 0 && (atOnce?.totalReturn ?? 0) <= 0
      ? [`Costs took all of a profit of ${percentText(free.totalReturn)}.`]
      : []),
    ...(areAssumed && breakEven !== null && breakEven <= 2 && (atOnce?.totalReturn ?? 0) > 0
      ? [`Costs ${breakEven.toFixed(2)} times as high leave no profit.`]
      : []),
    ...(capacity && 'because' in capacity ? [`What it can carry is not known: ${capacity.because}.`] : []),
    ...(capacity &&
    !('because' in capacity) &&
    capacity.noProfit !== null &&
    capacity.impactShare > 0 &&
    capacity.impactBps > 10
      ? [`Its own impact comes to ${capacity.impactBps.toFixed(1)} basis points an order at this size.`]
      : []),
  ];
}

function aboutSources({ outOfSample, withoutBestDays, bestDays, states }: Doubted): string[] {
  const { totalReturn } = outOfSample.metrics;
  if (!(totalReturn > 0)) return [];
  const profits = states.map((each) => Math.log1p(each.totalReturn));
  const whole = profits.reduce((sum, profit) => sum + profit, 0);
  const most = profits.indexOf(Math.max(...profits));
  return [
    ...(withoutBestDays <= 0 ? [`Without its ${bestDays.length} best days it made no profit.`] : []),
    ...(states.length > 1 && profits[most] > ONE_STATE * whole
      ? [`Most of the profit came while the market was ${states[most].state}.`]
      : []),
  ];
}
