import type { OperationContext } from '../operation.ts';

export default async function list({ jobs }: OperationContext, { limit }: { limit: number }) {
  return { jobs: await jobs.list(limit) };
}
