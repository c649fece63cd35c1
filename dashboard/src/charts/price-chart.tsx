import {
  CandlestickSeries,
  type Time as ChartTime,
  createSeriesMarkers,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
} from 'lightweight-charts';
import { memo, useRef, useState } from 'react';
import type { ApiClient } from '../api/client.ts';
import type { Bar } from '../api/types.ts';
import { decimal, signOf } from '../format.ts';
import { type Theme, useQuery } from '../hooks.ts';
import type { AccountView } from '../live/view.ts';
import { Time } from '../parts/figure.tsx';
import { InstrumentChoice } from '../parts/instrument-choice.tsx';
import { isWorking } from '../parts/orders.tsx';
import { Panel } from '../parts/panel.tsx';
import { seconds } from './chart-options.ts';
import type { ChartColours } from './colours.ts';
import { type Happening, happeningsOf, markersOf } from './happenings.ts';
import { useChart } from './use-chart.ts';

interface PriceChartProps {
  readonly client: ApiClient;
  readonly view: AccountView;
  readonly symbols: readonly string[];
  readonly symbol: string | undefined;
  readonly onSymbol: (symbol: string) => void;
  readonly theme: Theme;
}

interface PriceSeries {
  readonly candles: ISeriesApi<'Candlestick'>;
  readonly markers: ISeriesMarkersPluginApi<ChartTime>;
  lines: IPriceLine[];
}

const BARS = 300;

/** The bars as the cycles saw them, with what strategies proposed and what filled. */
export const PriceChart = memo(function PriceChart({
  client,
  view,
  symbols,
  symbol,
  onSymbol,
  theme,
}: PriceChartProps) {
  const { account } = view;
  const settled = account.next === 'settled' ? account.cycle : undefined;
  const { answer, problem } = useQuery(
    async () =>
      symbol === undefined ? undefined : client.query('bars.list', { account: account.account, symbol, limit: BARS }),
    `${account.account} ${symbol} ${settled ?? view.cycles[0]?.cycle}`,
  );
  const bars = answer?.symbol === symbol ? (answer?.bars ?? []) : [];
  const happenings = happeningsOf(view, symbol, bars);
  const [pointedAt, setPointedAt] = useState<number>();
  const drawn = useRef<string>(undefined);

  const box = useChart<PriceSeries>(
    theme,
    (chart, colours) => {
      const candles = chart.addSeries(CandlestickSeries, { priceLineVisible: false, borderVisible: false });
      const series: PriceSeries = {
        candles,
        markers: createSeriesMarkers(candles, []),
        lines: [],
      };
      chart.subscribeCrosshairMove(({ time }) => setPointedAt(time as number | undefined));
      paint(series, colours);
      return series;
    },
    paint,
    (series, chart, colours) => {
      const precision = decimalsOf(bars);
      series.candles.applyOptions({ priceFormat: { type: 'price', precision, minMove: 10 ** -precision } });
      series.candles.setData(bars.map((bar) => ({ ...bar, time: seconds(bar.time) })));
      series.markers.setMarkers(markersOf(happenings, colours));
      drawLevels(series, view, symbol, colours);
      if (drawn.current !== symbol && bars.length > 0) {
        drawn.current = symbol;
        const shown = Math.min(bars.length, Math.max(40, Math.floor(box.current!.clientWidth / 7)));
        chart.timeScale().setVisibleLogicalRange({ from: bars.length - shown, to: bars.length + 2 });
      }
    },
  );

  return (
    <Panel
      title="Price"
      aside={
        <InstrumentChoice
          symbols={symbols}
          symbol={symbol}
          onSymbol={onSymbol}
          provenance={answer?.provenance ?? account.provenance}
        />
      }
    >
      <div
        ref={box}
        className="chart chart-tall"
        role="img"
        aria-label={`Price of ${symbol ?? 'no instrument'}: ${describe(bars)}`}
        data-bars={bars.length}
        data-last={bars.at(-1)?.close}
      />
      {bars.length === 0 && (
        <p className="empty over-chart">{problem ?? 'The chart begins with the first bar that a cycle sees.'}</p>
      )}
      <Legend bar={bars.find((bar) => seconds(bar.time) === pointedAt)} happenings={happenings} />
    </Panel>
  );
});

/** What the marks mean; while a bar is pointed at, that bar and why there is a mark on it. */
function Legend({ bar, happenings }: { readonly bar: Bar | undefined; readonly happenings: readonly Happening[] }) {
  if (!bar) {
    return (
      <p className="legend">
        <span className="key key-signal" /> signal <span className="key key-buy" /> buy fill{' '}
        <span className="key key-sell" /> sell fill <span className="key key-level" /> entry and stops
      </p>
    );
  }
  const prices = [bar.open, bar.high, bar.low, bar.close].map((price) => decimal(String(price)));
  const marks = happenings.filter(({ time }) => time === bar.time).map(({ text }) => text);
  return (
    <p className="legend">
      <Time ms={bar.time} /> O {prices[0]} H {prices[1]} L {prices[2]} C {prices[3]}
      {marks.length > 0 && <span className="marks">{marks.join('; ')}</span>}
    </p>
  );
}

function paint({ candles }: PriceSeries, colours: ChartColours): void {
  candles.applyOptions({
    upColor: colours.up,
    downColor: colours.down,
    wickUpColor: colours.up,
    wickDownColor: colours.down,
  });
}

/** Entries of open positions, and the levels at which working orders wait. */
function drawLevels(series: PriceSeries, view: AccountView, symbol: string | undefined, colours: ChartColours): void {
  for (const line of series.lines) series.candles.removePriceLine(line);
  const entries = view.positions
    .filter((position) => position.symbol === symbol && signOf(position.quantity) !== 0 && position.entryPrice !== null)
    .map((position) => ({ price: Number(position.entryPrice), title: 'entry', color: colours.water }));
  const waiting = view.orders
    .filter((order) => order.symbol === symbol && isWorking(order) && (order.trigger ?? order.price) !== null)
    .map((order) => ({ price: Number(order.trigger ?? order.price), title: order.purpose, color: colours.down }));
  series.lines = [...entries, ...waiting].map((level) =>
    series.candles.createPriceLine({ ...level, lineStyle: LineStyle.Dashed, lineWidth: 1, axisLabelVisible: true }),
  );
}

/** As many digits as the prices have, up to 8. */
function decimalsOf(bars: readonly Bar[]): number {
  return bars.slice(-50).reduce((most, bar) => Math.max(most, (String(bar.close).split('.')[1] ?? '').length), 2);
}

const describe = (bars: readonly Bar[]): string =>
  bars.length === 0 ? 'no bars yet' : `${bars.length} bars, last close ${bars.at(-1)!.close}`;
