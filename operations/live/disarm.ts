import { disarmLive } from '../../functions/steps/commands-live.ts';
import { streamNamed } from '../support/account.ts';
import { originOf } from '../support/command.ts';
import type { SwitchContext } from '../trading-state/scope.ts';
import type { DisarmInput, DisarmOutput } from './schema.ts';

export default async function disarm(context: SwitchContext, input: DisarmInput): Promise<DisarmOutput> {
  const { account, reason } = input;
  const stream = streamNamed(context, account);
  return { account, ...(await disarmLive(context.steps, stream, reason, originOf(context, input))) };
}
