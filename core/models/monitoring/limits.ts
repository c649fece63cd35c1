/** What a person allows a model's life to do by itself. Whatever adapts stays within. */
import * as z from 'zod';

const DAY_MS = 86_400_000;
const bars = z.int().min(1).max(1_000_000);
const rate = z.number().min(1e-6).max(0.5);
const share = z.number().min(0).max(1);

export const lifecycleLimitsSchema = z
  .strictObject({
    /** Trainings begun within seven days. */
    mostTrainingsAWeek: z.int().min(0).max(100).default(3),
    /** Bars since a shift began, before which there is too little of it to learn from. */
    leastFreshBars: bars.default(1_000),
    /** Days after which a model is trained anew though nothing is wrong; never without it. */
    retrainAfterDays: z.number().min(1).max(3_650).optional(),
    /** Bars that a model was not trained on, after which it is trained anew; never without it. */
    retrainAfterBars: bars.optional(),
    /** Bars that a challenger is watched without capital, whatever the evidence. */
    leastShadowBars: bars.default(240),
    /** Bars after which a challenger without evidence is given up; in shadow and on trial each. */
    mostStageBars: bars.default(5_000),
    /** Bars that a challenger decides over its share of the capital, whatever the evidence. */
    leastTrialBars: bars.default(240),
    /** Share of the capital that a challenger on trial begins with, and the most that it is given as evidence grows. */
    firstShare: share.default(0.05),
    mostShare: share.default(0.3),
    /** Probability that any challenger of a champion is promoted without being better. */
    promotionError: rate.default(0.05),
    /** Probability that a champion is rolled back from without the one before being better. */
    rollbackError: rate.default(0.01),
  })
  .refine(({ firstShare, mostShare }) => firstShare <= mostShare, { message: 'the first share is above the most' });

export type LifecycleLimits = z.infer<typeof lifecycleLimitsSchema>;

export const WEEK_MS = 7 * DAY_MS;
export const daysToMs = (days: number): number => days * DAY_MS;
