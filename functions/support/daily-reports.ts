/** The reports of all accounts that are due, one account after the other. */
import { streamOf } from '../../core/configuration/definition.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type DailyReportPorts, makeDailyReport } from '../../operations/risk/daily.ts';
import { findAccount } from '../steps/account-state.ts';
import type { StepPorts } from '../steps/ports.ts';

export interface DailyReportsPorts extends Omit<DailyReportPorts, 'steps'> {
  readonly steps: Omit<StepPorts, 'send'>;
  readonly onMade: (key: string) => void;
  readonly onFailure: (error: unknown, stream: string) => void;
}

/** What is there already stays, so that it may come as often as it likes. Throws the last failure once all have had their turn. */
export async function makeDailyReports({ onMade, onFailure, ...ports }: DailyReportsPorts): Promise<void> {
  const steps = { ...ports.steps, send: refuse };
  const { configuration, ledger } = steps;
  let failed: unknown;
  for (const account of configuration.accounts) {
    const stream = streamOf(configuration, account);
    try {
      if (!(await findAccount(ledger, stream))) continue;
      const done = await makeDailyReport({ ...ports, steps }, stream);
      if (done?.key !== undefined) onMade(done.key);
    } catch (error) {
      failed = error;
      onFailure(error, stream);
    }
  }
  if (failed !== undefined) throw failed;
}

async function refuse(): Promise<never> {
  throw new PlimsollError('REPORT_READS_ONLY', 'a report sends nothing to the queues', 'report this');
}
