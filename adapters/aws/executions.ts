/** Executions of a state machine, each started once for what it is to do. */
import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { awsError, awsFailure } from './aws-errors.ts';

/**
 * Starts an execution, or finds the one that runs under the same name with the same input: however often a start is repeated, one runs. A
 * name whose execution is over is not used again, so the next attempt has the next. Returns its ARN; undefined where all attempts are spent.
 * Throws as AWS refuses.
 * @param machine ARN
 * @param most attempts of one name
 */
export async function startedOnce(
  client: SFNClient,
  machine: string,
  { name, input, most }: { readonly name: string; readonly input: object; readonly most: number },
): Promise<string | undefined> {
  for (let attempt = 1; attempt <= most; attempt++) {
    const command = new StartExecutionCommand({
      stateMachineArn: machine,
      name: `${name}-${attempt}`,
      input: JSON.stringify(input),
    });
    try {
      return (await client.send(command)).executionArn!;
    } catch (error) {
      if (awsFailure(error).name !== 'ExecutionAlreadyExists')
        throw awsError('start an execution in Step Functions', error);
    }
  }
  return undefined;
}
