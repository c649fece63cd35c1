/** Active: all may trade. Reducing: only what lowers risk. Halted: nothing new, working orders are canceled. Append only. */
export const TRADING_STATES = ['Active', 'Reducing', 'Halted'] as const;
export type TradingState = (typeof TRADING_STATES)[number];
