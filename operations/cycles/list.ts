import type { OperationContext } from '../operation.ts';
import { lastCycles } from '../support/cycles.ts';

export default async function list(context: OperationContext, input: { account?: string | undefined; limit: number }) {
  return { cycles: await lastCycles(context, input.account, input.limit) };
}
