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
} as const;

export type DenialCode = keyof typeof DENIALS;
export const DENIAL_CODES = Object.keys(DENIALS) as DenialCode[];
