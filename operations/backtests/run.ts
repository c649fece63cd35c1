import type { Json } from '../../core/json.ts';
import type { OperationContext } from '../operation.ts';
import { originOf } from '../support/command.ts';
import { assertRequest, BACKTEST_JOB, type BacktestRequest } from './request.ts';

export default async function run(context: OperationContext, request: BacktestRequest) {
  assertRequest(context, request);
  const input = JSON.parse(JSON.stringify(request)) as Json;
  const { idempotencyKey } = originOf(context, request);
  return { job: await context.jobs.start(BACKTEST_JOB, input, idempotencyKey) };
}
