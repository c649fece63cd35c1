/** How a deployment trains a watched model anew: checked here, with what one training can cost at most. */
import { hyperparametersOf } from '../adapters/aws/sagemaker-request.ts';
import { memberMetrics } from '../adapters/aws/trained-model.ts';
import { pythonCodeHash } from '../adapters/python/code-hash.ts';
import { PlimsollError } from '../core/errors.ts';
import { MOST_ATTEMPTS } from '../core/models/monitoring/training-queue.ts';
import {
  BESIDE_THE_JOB_MINUTES,
  MOST_TRAINING_ROWS,
  type Retraining,
} from '../functions/support/retraining/settings.ts';
import { affordable } from '../platform/models/cloud-budget.ts';
import type { WatchedModel } from '../platform/models/watch-file.ts';

const MINUTE_MS = 60_000;
/** Of the name of a state machine. */
const MOST_NAME_CHARACTERS = 80;

/** The job of one model, as the stack asks SageMaker for it. */
export interface RetrainingJob {
  /** Of the model's state machine. */
  readonly machine: string;
  /** Tag of the image. */
  readonly image: string;
  readonly instance: string;
  readonly volumeGb: number;
  readonly maxMinutes: number;
  readonly spot: boolean;
  /** SHA-256, hex, of the Python sources that the image has to hold. */
  readonly code: string;
  readonly hyperparameters: Readonly<Record<string, string>>;
  readonly metrics: readonly string[];
  /** What the functions know. */
  readonly settings: Retraining;
  /** What is trained and what it can cost, in a sentence. */
  readonly cost: string;
}

/** Waiting for spot capacity, and running. */
export const maxWaitMinutes = ({ maxMinutes, spot }: Pick<RetrainingJob, 'maxMinutes' | 'spot'>): number =>
  spot ? 2 * maxMinutes : maxMinutes;

/** What the names of an instance's state machines begin with; a model's name follows. */
export const machinePrefix = (instance: string): string => `${instance}-retrain-`;

/**
 * Undefined where watch.yaml asks for none. Throws `TRAINING_TOO_DEAR`, `WATCH_TOO_MUCH`, and as `hyperparametersOf`.
 * @param instance name of the deployed instance
 * @param source of the bars that are carried
 */
export function retrainingJob(
  { name, limits, training }: WatchedModel,
  instance: string,
  source: Retraining['source'],
): RetrainingJob | undefined {
  const { sagemaker, set, rows, withinMinutes } = training;
  if (sagemaker === undefined) return undefined;
  if (rows > MOST_TRAINING_ROWS)
    throw new PlimsollError(
      'WATCH_TOO_MUCH',
      `"${name}" is to learn from ${rows} rows on AWS`,
      `write training.rows: ${MOST_TRAINING_ROWS} or fewer`,
    );
  const machine = `${machinePrefix(instance)}${name}`;
  if (machine.length > MOST_NAME_CHARACTERS)
    throw new PlimsollError(
      'WATCH_TOO_MUCH',
      `the state machine ${machine} would have a name of more than ${MOST_NAME_CHARACTERS} characters`,
      'give the instance or the model a shorter name',
    );
  const { image, instance: type, volumeGb, spot, usd, usdPerHour } = sagemaker;
  const maxMinutes = Math.ceil(withinMinutes);
  const most = costOf(name, { type, maxMinutes, spot }, { usd, usdPerHour });
  const code = pythonCodeHash();
  const own = hyperparametersOf(set);
  const held = maxWaitMinutes({ maxMinutes, spot }) + BESIDE_THE_JOB_MINUTES;
  return {
    ...{ machine, image, instance: type, volumeGb, maxMinutes, spot, code },
    hyperparameters: { ...own, usd_per_hour: String(usdPerHour) },
    metrics: memberMetrics(own),
    settings: { code, mostRows: rows, heldMs: held * MINUTE_MS, source },
    cost: `${name} is trained anew by itself, at most ${limits.mostTrainingsAWeek} times in seven days; a training is ${most}.`,
  };
}

function costOf(
  name: string,
  { type, maxMinutes, spot }: { readonly type: string; readonly maxMinutes: number; readonly spot: boolean },
  budget: { readonly usd: number; readonly usdPerHour: number },
): string {
  const resources = {
    ...{ instance: type, instances: 1, maxMinutes },
    ...(spot ? { spot: { maxWaitMinutes: maxWaitMinutes({ maxMinutes, spot }) } } : {}),
  };
  try {
    // Each attempt goes on after the finished units of the one before, and may still need all its time.
    const jobs = { jobs: MOST_ATTEMPTS, parallel: 1, totalMinutes: MOST_ATTEMPTS * maxMinutes };
    return affordable(resources, budget, jobs);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    throw new PlimsollError(
      error.code,
      `a training of "${name}", ${error.message}`,
      'lower training.withinMinutes or take a cheaper instance in watch.yaml, or raise usd',
      { kept: 'nothing was deployed' },
    );
  }
}
