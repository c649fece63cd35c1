/** What is done in the thread of a job, on AWS as on a laptop: it reads the ledger and the lake, and writes nothing. */
import type { Lake } from '../../adapters/lake/lake.ts';
import type { Configuration } from '../../core/configuration/schema.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import type { StrategyRegistry } from '../../core/strategies/registry.ts';
import { BACKTEST_JOB, type BacktestRequest } from '../../operations/backtests/request.ts';
import { backtestWork } from '../../operations/backtests/work.ts';
import { withDeadline } from './deadline.ts';
import { runGuarded } from './guarded-backtest.ts';

export interface JobPorts {
  readonly ledger: LedgerPort;
  readonly lake: Pick<Lake, 'readBars'>;
  readonly configuration: Configuration;
  readonly registry: StrategyRegistry;
}

/** Which job it is. */
export interface JobOrder {
  readonly kind: string;
  readonly input: Json;
}

/**
 * The result of a job. Throws `JOB_KIND_UNKNOWN`.
 * @param onProgress takes 0 to 1
 */
export async function jobWork(
  { lake, ...ports }: JobPorts,
  { kind, input }: JobOrder,
  onProgress: (progress: number) => void,
): Promise<Json> {
  if (kind !== BACKTEST_JOB) {
    throw new PlimsollError(
      'JOB_KIND_UNKNOWN',
      `there is no work for jobs of kind "${kind}"`,
      'run the version that knows it',
    );
  }
  const steps = { ...ports, send: refuse, now: Date.now, withDeadline };
  return backtestWork({ steps, lake }, input as unknown as BacktestRequest, runGuarded, onProgress);
}

async function refuse(): Promise<never> {
  throw new PlimsollError('JOB_READS_ONLY', 'a job sends nothing to the queues', 'use a command');
}
