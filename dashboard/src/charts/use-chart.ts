import { createChart, type IChartApi } from 'lightweight-charts';
import { type RefObject, useEffect, useRef } from 'react';
import type { Theme } from '../hooks.ts';
import { chartOptions } from './chart-options.ts';
import { type ChartColours, chartColours } from './colours.ts';

/**
 * A chart in an element for as long as it is shown: `build` adds its series once, `draw` fills them on every render, and
 * `paint` recolours when the theme changes.
 */
export function useChart<Series>(
  theme: Theme,
  build: (chart: IChartApi, colours: ChartColours) => Series,
  paint: (series: Series, colours: ChartColours) => void,
  draw: (series: Series, chart: IChartApi, colours: ChartColours) => void,
): RefObject<HTMLDivElement | null> {
  const box = useRef<HTMLDivElement>(null);
  const built = useRef<{ chart: IChartApi; series: Series }>(undefined);

  // A chart is made once, whatever is drawn in it.
  useEffect(() => {
    const colours = chartColours();
    const chart = createChart(box.current!, chartOptions(colours));
    built.current = { chart, series: build(chart, colours) };
    return () => {
      built.current = undefined;
      chart.remove();
    };
  }, []);

  // Only another theme has other colours.
  useEffect(() => {
    if (!built.current) return;
    const { chart, series } = built.current;
    const colours = chartColours();
    chart.applyOptions(chartOptions(colours));
    paint(series, colours);
  }, [theme]);

  useEffect(() => {
    if (built.current) draw(built.current.series, built.current.chart, chartColours());
  });
  return box;
}
