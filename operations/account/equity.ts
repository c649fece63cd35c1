import type { OperationContext } from '../operation.ts';
import { lastCycles } from '../support/cycles.ts';

export default async function equity(
  context: OperationContext,
  input: { account?: string | undefined; limit: number },
) {
  const cycles = await lastCycles(context, input.account, input.limit);
  return { equity: cycles.reverse().map(({ cycle, equity }) => ({ time: cycle, equity: Number(equity) })) };
}
