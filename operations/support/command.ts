import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/json.ts';
import type { CommandOrigin } from '../../functions/steps/commands.ts';
import type { OperationContext } from '../operation.ts';

/** Who commands, and the key under which it is done once: keys of one principal never meet those of another. */
export function originOf(
  { principal, idempotencyKey }: Pick<OperationContext, 'principal' | 'idempotencyKey'>,
  input: object,
): CommandOrigin {
  return {
    principal,
    idempotencyKey: digest(`${principal.id}\n${idempotencyKey}`),
    fingerprint: digest(canonicalJson(input)),
  };
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
