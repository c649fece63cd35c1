/** What the operations on risk take and give. Figures are measures, not money: plain numbers in the account's currency. */
import * as z from 'zod/mini';
import { time, tradingState } from '../schemas.ts';

const provenance = z.enum(['live', 'recorded', 'simulated']);
const known = z.nullable(z.number());

/** Whose figures they are, where from, and of when. */
const head = {
  account: z.string(),
  provenance,
  currency: z.string(),
  /** The cycle at whose end they were measured; null before the first. */
  asOf: z.nullable(time),
};

const use = z.object({
  limit: z.number(),
  used: z.number(),
  /** Below zero where the limit is passed. */
  room: z.number(),
  /** 1 is all of it. */
  share: z.number(),
  /** The currency, or what is counted. */
  unit: z.string(),
  where: z.nullable(z.string()),
});

const limitFields = {
  name: z.string(),
  /** As it is configured; null where it is off. */
  setting: z.unknown(),
  default: z.unknown(),
  owner: z.enum(['trader', 'risk', 'operations']),
  codes: z.array(z.string()),
  meaning: z.string(),
};
const limit = z.object({ ...limitFields, use: z.nullable(use) });
const usedLimit = z.object({ ...limitFields, use });

const loss = z.nullable(z.object({ from: z.number(), loss: z.number(), share: z.number() }));

const exposure = z.object({
  gross: known,
  grossShare: known,
  net: known,
  netShare: known,
  instruments: z.array(
    z.object({
      symbol: z.string(),
      quantity: z.number(),
      price: known,
      pricedAt: z.nullable(time),
      value: known,
      workingBuys: z.number(),
      workingSells: z.number(),
      gross: known,
      share: known,
    }),
  ),
  groups: z.array(z.object({ symbols: z.array(z.string()), gross: known, limit: z.number() })),
  workingOrders: z.int(),
  openOrderNotional: z.number(),
});

const method = z.enum(['historical', 'variance-covariance', 'cornish-fisher']);
const figure = z.object({
  method,
  confidence: z.number(),
  valueAtRisk: z.number(),
  expectedShortfall: z.number(),
  positions: z.array(
    z.object({
      symbol: z.string(),
      value: z.number(),
      componentValueAtRisk: z.number(),
      componentExpectedShortfall: z.number(),
      marginalValueAtRisk: z.number(),
    }),
  ),
});
const refused = z.object({ method, confidence: z.number(), code: z.string(), because: z.string() });

const tail = z.object({
  days: z.int(),
  from: z.nullable(time),
  to: z.nullable(time),
  figures: z.array(z.union([figure, refused])),
  profits: z.array(z.object({ day: time, profit: z.number() })),
});

const stress = z.object({
  id: z.string(),
  name: z.string(),
  what: z.string(),
  from: time,
  to: time,
  profit: known,
  worst: known,
  positions: z.array(z.object({ symbol: z.string(), change: z.number(), profit: z.number() })),
  missing: z.array(z.object({ instrument: z.string(), value: z.number(), because: z.string() })),
});

const liquidation = z.object({
  instrument: z.string(),
  strategy: z.string(),
  side: z.enum(['long', 'short']),
  price: z.number(),
  liquidationPrice: z.number(),
  distance: z.number(),
  dailyVolatilities: known,
  isVolatilityKnown: z.boolean(),
  initialMargin: z.number(),
  margin: z.number(),
  maintenanceMargin: z.number(),
});

/** As it is kept for each day. */
export const report = z.object({
  account: z.string(),
  kind: z.enum(['paper', 'live']),
  provenance,
  currency: z.string(),
  date: z.string(),
  asOf: time,
  tradingState,
  equity: z.number(),
  cash: z.number(),
  freeCash: z.number(),
  exposure,
  losses: z.object({ day: loss, week: loss, drawdown: loss }),
  limits: z.array(usedLimit),
  orderLimits: z.array(limit),
  armed: z.nullable(z.extend(use, { code: z.string() })),
  tail,
  stress: z.array(stress),
  liquidations: z.array(liquidation),
  notes: z.array(z.string()),
});

export const riskReportInput = z.strictObject({
  account: z.optional(z.string()),
  /** The report that was kept for that day; without it, one of how the account stands. */
  date: z.optional(z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/, 'write it like 2024-02-07'))),
});
/** Null before the first cycle, and why. */
export const riskReportOutput = z.object({ report: z.nullable(report), because: z.nullable(z.string()) });
export const riskLimitsOutput = z.object({ ...head, limits: z.array(limit) });
export const riskVarOutput = z.object({
  ...head,
  equity: known,
  tail: z.nullable(tail),
  notes: z.array(z.string()),
});
export const riskStressOutput = z.object({
  ...head,
  equity: known,
  scenarios: z.array(stress),
  notes: z.array(z.string()),
});

export type RiskReportOutput = z.output<typeof riskReportOutput>;
export type RiskLimitsOutput = z.output<typeof riskLimitsOutput>;
export type RiskVarOutput = z.output<typeof riskVarOutput>;
export type RiskStressOutput = z.output<typeof riskStressOutput>;
