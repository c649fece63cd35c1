import { DAY_MS } from '../market/civil.ts';
import { type IndicatorSpec, indicatorSpec } from './indicator.ts';
import { RollingSum } from './kernels/rolling-sum.ts';
import { indicatorOf, scratchColumns } from './memory.ts';
import { checkedChoice, checkedLength, checkOptions } from './parameters.ts';
import { priceUnit } from './source.ts';

/** On-balance volume (J. Granville): volume added when the close rises, taken off when it falls. 0 on the first bar. */
export function obv(): IndicatorSpec<'value'> {
  const create = () =>
    indicatorOf({ previousClose: Number.NaN, balance: 0 }, (memory, bars, from, to, [value], at) => {
      const { close, volume } = bars;
      let { previousClose, balance } = memory;
      for (let i = from, o = at; i < to; i++, o++) {
        const price = close[i];
        // Without a branch, for rises and falls come at random.
        balance += (Number(price > previousClose) - Number(price < previousClose)) * volume[i];
        previousClose = price;
        value[o] = balance;
      }
      memory.previousClose = previousClose;
      memory.balance = balance;
    });
  return indicatorSpec('obv', [], ['value'], 1, create);
}

/**
 * Money flow index (G. Quong and A. Soudack, Technical Analysis of Stocks & Commodities 7:3, 1989), 0 to 100: the share of
 * typical price × volume, over `length` bars, that flowed while the typical price rose. 50 where nothing flowed.
 */
export function mfi(length = 14): IndicatorSpec<'value'> {
  checkedLength('mfi', 'length', length);
  const create = () =>
    indicatorOf(
      { previous: Number.NaN, inflow: new RollingSum(length), outflow: new RollingSum(length) },
      (memory, bars, from, to, [value], at) => {
        const [inflow, outflow] = scratchColumns;
        const { high, low, close, volume } = bars;
        const count = to - from;
        let previous = memory.previous;
        for (let i = from, k = 0; i < to; i++, k++) {
          const typical = high[i] + low[i] + close[i];
          const flow = typical * volume[i];
          // Without a branch, for rises and falls come at random.
          inflow[k] = flow * Number(typical > previous);
          outflow[k] = flow * Number(typical < previous);
          previous = typical;
        }
        // The first bar has none before it to compare with: it is left out of the sums.
        if (Number.isNaN(memory.previous) && count > 0) inflow[0] = outflow[0] = Number.NaN;
        memory.previous = previous;
        memory.inflow.run(inflow, 0, count, inflow, 0, 1);
        memory.outflow.run(outflow, 0, count, outflow, 0, 1);
        for (let k = 0; k < count; k++) {
          const total = inflow[k] + outflow[k];
          value[at + k] = total === 0 ? 50 : (100 * inflow[k]) / total;
        }
      },
    );
  return indicatorSpec('mfi', [length], ['value'], length + 1, create);
}

const ANCHORS = ['day', 'start'] as const;

export interface VwapOptions {
  /** Where the sums start again: with the first bar of each UTC day, or never. @default 'day' */
  readonly anchor?: (typeof ANCHORS)[number];
}

/**
 * Volume-weighted average of the typical price, (high + low + close) / 3, since the anchor. The bar's own typical price
 * where no volume has traded since.
 */
export function vwap(options: VwapOptions = {}): IndicatorSpec<'value'> {
  checkOptions('vwap', options, ['anchor']);
  const anchor = checkedChoice('vwap', 'anchor', options.anchor ?? 'day', ANCHORS);
  const daily = anchor === 'day';
  const create = () =>
    indicatorOf({ day: Number.NaN, flow: 0, traded: 0 }, (memory, bars, from, to, [value], at) => {
      const { timestamp, high, low, close, volume } = bars;
      const unit = 3 * priceUnit(bars);
      let { day, flow, traded } = memory;
      for (let i = from, o = at; i < to; i++, o++) {
        const today = daily ? Math.floor(timestamp[i] / DAY_MS) : 0;
        if (today !== day) {
          day = today;
          flow = 0;
          traded = 0;
        }
        const typical = high[i] + low[i] + close[i];
        flow += typical * volume[i];
        traded += volume[i];
        value[o] = (traded > 0 ? flow / traded : typical) / unit;
      }
      memory.day = day;
      memory.flow = flow;
      memory.traded = traded;
    });
  return indicatorSpec('vwap', [anchor], ['value'], 1, create);
}

/** Volume-weighted average of the typical price over the last `length` bars. See {@link vwap} for no volume. */
export function rollingVwap(length: number): IndicatorSpec<'value'> {
  checkedLength('rollingVwap', 'length', length);
  const create = () =>
    indicatorOf(
      { flow: new RollingSum(length), traded: new RollingSum(length) },
      (memory, bars, from, to, [value], at) => {
        const [flow, traded, typical] = scratchColumns;
        const { high, low, close, volume } = bars;
        const unit = 3 * priceUnit(bars);
        const count = to - from;
        for (let i = from, k = 0; i < to; i++, k++) {
          typical[k] = high[i] + low[i] + close[i];
          flow[k] = typical[k] * volume[i];
        }
        memory.flow.run(flow, 0, count, flow, 0, 1);
        memory.traded.run(volume, from, to, traded, 0, 1);
        for (let k = 0; k < count; k++) value[at + k] = (traded[k] === 0 ? typical[k] : flow[k] / traded[k]) / unit;
      },
    );
  return indicatorSpec('rollingVwap', [length], ['value'], length, create);
}
