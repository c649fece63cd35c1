/** The labels of a series by what was asked for: the one piece of code for what is trained on and for what came of a prediction. */
import type { BarColumns } from '../../market/bars.ts';
import type { LabelSpec } from '../table.ts';
import { fixedHorizonSides } from './fixed-horizon.ts';
import type { Labels } from './labels.ts';
import { trendSides } from './trend-scanning.ts';
import { metaLabels, tripleBarrier } from './triple-barrier.ts';

/** What labels are made of besides bars, one value a bar; asked for where a label needs it. */
export interface LabelGrounds {
  /** Deviation of a bar's return over so many bars, as a fraction of the price. */
  readonly volatility: (spanBars: number) => Float64Array;
  /** Which way the primary of a meta label points: 1, -1, or NaN where it says nothing. */
  readonly primary: () => Float64Array;
}

/**
 * 1 or -1 a bar, 0 or NaN where the label says neither. Of a meta label 1 where the primary was right, else -1.
 * Throws `LABEL_PARAMETER` or `LABEL_INPUT_INVALID`.
 */
export function labelSides(spec: LabelSpec, bars: BarColumns, { volatility, primary }: LabelGrounds): Labels {
  if (spec.kind === 'fixed-horizon')
    return fixedHorizonSides(bars, { horizonBars: spec.bars, costFraction: spec.costFraction });
  if (spec.kind === 'trend-scanning') {
    const { bars: ahead, minBars, stepBars, leastT } = spec;
    return trendSides(bars, { minBars, maxBars: ahead + 1, stepBars, leastT });
  }
  const barriers = {
    verticalBars: spec.bars,
    profitWidth: spec.width,
    lossWidth: spec.width,
    volatility: volatility(spec.volatilityBars),
  };
  if (spec.kind === 'triple-barrier') return tripleBarrier(bars, { ...barriers, atVertical: 'sign' });
  const { label, end } = metaLabels(bars, { ...barriers, side: primary() });
  return { label: label.map((right) => 2 * right - 1), end };
}
