/** What a function says of itself: structured log lines and embedded metrics. Never a secret, never a message's content. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { PlimsollError } from '../../core/errors.ts';

/** Service and namespace come from the environment that the stack sets. */
export const logger = new Logger();
export const metrics = /* @__PURE__ */ new Metrics();

/** The metrics of Plimsoll's own, and their units. */
const UNITS = {
  MessagesHandled: MetricUnit.Count,
  MessagesFailed: MetricUnit.Count,
  /** From a cycle's logical time to the end of a step. */
  CycleLag: MetricUnit.Milliseconds,
  CyclesOpened: MetricUnit.Count,
  /** Due while the schedule stood still, and too many to be made up for. */
  CyclesSkipped: MetricUnit.Count,
  BarsMissing: MetricUnit.Count,
  BarsRefused: MetricUnit.Count,
} as const;

/** Metrics that an account has by itself, under a dimension of its name. */
const UNITS_OF_ACCOUNT = {
  /** Looser limits that wait for a second person's approval. */
  LimitsWaiting: MetricUnit.Count,
} as const;

export const count = (name: keyof typeof UNITS, value: number): void => {
  metrics.addMetric(name, UNITS[name], value);
};

export function countOf(account: string, name: keyof typeof UNITS_OF_ACCOUNT, value: number): void {
  const single = metrics.singleMetric();
  single.addDimension('account', account);
  single.addMetric(name, UNITS_OF_ACCOUNT[name], value);
}

/** An error as a log line may show it. Ours say what happened and the way out; of others the name, text and where. */
export function failure(error: unknown): Record<string, unknown> {
  if (error instanceof PlimsollError) return { code: error.code, problem: error.sentence };
  if (error instanceof Error) return { code: error.name, problem: error.message, stack: error.stack };
  return { code: 'Unknown', problem: String(error) };
}
