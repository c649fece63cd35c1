import { armLive } from '../../functions/steps/commands-live.ts';
import { streamNamed } from '../support/account.ts';
import { originOf } from '../support/command.ts';
import type { SwitchContext } from '../trading-state/scope.ts';
import type { ArmInput, ArmOutput } from './schema.ts';

export default async function arm(context: SwitchContext, input: ArmInput): Promise<ArmOutput> {
  const { account, maxOrderNotional, maxExposure, confirm: typed, reason } = input;
  const request = { typed, maxOrderNotional, maxExposure, reason };
  const armed = await armLive(context.steps, streamNamed(context, account), request, originOf(context, input));
  return { account, ...armed };
}
