/** Errors as problem documents (RFC 9457): every refusal of the API has the same form, and none shows what is inside. */
import { STATUS_CODES } from 'node:http';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { PlimsollError } from '../../core/errors.ts';

export interface Problem {
  readonly type: 'about:blank';
  /** The status in words. */
  readonly title: string;
  readonly status: number;
  /** One sentence or two: what happened, what is safe, the way out. */
  readonly detail: string;
  /** Stable, for programs. */
  readonly code: string;
  /** The way out alone. */
  readonly remedy: string;
}

export const PROBLEM_TYPE = 'application/problem+json';

/** The status of each code that a caller may meet. Any other is a failure of ours. */
const STATUS: Readonly<Record<string, ContentfulStatusCode>> = {
  BODY_MALFORMED: 400,
  IDEMPOTENCY_KEY_MALFORMED: 400,
  OPERATION_INPUT_INVALID: 400,
  AUTHENTICATION_REQUIRED: 401,
  APPROVAL_BY_SAME_PERSON: 403,
  OPERATION_FORBIDDEN: 403,
  ACCOUNT_UNKNOWN: 404,
  CYCLE_UNKNOWN: 404,
  JOB_UNKNOWN: 404,
  MODEL_TABLE_UNKNOWN: 404,
  MODEL_UNKNOWN: 404,
  MODEL_VERSION_UNKNOWN: 404,
  OPERATION_UNKNOWN: 404,
  ORDER_UNKNOWN: 404,
  RISK_REPORT_UNKNOWN: 404,
  ROUTE_UNKNOWN: 404,
  STRATEGY_UNKNOWN: 404,
  SYMBOL_UNKNOWN: 404,
  VENUE_UNKNOWN: 404,
  METHOD_NOT_ALLOWED: 405,
  ACCOUNT_CONTENDED: 409,
  ACCOUNT_NOT_LIVE: 409,
  ACCOUNT_NOT_OPEN: 409,
  BUDGET_CONTENDED: 409,
  BUDGET_EXHAUSTED: 409,
  BUDGET_NOT_CONFIGURED: 409,
  BUDGET_OVERGRANTED: 409,
  CONFIGURATION_NOT_IN_FORCE: 409,
  CYCLE_IN_WORK: 409,
  JOBS_CONTENDED: 409,
  LIMITS_NOT_WAITING: 409,
  LIMITS_UNCHANGED: 409,
  MODEL_HISTORY_BUSY: 409,
  MODEL_IS_CHAMPION: 409,
  MODEL_NO_FORMER: 409,
  MODEL_RETIRED: 409,
  ORDER_NOT_WORKING: 409,
  POSITION_FLAT: 409,
  POSITION_NOT_CLOSABLE: 409,
  BODY_TOO_LARGE: 413,
  BODY_NOT_JSON: 415,
  HOST_NOT_ALLOWED: 421,
  APPROVAL_NOT_CONFIRMED: 422,
  ARMING_LIMITS_INVALID: 422,
  ARMING_LIMITS_TOO_HIGH: 422,
  ARMING_NOT_TYPED: 422,
  BARS_MISSING: 422,
  BUDGET_AMOUNT_INVALID: 422,
  BUDGET_CURRENCY: 422,
  CASH_OUT_OF_RANGE: 422,
  DECIMALS_EXCEEDED: 422,
  IDEMPOTENCY_KEY_REUSED: 422,
  INSTRUMENT_RANGE_EXCEEDED: 422,
  MODELS_DEPLOYED: 422,
  MODEL_CATALOGUE_INVALID: 422,
  MODEL_DEED_INVALID: 422,
  MODEL_FILE_CHANGED: 422,
  MODEL_FILE_MISSING: 422,
  MODEL_HISTORY_DAMAGED: 422,
  MODEL_MANIFEST_INVALID: 422,
  MODEL_NAME_INVALID: 422,
  NUMBER_OUT_OF_RANGE: 422,
  STRATEGY_PARAMS_INVALID: 422,
  STRATEGY_TIMEOUT: 422,
  TIMEFRAME_NOT_MULTIPLE: 422,
  TIMEFRAME_UNKNOWN: 422,
  TRAINING_NOT_HERE: 422,
  TRAINING_QUEUE_DAMAGED: 422,
  JOBS_FULL: 429,
  STREAMS_FULL: 429,
  STREAM_UNAVAILABLE: 501,
  DATA_BUSY: 503,
  VENUE_UNAVAILABLE: 503,
  DISK_FULL: 507,
};

/** Whether it is the caller's matter. What is not goes to the log, and its words do not leave the server. */
export const isExpected = (error: unknown): error is PlimsollError =>
  error instanceof PlimsollError && error.code in STATUS;

const OURS = new PlimsollError(
  'INTERNAL',
  'something went wrong that should not have',
  'look into the log of the server, which says what',
);

export function problemOf(error: unknown): Problem & { readonly status: ContentfulStatusCode } {
  const shown = isExpected(error) ? error : OURS;
  const status = STATUS[shown.code] ?? 500;
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: shown.sentence,
    code: shown.code,
    remedy: shown.remedy,
  };
}
