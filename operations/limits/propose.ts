import { PlimsollError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { type Limits, limitsSchema } from '../../core/risk/limits.ts';
import { changeLimits, type LimitsAnswer } from '../../functions/steps/limits.ts';
import type { OperationContext } from '../operation.ts';
import { streamNamed } from '../support/account.ts';
import { originOf } from '../support/command.ts';

interface Input {
  readonly account?: string | undefined;
  readonly limits: Readonly<Record<string, unknown>>;
  readonly reason: string;
}

export default function propose(context: OperationContext, input: Input): Promise<LimitsAnswer> {
  const { account, limits: patch, reason } = input;
  return changeLimits(
    context.steps,
    streamNamed(context, account),
    (before) => ({ ...before, limits: patched(before.limits, patch) }),
    reason,
    originOf(context, input),
  );
}

/** A limit that is taken away is what the schema says of one that is not written. */
function patched(limits: Limits, patch: Readonly<Record<string, unknown>>): Limits {
  const merged: Record<string, unknown> = { ...limits, ...patch };
  for (const [name, value] of Object.entries(patch)) if (value === null) delete merged[name];
  const parsed = limitsSchema.safeParse(merged);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const known = Object.keys(limitsSchema.shape);
  const unknown = issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys[0] : undefined;
  throw new PlimsollError(
    'OPERATION_INPUT_INVALID',
    unknown === undefined
      ? `the limit ${issue.path.join('.')} is not valid: ${issue.message}`
      : `there is no limit "${unknown}"`,
    unknown === undefined ? 'see `plimsoll risk limits` for what each one is' : `use ${nearest(unknown, known)}`,
    { kept: 'nothing was changed' },
  );
}
