/**
 * Active: all may trade. Reducing: only what lowers risk, and working orders that could raise it are canceled. Halted: nothing new,
 * and every working order is canceled, stops included. Append only.
 */
export const TRADING_STATES = ['Active', 'Reducing', 'Halted'] as const;
export type TradingState = (typeof TRADING_STATES)[number];
