import { PlimsollError } from '../../core/errors.ts';
import type { Principal } from '../../core/ports/identity.ts';
import type { HeldChange } from '../../core/risk/limits-in-force.ts';
import { approve as approveIn, type LimitsAnswer } from '../../functions/steps/limits.ts';
import type { OperationContext } from '../operation.ts';
import { accountNamed, streamNamed } from '../support/account.ts';
import { originOf } from '../support/command.ts';

interface Input {
  readonly account?: string | undefined;
  readonly version: number;
  readonly reason: string;
  readonly confirm?: string | undefined;
}

export default function approve(context: OperationContext, input: Input): Promise<LimitsAnswer> {
  const { id } = accountNamed(context, input.account);
  const { version, reason, confirm } = input;
  const mayApprove = (held: HeldChange): void => assertSecond(context.principal, held, id, confirm);
  const stream = streamNamed(context, input.account);
  return approveIn(context.steps, stream, version, mayApprove, reason, originOf(context, input));
}

/**
 * A second person approves by asking for it. Where there is none, or nobody can tell whether it is a second one since the change came
 * with a file, the account's name is typed.
 */
function assertSecond(principal: Principal, held: HeldChange, account: string, confirm: string | undefined): void {
  const isSame = held.by.id === principal.id || held.by.name === principal.name;
  const isAlone = (principal.admins ?? 1) <= 1;
  if (held.source === 'person' && !isSame) return;
  if (isSame && !isAlone)
    throw new PlimsollError(
      'APPROVAL_BY_SAME_PERSON',
      `${principal.name} asked for these limits, and another person has to approve them`,
      `let somebody else with the role admin approve version ${held.version}`,
      { kept: 'the tighter limits stay in force' },
    );
  if (confirm === account) return;
  throw new PlimsollError(
    'APPROVAL_NOT_CONFIRMED',
    confirm === undefined
      ? 'looser limits need a second person or the account’s name, typed'
      : `"${confirm}" is not the name of the account`,
    `confirm it with ${account}`,
    { kept: 'the tighter limits stay in force' },
  );
}
