import { adx, type IndicatorSpec, indicatorSpec, linearRegressionSlope, sma } from '../../indicators/index.ts';
import { refused } from '../../indicators/parameters.ts';
import { type Combine, Combined } from '../features/feature.ts';

/**
 * Up (1) where the close is above its simple average, the least-squares line through the same bars rises, and the average directional
 * index says that there is a direction (at least `strength`); down (-1) the other way round; else sideways (0).
 */
export function trendRule(length = 50, adxLength = 14, strength = 20): IndicatorSpec<'regime'> {
  const name = 'trendRule';
  if (!(strength >= 0 && strength <= 100)) throw refused(name, 'strength', strength, 'use a number from 0 to 100');
  const reads = [sma(length), linearRegressionSlope(length), adx(adxLength)];
  const combine: Combine = (out, at, { bars: { close }, from, unit, count, inputs: [average, slope, index] }) => {
    for (let k = 0; k < count; k++) {
      const side = Math.sign(close[from + k] / unit - average[k]);
      const isTrend = side === Math.sign(slope[k]) && index[k] >= strength;
      if (isTrend) out[at + k] = side;
      else out[at + k] = Number.isNaN(side + slope[k] + index[k]) ? Number.NaN : 0;
    }
  };
  const warmUp = Math.max(...reads.map((spec) => spec.warmUp));
  return indicatorSpec(
    name,
    [length, adxLength, strength],
    ['regime'],
    warmUp,
    () => new Combined([{ reads, combine }]),
  );
}
