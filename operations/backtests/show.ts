import { PlimsollError } from '../../core/errors.ts';
import type { OperationContext } from '../operation.ts';

export default async function show({ jobs }: OperationContext, { id }: { id: string }) {
  const job = await jobs.find(id);
  if (job) return { job };
  throw new PlimsollError('JOB_UNKNOWN', `there is no backtest "${id}"`, 'list the backtests to see their ids');
}
