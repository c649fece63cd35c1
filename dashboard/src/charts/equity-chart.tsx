import { AreaSeries, BaselineSeries, type ISeriesApi, LineType } from 'lightweight-charts';
import { memo } from 'react';
import type { EquityPoint } from '../api/types.ts';
import { percent } from '../format.ts';
import type { Theme } from '../hooks.ts';
import type { AccountView } from '../live/view.ts';
import { AccountBadge } from '../parts/badge.tsx';
import { Panel } from '../parts/panel.tsx';
import { seconds } from './chart-options.ts';
import type { ChartColours } from './colours.ts';
import { useChart } from './use-chart.ts';

interface EquitySeries {
  readonly equity: ISeriesApi<'Area'>;
  readonly drawdown: ISeriesApi<'Baseline'>;
}

/** Equity above, and below it how far it sits under its highest mark. */
export const EquityChart = memo(function EquityChart({
  view,
  theme,
}: {
  readonly view: AccountView;
  readonly theme: Theme;
}) {
  const { equity, account } = view;
  const box = useChart<EquitySeries>(
    theme,
    (chart, colours) => {
      const series = {
        equity: chart.addSeries(AreaSeries, {
          lineWidth: 2,
          lineType: LineType.Simple,
          priceLineVisible: false,
          priceFormat: { type: 'price', precision: 2, minMove: 0.01 },
        }),
        drawdown: chart.addSeries(
          BaselineSeries,
          {
            lineWidth: 1,
            priceLineVisible: false,
            baseValue: { type: 'price', price: 0 },
            priceFormat: { type: 'custom', minMove: 0.0001, formatter: (value: number) => percent(value, 1) },
          },
          1,
        ),
      };
      chart.panes()[1].setStretchFactor(0.42);
      chart.panes()[0].setStretchFactor(1);
      paint(series, colours);
      return series;
    },
    paint,
    (series, chart) => {
      series.equity.setData(equity.map((point) => ({ time: seconds(point.time), value: point.equity })));
      series.drawdown.setData(
        drawdowns(equity, Number(account.peakEquity)).map((point) => ({
          time: seconds(point.time),
          value: point.drawdown,
        })),
      );
      chart.timeScale().fitContent();
    },
  );
  return (
    <Panel title="Equity and drawdown" aside={<AccountBadge summary={account} isShort />}>
      <div
        ref={box}
        className="chart"
        role="img"
        aria-label={`Equity over the last ${equity.length} cycles, now ${account.equity} ${account.currency}, ${percent(account.drawdown)} below its peak`}
      />
      {equity.length === 0 && <p className="empty over-chart">The curve begins when the first cycle has settled.</p>}
    </Panel>
  );
});

function paint({ equity, drawdown }: EquitySeries, colours: ChartColours): void {
  equity.applyOptions({ lineColor: colours.water, topColor: colours.waterFill, bottomColor: 'transparent' });
  drawdown.applyOptions({
    topLineColor: colours.quiet,
    topFillColor1: 'transparent',
    topFillColor2: 'transparent',
    bottomLineColor: colours.down,
    bottomFillColor1: colours.downFill,
    bottomFillColor2: colours.downFill,
  });
}

/** Below the running peak, as fractions of 0 and less. A peak before the first point shows in the account's own. */
function drawdowns(equity: readonly EquityPoint[], peakEquity: number): { time: number; drawdown: number }[] {
  const highest = equity.reduce((most, point) => Math.max(most, point.equity), 0);
  let peak = highest < peakEquity * (1 - 1e-9) ? peakEquity : 0;
  return equity.map((point) => {
    peak = Math.max(peak, point.equity);
    return { time: point.time, drawdown: peak > 0 ? point.equity / peak - 1 : 0 };
  });
}
