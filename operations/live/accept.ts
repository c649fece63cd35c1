import { acceptVenue } from '../../functions/steps/commands-live.ts';
import { streamNamed } from '../support/account.ts';
import { originOf } from '../support/command.ts';
import type { SwitchContext } from '../trading-state/scope.ts';
import type { AcceptInput, AcceptOutput } from './schema.ts';

export default async function accept(context: SwitchContext, input: AcceptInput): Promise<AcceptOutput> {
  const { account, reason } = input;
  const stream = streamNamed(context, account);
  return { account, ...(await acceptVenue(context.steps, stream, reason, originOf(context, input))) };
}
