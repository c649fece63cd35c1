import type { TradingState } from '../../core/risk/trading-state.ts';
import { setTradingState } from '../../functions/steps/commands.ts';
import type { OperationContext } from '../operation.ts';
import { streamNamed } from '../support/account.ts';
import { originOf } from '../support/command.ts';

export default async function set(
  context: OperationContext,
  input: { account?: string | undefined; state: TradingState; reason: string },
) {
  const stream = streamNamed(context, input.account);
  return setTradingState(context.steps, stream, input.state, input.reason, originOf(context, input));
}
