/** Jobs as they are asked for on AWS: written down, and handed to their worker. */
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { JOB_WAIT_MS, jobQueueUrl, jobSender } from '../../adapters/jobs/job-queue.ts';
import { LedgerJobs } from '../../adapters/jobs/ledger-jobs.ts';
import type { Jobs } from '../../core/ports/jobs.ts';
import type { StepPorts } from '../steps/ports.ts';

/** The address of the queue comes from `variables`; throws `ENVIRONMENT_INCOMPLETE`. */
export function queuedJobs({ ledger, configuration, now }: StepPorts, variables: NodeJS.ProcessEnv): Jobs {
  const launch = jobSender(new SQSClient(clientSettings()), jobQueueUrl(variables));
  return new LedgerJobs(ledger, { tenant: configuration.instance.tenant, now, launch, waitMs: JOB_WAIT_MS });
}
