/** Controls of losses: after which ones nothing new is opened, and for how long. */
import type { Refusal } from '../../engine/bookkeeping.ts';
import { grantOf } from '../budgets.ts';
import type { DenialCode } from '../denial.ts';
import { type Check, inBps, refuse } from './control.ts';

/** Without equity there is nothing to take a share of. */
export const positiveEquity: Check = {
  code: 'EQUITY_NOT_POSITIVE',
  owner: 'risk',
  check: ({ engine }) => (engine.equity > 0 ? undefined : refuse('EQUITY_NOT_POSITIVE', 0, engine.equity)),
};

/** Off by default: what a day may cost is the owner’s to say. A few per cent is usual. */
export const dailyLoss: Check = {
  code: 'DAILY_LOSS_EXCEEDS_MAX',
  limit: 'maxDailyLoss',
  owner: 'risk',
  check: ({ engine }, { maxDailyLoss }) =>
    lossSince(engine.watch.dayStart, engine.equity, maxDailyLoss, 'DAILY_LOSS_EXCEEDS_MAX'),
};

/** Where the instance has such a budget the account may lose its part; it is in money, since it is shared with other accounts. */
export const dailyLossBudget: Check = {
  code: 'DAILY_LOSS_BUDGET_EXCEEDED',
  owner: 'risk',
  check: ({ engine }) => {
    const granted = grantOf(engine, 'dailyLoss');
    const lost = engine.watch.dayStart - engine.equity;
    return lost >= granted ? refuse('DAILY_LOSS_BUDGET_EXCEEDED', granted, lost) : undefined;
  },
};

/** Off by default. Days that each stay within their limit can still add up; the week begins on Monday, 00:00 UTC. */
export const weeklyLoss: Check = {
  code: 'WEEKLY_LOSS_EXCEEDS_MAX',
  limit: 'maxWeeklyLoss',
  owner: 'risk',
  check: ({ engine }, { maxWeeklyLoss }) =>
    lossSince(engine.watch.weekStart, engine.equity, maxWeeklyLoss, 'WEEKLY_LOSS_EXCEEDS_MAX'),
};

function lossSince(first: number, equity: number, share: number | undefined, code: DenialCode): Refusal | undefined {
  if (share === undefined) return undefined;
  const lost = first - equity;
  return lost >= first * share ? refuse(code, inBps(share), inBps(lost / first)) : undefined;
}

/**
 * Off by default: how deep a loss may go is the owner’s to say. Past it trading is set to reducing, and `haltDrawdown` stops
 * it altogether.
 */
export const drawdown: Check = {
  code: 'DRAWDOWN_EXCEEDS_MAX',
  limit: 'maxDrawdown',
  owner: 'risk',
  check: ({ engine }, { maxDrawdown }) => {
    if (maxDrawdown === undefined) return undefined;
    const below = engine.watch.peak - engine.equity;
    return below > engine.watch.peak * maxDrawdown
      ? refuse('DRAWDOWN_EXCEEDS_MAX', inBps(maxDrawdown), inBps(below / engine.watch.peak))
      : undefined;
  },
};

/** Off by default. A strategy that loses many times in a row is in a market that it was not made for. */
export const losingStreak: Check = {
  code: 'LOSING_STREAK_EXCEEDS_MAX',
  limit: 'losingStreak',
  owner: 'trader',
  check: ({ engine, strategy }, { losingStreak: limit }) => {
    if (limit === undefined) return undefined;
    const { count, last } = engine.watch.trades.streakOf(strategy);
    return count >= limit.trades && engine.time < last + limit.pauseMs
      ? refuse('LOSING_STREAK_EXCEEDS_MAX', limit.trades, count)
      : undefined;
  },
};

/** Off by default. A pause after a trade keeps a strategy from buying back what it has just sold. */
export const cooldown: Check = {
  code: 'INSTRUMENT_COOLING_DOWN',
  limit: 'cooldownMs',
  owner: 'trader',
  check: ({ engine, market }, { cooldownMs }) => {
    if (cooldownMs === undefined) return undefined;
    const since = engine.time - engine.watch.trades.lastIn(market.index);
    return since < cooldownMs ? refuse('INSTRUMENT_COOLING_DOWN', cooldownMs, since) : undefined;
  },
};

/** Off by default. Several stops within a short time say that the market moves against everything that is held. */
export const stopLossGuard: Check = {
  code: 'STOP_LOSSES_EXCEED_MAX',
  limit: 'stopLossGuard',
  owner: 'trader',
  check: ({ engine }, { stopLossGuard: limit }) => {
    if (limit === undefined) return undefined;
    const { count, last } = engine.watch.trades.stopsSince(engine.time - limit.withinMs);
    return count >= limit.stops && engine.time < last + limit.pauseMs
      ? refuse('STOP_LOSSES_EXCEED_MAX', limit.stops, count)
      : undefined;
  },
};

/** Off by default. An instrument in which trades keep losing is left alone for a while, the others go on. */
export const instrumentLoss: Check = {
  code: 'INSTRUMENT_LOSS_EXCEEDS_MAX',
  limit: 'instrumentLoss',
  owner: 'trader',
  check: ({ engine, market }, { instrumentLoss: limit }) => {
    if (limit === undefined) return undefined;
    const { count, profit, last } = engine.watch.trades.resultIn(market.index, engine.time - limit.withinMs);
    const isPaused = count >= limit.trades && engine.time < last + limit.pauseMs;
    return isPaused && -profit >= limit.share * engine.equity
      ? refuse('INSTRUMENT_LOSS_EXCEEDS_MAX', inBps(limit.share), inBps(-profit / engine.equity))
      : undefined;
  },
};

/** Off by default. The drawdown of closed trades within a window; unlike the breaker it pauses, and goes on by itself. */
export const recentDrawdown: Check = {
  code: 'RECENT_DRAWDOWN_EXCEEDS_MAX',
  limit: 'recentDrawdown',
  owner: 'trader',
  check: ({ engine }, { recentDrawdown: limit }) => {
    if (limit === undefined) return undefined;
    const { count, drawdown: lost, last } = engine.watch.trades.drawdownSince(engine.time - limit.withinMs);
    const isPaused = count >= limit.trades && engine.time < last + limit.pauseMs;
    return isPaused && lost >= limit.share * engine.equity
      ? refuse('RECENT_DRAWDOWN_EXCEEDS_MAX', inBps(limit.share), inBps(lost / engine.equity))
      : undefined;
  },
};
