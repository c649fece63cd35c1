import type { DenialCode } from '../../../core/risk/denial.ts';
import type { LimitsInput } from '../../../core/risk/limits.ts';
import type { Played, Row } from '../engine/account.ts';
import { CALM, trade } from '../execution/trade.ts';

/** What was denied, with its limit and value. */
export const denials = (played: Played): unknown[] =>
  played.of('OrderDenied').map((event) => [event.denial, event.limit, event.value]);

export const codes = (played: Played): unknown[] => played.of('OrderDenied').map(({ denial }) => denial);

/** Answers under limits, without the wide ones. */
export const under = (
  limits: LimitsInput,
  answers: Parameters<typeof trade>[0],
  rows: readonly Row[] = [CALM, CALM, CALM],
  fields: Parameters<typeof trade>[2] = {},
): Played => trade(answers, rows, { limits, ...fields });

/** Codes of controls that are off unless their limit is set, each of which controls.test.ts reaches. */
export const CODES_OF_OPTIONAL_CONTROLS: readonly DenialCode[] = [
  'MARKET_ORDER_WITHOUT_FRESH_PRICE',
  'PRICE_OUTSIDE_REFERENCE',
  'SELF_MATCH',
  'DUPLICATE_ORDER',
  'ORDER_TO_TRADE_RATIO_EXCEEDS_MAX',
  'REPEATED_EXECUTION_EXCEEDS_MAX',
  'WEEKLY_LOSS_EXCEEDS_MAX',
  'LOSING_STREAK_EXCEEDS_MAX',
  'INSTRUMENT_COOLING_DOWN',
  'STOP_LOSSES_EXCEED_MAX',
  'INSTRUMENT_LOSS_EXCEEDS_MAX',
  'RECENT_DRAWDOWN_EXCEEDS_MAX',
  'SIZE_UNUSUAL',
  'CONCENTRATION_EXCEEDS_MAX',
  'GROUP_EXPOSURE_EXCEEDS_MAX',
  'LEVERAGE_EXCEEDS_MAX',
  'OPEN_ORDER_NOTIONAL_EXCEEDS_MAX',
  'CAPITAL_IN_USE_EXCEEDS_MAX',
  'BUDGET_EXCEEDED',
  'LIVE_NOT_ARMED',
  'VENUE_NOT_RECONCILED',
  'MARKET_NOT_OPEN',
  'ARMED_ORDER_EXCEEDED',
  'ARMED_EXPOSURE_EXCEEDED',
];

/** Those of sizing methods, each of which sizing.test.ts reaches. */
export const CODES_OF_SIZING: readonly DenialCode[] = [
  'SIZE_EXCEEDED',
  'SIZING_HISTORY_MISSING',
  'SIZING_STOP_MISSING',
  'SIZING_FOUND_NONE',
];

/** Those of the instance's budgets that budgets.test.ts reaches, besides BUDGET_EXCEEDED. */
export const CODES_OF_BUDGETS: readonly DenialCode[] = ['DAILY_LOSS_BUDGET_EXCEEDED', 'ORDER_RATE_BUDGET_EXCEEDED'];
