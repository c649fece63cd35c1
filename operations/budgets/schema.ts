/** Budgets of an instance as they are granted and shown. Money is in plain units of the budget's currency. */
import * as z from 'zod/mini';
import { BUDGETS } from '../../core/risk/budgets.ts';

const budget = z.enum(BUDGETS);

export const budgetsOutput = z.object({
  /** Of the amounts of money; null where the instance has no budgets. */
  currency: z.nullable(z.string()),
  budgets: z.array(
    z.object({
      budget,
      total: z.number(),
      /** Granted to nobody. */
      left: z.number(),
      accounts: z.array(
        z.object({
          account: z.string(),
          granted: z.number(),
          /** What it is being changed to; until that is done the larger of both counts. */
          pending: z.nullable(z.number()),
        }),
      ),
    }),
  ),
});

export const grantInput = z.strictObject({
  account: z.string(),
  budget,
  /** What the account has from then on; 0 takes all away. */
  amount: z.coerce.number().check(z.nonnegative(), z.maximum(1e9)),
  reason: z.string().check(z.minLength(1), z.maxLength(200)),
});
export const grantOutput = z.object({ account: z.string(), budget, granted: z.number() });

export type GrantInput = z.output<typeof grantInput>;
export type GrantOutput = z.output<typeof grantOutput>;
export type BudgetsOutput = z.output<typeof budgetsOutput>;
