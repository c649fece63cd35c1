/** The shapes that operations take and give. Money, prices and quantities are decimal text, exact: "69123.45". Times are ms UTC. */
import * as z from 'zod/mini';
import { JOB_STATES } from '../core/ports/jobs.ts';

export const decimal = z.string();
export const time = z.int();
export const account = z.strictObject({ account: z.optional(z.string()) });
export const page = z.strictObject({
  account: z.optional(z.string()),
  limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(1_000)), 100),
});

/** In a query string too, where everything is text. */
export const flag = z._default(
  z.union([
    z.boolean(),
    z.pipe(
      z.enum(['true', 'false']),
      z.transform((text) => text === 'true'),
    ),
  ]),
  false,
);

export const tradingState = z.enum(['Active', 'Reducing', 'Halted']);
export const provenance = z.enum(['live', 'recorded', 'simulated']);

export const order = z.object({
  id: z.int(),
  strategy: z.string(),
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  type: z.string(),
  purpose: z.string(),
  state: z.string(),
  timeInForce: z.string(),
  /** Null where the order is for a budget and its quantity follows from the price. */
  quantity: z.nullable(decimal),
  budget: z.nullable(decimal),
  filled: decimal,
  price: z.nullable(decimal),
  trigger: z.nullable(decimal),
  /** By which it is worked: it is not sent itself, and its parts are. */
  algorithm: z.nullable(z.string()),
  /** Number of the order that it is a part of. */
  partOf: z.nullable(z.int()),
  createdAt: time,
});

export const position = z.object({
  strategy: z.string(),
  symbol: z.string(),
  quantity: decimal,
  entryPrice: z.nullable(decimal),
  lastPrice: z.nullable(decimal),
  value: decimal,
  unrealised: decimal,
  realised: decimal,
  fees: decimal,
  funding: decimal,
  openedAt: z.nullable(time),
});

export const accountSummary = z.object({
  account: z.string(),
  stream: z.string(),
  provenance,
  /** Of an account that trades real money at its venue; null of one that trades paper money, whatever data it sees. */
  live: z.nullable(
    z.object({
      venue: z.string(),
      /** Whether it may open positions now. */
      armed: z.boolean(),
    }),
  ),
  currency: z.string(),
  tradingState,
  /** Cycle in work or last settled; null before the first. */
  cycle: z.nullable(time),
  /** `settled`, or the step that comes next. */
  next: z.string(),
  cash: decimal,
  equity: decimal,
  peakEquity: decimal,
  /** Below the peak, as a fraction. */
  drawdown: z.number(),
  /** Since the day (UTC) began. */
  dayProfit: decimal,
  realised: decimal,
  unrealised: decimal,
  fees: decimal,
  funding: decimal,
  openPositions: z.int(),
  workingOrders: z.int(),
  sequence: z.int(),
});

/** The last cycle of an account that failed every time it was tried and was given up, in words. */
export const gap = z.object({ cycle: time, verdict: z.string() });

const verdict = z.object({
  step: z.string(),
  verdict: z.string(),
  at: time,
  elapsedMs: z.number(),
});

export const cycle = z.object({
  cycle: time,
  equity: z.nullable(decimal),
  missing: z.array(z.string()),
  lateByMs: z.number(),
  steps: z.array(verdict),
});

export const bar = z.object({
  /** When it opened. */
  time,
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number(),
});

/** A ledger event with its names filled in: `instrument` is a symbol, `strategy` an id, `reason` a text. */
export const event = z.object({
  sequence: z.int(),
  kind: z.string(),
  version: z.int(),
  cycle: time,
  fields: z.record(z.string(), z.unknown()),
});

export const job = z.object({
  id: z.string(),
  kind: z.string(),
  state: z.enum(JOB_STATES),
  progress: z.number(),
  createdAt: time,
  finishedAt: z.nullable(time),
  input: z.unknown(),
  result: z.unknown(),
  error: z.nullable(z.string()),
});
