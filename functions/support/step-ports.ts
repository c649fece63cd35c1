/** The ports of a step on AWS. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { configuration, registry } from 'plimsoll-deployment';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { DynamoLedger } from '../../adapters/aws/dynamodb-ledger.ts';
import { awsEnvironment } from '../../adapters/aws/environment.ts';
import { SqsQueue } from '../../adapters/aws/sqs-queue.ts';
import { QUEUES } from '../../core/ports/queue.ts';
import type { StepPorts } from '../steps/ports.ts';
import { withDeadline } from './deadline.ts';

export type VenuesOf = (of: typeof configuration, variables: NodeJS.ProcessEnv) => NonNullable<StepPorts['venue']>;

export interface StepPortsOptions {
  /** The way to the venues of live accounts. */
  readonly venuesOf?: VenuesOf;
  /** The way to models that are asked elsewhere; undefined where none is. */
  readonly modelsAsked?: (variables: NodeJS.ProcessEnv) => StepPorts['askModel'];
}

/**
 * From the environment that the stack sets; throws `ENVIRONMENT_INCOMPLETE`. The queue has a client from its first use on: most
 * cycles end at a step that sends nothing.
 */
export function stepPorts(
  variables: NodeJS.ProcessEnv,
  { venuesOf, modelsAsked }: StepPortsOptions = {},
): { readonly steps: StepPorts; readonly queue: SqsQueue } {
  const { ledgerTable, queues } = awsEnvironment(variables, { settings: ['ledgerTable'], queues: QUEUES });
  const ledger = new DynamoLedger(new DynamoDBClient(clientSettings()), { table: ledgerTable });
  const askModel = modelsAsked?.(variables);
  let opened: SqsQueue | undefined;
  const queue = (): SqsQueue => {
    opened ??= new SqsQueue(new SQSClient(clientSettings()), { queues });
    return opened;
  };
  return {
    get queue() {
      return queue();
    },
    steps: {
      ledger,
      send: (name, message) => queue().send(name, message),
      configuration,
      registry,
      now: Date.now,
      withDeadline,
      ...(venuesOf ? { venue: venuesOf(configuration, variables) } : {}),
      ...(askModel ? { askModel } : {}),
    },
  };
}
