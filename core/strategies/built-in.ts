/**
 * The strategies that come with the platform, as a list. It stands beside their folder and not in it: every file in there is
 * read as one strategy.
 */
import donchianBreakout from './built-in/donchian-breakout.ts';
import modelDesk from './built-in/model-desk.ts';
import modelOpinion from './built-in/model-opinion.ts';
import multiTimeframeTrend from './built-in/multi-timeframe-trend.ts';
import rsiReversion from './built-in/rsi-reversion.ts';
import smaCross from './built-in/sma-cross.ts';
import type { AnyStrategy } from './runner.ts';

export const builtInStrategies: readonly AnyStrategy[] = [
  smaCross,
  rsiReversion,
  donchianBreakout,
  multiTimeframeTrend,
  modelOpinion,
  modelDesk,
];
