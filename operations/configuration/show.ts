import type { OperationContext } from '../operation.ts';

/** The configuration holds references to secrets and never a secret. */
export default async function show({ steps }: OperationContext) {
  return { configuration: steps.configuration as unknown };
}
