/** The chart's colours, from the style sheet: one place decides them. */
export interface ChartColours {
  readonly ink: string;
  readonly quiet: string;
  readonly rule: string;
  readonly water: string;
  readonly waterFill: string;
  readonly up: string;
  readonly down: string;
  readonly downFill: string;
  readonly signal: string;
}

export function chartColours(): ChartColours {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: colour('ink'),
    quiet: colour('quiet'),
    rule: colour('rule'),
    water: colour('water'),
    waterFill: colour('water-fill'),
    up: colour('up'),
    down: colour('down'),
    downFill: colour('down-fill'),
    signal: colour('signal'),
  };
}
