import { type ChartOptions, type DeepPartial, TickMarkType, type Time, type UTCTimestamp } from 'lightweight-charts';
import type { ChartColours } from './colours.ts';

export const seconds = (ms: number): UTCTimestamp => Math.floor(ms / 1_000) as UTCTimestamp;

const dateOf = (time: Time): Date => new Date((time as number) * 1_000);
const pointFormat = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const TICKS: Record<TickMarkType, Intl.DateTimeFormat> = {
  [TickMarkType.Year]: new Intl.DateTimeFormat('en-GB', { year: 'numeric' }),
  [TickMarkType.Month]: new Intl.DateTimeFormat('en-GB', { month: 'short' }),
  [TickMarkType.DayOfMonth]: new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }),
  [TickMarkType.Time]: new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }),
  [TickMarkType.TimeWithSeconds]: new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }),
};

/** What all charts share: the page's colours, the viewer's zone. The library's notice is in the page's footer. */
export function chartOptions(colours: ChartColours): DeepPartial<ChartOptions> {
  return {
    autoSize: true,
    layout: {
      background: { color: 'transparent' },
      textColor: colours.quiet,
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 11,
      // Its logo brings a style element of its own, which the page's policy forbids.
      attributionLogo: false,
      panes: { separatorColor: colours.rule, separatorHoverColor: colours.rule, enableResize: false },
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colours.rule } },
    rightPriceScale: { borderVisible: false },
    timeScale: {
      borderColor: colours.rule,
      timeVisible: true,
      tickMarkFormatter: (time: Time, type: TickMarkType) => TICKS[type].format(dateOf(time)),
    },
    localization: { locale: 'en-GB', timeFormatter: (time: Time) => pointFormat.format(dateOf(time)) },
    crosshair: {
      vertLine: { color: colours.quiet, labelBackgroundColor: colours.quiet },
      horzLine: { color: colours.quiet, labelBackgroundColor: colours.quiet },
    },
    // The page scrolls; a chart is moved by dragging it.
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
  };
}
