import { atr, roc, sma, strategy, z } from 'plimsoll';

/** Buys what has risen for a while and is above its average; leaves when the rise is over. */
export default strategy({
  name: 'example-momentum',
  description: 'Holds what has risen over the last bars and is above its average, with a stop.',
  params: z.strictObject({
    lookback: z.int().min(1).max(10_000).default(20),
    average: z.int().min(2).max(10_000).default(50),
    stopRanges: z.number().positive().max(100).default(3),
  }),
  indicators: ({ lookback, average }) => ({ change: roc(lookback), average: sma(average), range: atr(14) }),
  onBar({ change, average, range, bar, position, params, target }) {
    const stop = bar.close - params.stopRanges * range.value;
    if (position.isFlat && change.value > 0 && bar.close > average.value && stop > 0) {
      return target(1, 'it has risen and is above its average', { stopLoss: { price: stop } });
    }
    if (position.isLong && change.value < 0) return target(0, 'the rise is over');
  },
});
