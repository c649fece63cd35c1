import type { OperationContext } from '../operation.ts';
import { originOf } from '../support/command.ts';
import type { ModelAction } from './port.ts';
import type { ActInput, DoneOutput } from './schema.ts';

/** The operation of what is done to a version: who asks is named in the model's history, and the same key does it once. */
export const acting =
  (action: ModelAction) =>
  async (context: OperationContext, input: ActInput): Promise<DoneOutput> => {
    const { name, version: wanted, reason } = input;
    const { principal, idempotencyKey: key } = originOf(context, input);
    const { act } = await context.models();
    const version = await act(name, action, wanted, { at: context.steps.now(), by: principal.name, reason, key });
    return { name, version, action };
  };
