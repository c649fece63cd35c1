import { firstNotPositive, noSize, percent, type Size, sizeOf } from './size.ts';

/** The same fraction of equity every time, whatever the market does; also the cap of the others. */
export function fixedFraction(fraction: number | undefined): Size {
  const problem = firstNotPositive({ fraction });
  if (problem) return noSize('fixed-fraction', problem);
  return sizeOf('fixed-fraction', fraction!, `${percent(fraction!)} of equity`);
}
