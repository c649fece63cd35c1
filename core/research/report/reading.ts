/** The figures of a report put as reasons to doubt it, in words. */
import type { ScepticReport } from './sceptic.ts';

const USUAL = 0.95;
/** Share of the profit that one kind of market may have made. */
const ONE_STATE = 0.8;

type Figures = Omit<ScepticReport, 'doubts'>;

export function doubtsAbout(figures: Figures): string[] {
  return [...aboutReturn(figures), ...aboutLuck(figures), ...aboutCosts(figures), ...aboutSources(figures)];
}

function aboutReturn({ outOfSample, benchmark, inSample }: Figures): string[] {
  const { metrics } = outOfSample;
  if (metrics.fills === 0) return ['It never traded out of sample.'];
  const annual = metrics.sharpe;
  const before = inSample.metrics.sharpe;
  return [
    ...(metrics.totalReturn <= 0 ? ['It made no profit out of sample.'] : []),
    ...(annual < benchmark.sharpe ? ['Buying and holding had the higher Sharpe ratio on the same bars.'] : []),
    ...(before > 0 && annual < before / 2
      ? ['Out of sample its Sharpe ratio is less than half of that in sample.']
      : []),
  ];
}

function aboutLuck({ moments, trackRecord, deflation, benchmark }: Figures): string[] {
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

function aboutCosts({ costs, capacity }: Figures): string[] {
  const { areAssumed, atMultiples, breakEven } = costs;
  const atOnce = atMultiples.find(({ multiple }) => multiple === 1);
  return [
    ...(areAssumed ? [] : ['No fee and no slippage was charged: nothing here is net of anything.']),
    ...(areAssumed && breakEven !== null && breakEven <= 2 && (atOnce?.totalReturn ?? 0) > 0
      ? [`Costs ${breakEven.toFixed(2)} times as high leave no profit.`]
      : []),
    ...('because' in capacity ? [`What it can carry is not known: ${capacity.because}.`] : []),
    ...(!('because' in capacity) && capacity.noProfit !== null && capacity.impactShare > 0 && capacity.impactBps > 10
      ? [`Its own impact comes to ${capacity.impactBps.toFixed(1)} basis points an order at this size.`]
      : []),
  ];
}

function aboutSources({ outOfSample, withoutBestDays, bestDays, states }: Figures): string[] {
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
