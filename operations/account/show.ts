import type { OperationContext } from '../operation.ts';
import { viewIfOpen } from '../support/account.ts';
import { summaryBeforeOpening, summaryOf } from '../support/summary.ts';

export default async function show(context: OperationContext, input: { account?: string | undefined }) {
  const view = await viewIfOpen(context, input.account);
  return view ? summaryOf(view) : summaryBeforeOpening(context, input.account);
}
