/** Jobs on AWS: done within the request that asks for them, since nothing runs after it. */
import { LedgerJobs } from '../../adapters/jobs/ledger-jobs.ts';
import type { Job, Jobs } from '../../core/ports/jobs.ts';
import type { BacktestRequest } from '../../operations/backtests/request.ts';
import { backtestWork, type RunEngine } from '../../operations/backtests/work.ts';
import type { StepPorts } from '../steps/ports.ts';
import { runGuarded } from './guarded-backtest.ts';

/** API Gateway gives up on a request after 30 s; reading the bars and writing the figures want some of them. */
const RUN_MS = 20_000;

/** Over the bars of the cycles; those of the lake are left to where there is more time and room. */
export function inlineJobs(steps: StepPorts): Jobs {
  const launch = ({ id }: Job): Promise<void> =>
    jobs.run(id, (_kind, input, onProgress) =>
      backtestWork({ steps }, input as unknown as BacktestRequest, runWithin, (done, total) =>
        onProgress(total === 0 ? 0 : done / total),
      ),
    );
  const jobs = new LedgerJobs(steps.ledger, { tenant: steps.configuration.instance.tenant, now: steps.now, launch });
  return jobs;
}

/** A backtest that may not take longer than the request. */
const runWithin: RunEngine = (definition, bars, onProgress) => runGuarded(definition, bars, onProgress, RUN_MS);
