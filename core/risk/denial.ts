/**
 * Why risk refused. The reference page is made from this table. Positions are stored: append, never reorder.
 * `limit` and `value` of an OrderDenied event are in `unit`.
 */
export const DENIALS = {
  NONE: { unit: '', meaning: 'Not refused.' },
  TRADING_HALTED: { unit: '', meaning: 'The kill switch is on: nothing new is sent. Resume trading to go on.' },
  TRADING_REDUCING_ONLY: { unit: '', meaning: 'Trading is reducing: only orders that lower a position pass.' },
  INSTRUMENT_RESTRICTED: { unit: '', meaning: 'The instrument is on the restricted list.' },
  PRICE_MISSING: { unit: '', meaning: 'There is no price to check the order against.' },
  PRICE_STALE: { unit: 'ms', meaning: 'The last price is older than the limit.' },
  PRICE_OUTSIDE_COLLAR: { unit: 'bps', meaning: 'The order is priced too far from the last price.' },
  NOTIONAL_EXCEEDS_MAX_PER_ORDER: { unit: 'money', meaning: 'The order alone is larger than an order may be.' },
  NOTIONAL_BELOW_MIN: { unit: 'money', meaning: 'After sizing, the order is smaller than the venue takes.' },
  QUANTITY_BELOW_MIN: { unit: 'quantity', meaning: 'After sizing and rounding, nothing is left to order.' },
  POSITION_EXCEEDS_MAX: { unit: 'money', meaning: 'The position in the instrument would pass its limit.' },
  GROSS_EXPOSURE_EXCEEDS_MAX: {
    unit: 'bps of equity',
    meaning: 'All positions and working orders together would pass the limit.',
  },
  NET_EXPOSURE_EXCEEDS_MAX: { unit: 'bps of equity', meaning: 'Long minus short would pass the limit.' },
  CASH_INSUFFICIENT: { unit: 'money', meaning: 'There is not enough free cash for it.' },
  ORDER_RATE_EXCEEDS_MAX: { unit: 'orders a minute', meaning: 'More orders within a minute than allowed.' },
  DAILY_LOSS_EXCEEDS_MAX: {
    unit: 'bps of equity',
    meaning: 'Since the day began the account has lost the limit; new risk waits for the next day.',
  },
  DRAWDOWN_EXCEEDS_MAX: { unit: 'bps of equity', meaning: 'The account is further below its peak than allowed.' },
  EQUITY_NOT_POSITIVE: { unit: 'money', meaning: 'There is no equity to size an order from.' },
  SIGNAL_STALE: {
    unit: 'ms',
    meaning: 'The cycle was decided too late after its time; nothing new is opened on old news.',
  },
  SHORT_NOT_ALLOWED: { unit: '', meaning: 'The account or the instrument does not allow a short position.' },
  ORDER_PRICE_INVALID: {
    unit: '',
    meaning: 'A limit or stop price is missing, not a number, not positive, or on the wrong side.',
  },
  WORKING_ORDERS_EXCEED_MAX: { unit: 'orders', meaning: 'The account has as many working orders as it may.' },
  MARKET_ORDER_WITHOUT_FRESH_PRICE: {
    unit: 'ms',
    meaning: 'The last price is too old for an order that takes any price.',
  },
  PRICE_OUTSIDE_REFERENCE: {
    unit: 'bps',
    meaning: 'The order, or the last price itself, is too far from the average of the last bars.',
  },
  SELF_MATCH: {
    unit: '',
    meaning: 'The order would trade with one of the account’s own that works on the other side.',
  },
  DUPLICATE_ORDER: { unit: 'ms', meaning: 'The strategy has given the same order a moment ago.' },
  ORDER_TO_TRADE_RATIO_EXCEEDS_MAX: {
    unit: 'orders a fill',
    meaning: 'Since the day began the account has given too many orders for its fills.',
  },
  REPEATED_EXECUTION_EXCEEDS_MAX: {
    unit: 'orders',
    meaning: 'The strategy has opened on this side of the instrument too many times in a row; a person resumes it.',
  },
  WEEKLY_LOSS_EXCEEDS_MAX: {
    unit: 'bps of equity',
    meaning: 'Since the week began the account has lost the limit; new risk waits for the next week.',
  },
  LOSING_STREAK_EXCEEDS_MAX: {
    unit: 'trades',
    meaning: 'The strategy has lost too many trades in a row and is cooling down.',
  },
  INSTRUMENT_COOLING_DOWN: { unit: 'ms', meaning: 'A trade in the instrument has just ended.' },
  STOP_LOSSES_EXCEED_MAX: {
    unit: 'stops',
    meaning: 'Too many trades of the account have ended at their stops within a short time.',
  },
  INSTRUMENT_LOSS_EXCEEDS_MAX: {
    unit: 'bps of equity',
    meaning: 'The last trades in the instrument have lost too much; it is left alone for a while.',
  },
  RECENT_DRAWDOWN_EXCEEDS_MAX: {
    unit: 'bps of equity',
    meaning: 'The last trades of the account have lost too much from their peak; it pauses.',
  },
  SIZE_UNUSUAL: { unit: 'money', meaning: 'The order is too large beside what the instrument trades in a bar.' },
  CONCENTRATION_EXCEEDS_MAX: { unit: 'bps of equity', meaning: 'Too much of the account would be in one instrument.' },
  GROUP_EXPOSURE_EXCEEDS_MAX: {
    unit: 'bps of equity',
    meaning: 'Too much of the account would be in instruments that count as one.',
  },
  LEVERAGE_EXCEEDS_MAX: { unit: 'bps of equity', meaning: 'Positions on margin together would pass the limit.' },
  OPEN_ORDER_NOTIONAL_EXCEEDS_MAX: { unit: 'money', meaning: 'Working orders together would pass the limit.' },
  CAPITAL_IN_USE_EXCEEDS_MAX: { unit: 'bps of equity', meaning: 'Too little of the account would be left unused.' },
  BUDGET_EXCEEDED: { unit: 'money', meaning: 'The account has used up what the instance has granted it.' },
} as const;

export type DenialCode = keyof typeof DENIALS;
export const DENIAL_CODES = Object.keys(DENIALS) as DenialCode[];
