/** A recorded series that becomes another one at a known bar. It is a drill: nothing here was ever traded. */
import { type BarColumns, emptyBars } from '../../core/market/bars.ts';

export interface Shift {
  /** The first bar of the other market. */
  readonly from: number;
  /** What returns are multiplied by. */
  readonly volatility: number;
  /** Part of each return that the next one takes back. */
  readonly reversion: number;
}

/**
 * From the shift on, the return of a bar is `volatility × recorded - reversion × (return of the bar before)`; its shadows grow as its
 * volatility.
 */
export function shifted(bars: BarColumns, { from, volatility, reversion }: Shift): BarColumns {
  const out = emptyBars(bars.length, bars.priceDecimals);
  for (const field of ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const)
    out[field].set(bars[field].subarray(0, from));
  let before = 0;
  for (let i = from; i < bars.length; i++) {
    const move = volatility * Math.log(bars.close[i] / bars.close[i - 1]) - reversion * before;
    before = move;
    const open = out.close[i - 1];
    const close = Math.round(open * Math.exp(move));
    const shadow = (length: number): number => Math.round((length / bars.close[i]) * volatility * close);
    out.timestamp[i] = bars.timestamp[i];
    out.open[i] = open;
    out.close[i] = close;
    out.high[i] = Math.max(open, close) + shadow(bars.high[i] - Math.max(bars.open[i], bars.close[i]));
    out.low[i] = Math.min(open, close) - shadow(Math.min(bars.open[i], bars.close[i]) - bars.low[i]);
    out.volume[i] = bars.volume[i];
  }
  return out;
}
