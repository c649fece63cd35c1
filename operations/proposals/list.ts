import { KEYS } from '../../functions/steps/account-state.ts';
import type { OperationContext } from '../operation.ts';
import { viewIfOpen } from '../support/account.ts';
import { proposalsOf, withSizes } from '../support/proposals.ts';

/** A decision document holds the whole account, so few are read at a time. */
const DECISIONS_PER_READ = 25;

export default async function list(context: OperationContext, input: { account?: string | undefined; limit: number }) {
  const view = await viewIfOpen(context, input.account);
  if (!view) return { proposals: [] };
  const proposals: ReturnType<typeof proposalsOf> = [];
  let after: string | undefined;
  while (proposals.length < input.limit) {
    const documents = await context.steps.ledger.documents(view.stream, {
      prefix: KEYS.decisionPrefix,
      reverse: true,
      limit: DECISIONS_PER_READ,
      ...(after === undefined ? {} : { after }),
    });
    for (const { value } of documents) proposals.push(...proposalsOf(view, value).reverse());
    if (documents.length < DECISIONS_PER_READ) break;
    after = documents[documents.length - 1].key;
  }
  return { proposals: await withSizes(context.steps.ledger, view, proposals.slice(0, input.limit)) };
}
