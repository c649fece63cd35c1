/** The most that jobs on SageMaker can cost, said before they start. */
import type { SageMakerResources } from '../../adapters/aws/sagemaker-request.ts';
import { PlimsollError } from '../../core/errors.ts';

export interface CloudBudget {
  /** Of one instance, as AWS lists it for the region; of spot capacity, its on-demand price. */
  readonly usdPerHour?: number;
  /** The most that may be spent. */
  readonly usd?: number;
}

/** How many jobs there may be, and how long all of them together may take. */
export interface CloudJobs {
  readonly jobs: number;
  /** At a time. */
  readonly parallel: number;
  /** Until the last of them is stopped; of one job, its own time. */
  readonly totalMinutes: number;
}

const MINUTES_PER_HOUR = 60;
const CENTS = 2;

/**
 * What will be started and what it can cost at most, as a sentence. Every instance is paid for from its start to its end, so that is the
 * price of the time that all may run; storage and requests are not in it. Throws `TRAINING_TOO_DEAR` where it may be more than `usd`, and
 * `USAGE` for a bound of money without a price.
 */
export function affordable(
  { instance, instances, maxMinutes, spot }: Pick<SageMakerResources, 'instance' | 'instances' | 'maxMinutes' | 'spot'>,
  { usdPerHour, usd }: CloudBudget,
  { jobs, parallel, totalMinutes }: CloudJobs,
): string {
  const each = `${instances > 1 ? `${instances} times ` : ''}${instance} for at most ${maxMinutes} minutes${spot ? ' of spot capacity' : ''}`;
  const what = jobs === 1 ? each : `at most ${jobs} jobs, ${parallel} at a time, each on ${each}`;
  if (!usdPerHour) {
    if (usd === undefined) return `${what}; without --usd-per-hour nobody here knows what it costs`;
    throw new PlimsollError(
      'USAGE',
      `the budget is ${usd} USD, and an hour of ${instance} has no price`,
      'name it with --usd-per-hour (aws.amazon.com/sagemaker/pricing), or leave --usd out',
    );
  }
  const hours = Math.min(jobs * maxMinutes, parallel * totalMinutes) / MINUTES_PER_HOUR;
  const most = hours * instances * usdPerHour;
  if (usd !== undefined && most > usd)
    throw new PlimsollError(
      'TRAINING_TOO_DEAR',
      `${what}, may cost ${money(most)} USD, and ${money(usd)} USD may be spent`,
      'lower --max-minutes or take a cheaper --instance, or raise --usd',
      { kept: 'nothing was started' },
    );
  return `${what}: ${money(most)} USD at most`;
}

/** Rounded up. */
const money = (usd: number): string => (Math.ceil(usd * 10 ** CENTS - 1e-9) / 10 ** CENTS).toFixed(CENTS);
