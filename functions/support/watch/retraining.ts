/** What a look does about trainings where the deployment makes them: asks for one, begins what waits, and reads what it left. */
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientSettings } from '../../../adapters/aws/client-settings.ts';
import { awsEnvironment } from '../../../adapters/aws/environment.ts';
import { startedOnce } from '../../../adapters/aws/executions.ts';
import type { ModelRegistry } from '../../../adapters/models/registry.ts';
import type { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { Observation } from '../../../core/models/monitoring/lifecycle.ts';
import type { LookedChallenger } from '../../../core/models/monitoring/look.ts';
import {
  observedTraining,
  type QueuedTraining,
  type WantedTraining,
} from '../../../core/models/monitoring/training-queue.ts';
import type { RetrainingInput } from '../retraining/settings.ts';
import { retrainingStores } from '../retraining/stores.ts';

/** Executions of one training; it is taken three times, and each may come too late for it. */
const MOST_EXECUTIONS = 20;

export interface RetrainingPort {
  /** Asks for a training, once, and begins it unless it runs, is over, or another one of its model runs. */
  begin(wanted: WantedTraining): Promise<void>;
  /** How it stands, as a look takes it. */
  observed(id: string): Promise<NonNullable<Observation['training']>>;
  /** A version that a training left. */
  challenger(model: string, version: string): Promise<LookedChallenger>;
}

export interface RetrainingParts {
  readonly queue: TrainingQueueStore;
  readonly registry: Pick<ModelRegistry, 'version' | 'load'>;
  /** Starts an execution of the model's machine, or finds the one that runs; undefined where its attempts are spent. */
  readonly start: (model: string, name: string, input: RetrainingInput) => Promise<string | undefined>;
  /** ms UTC. */
  readonly now: () => number;
}

/** From the environment that the stack sets; throws `ENVIRONMENT_INCOMPLETE`. */
export function retrainingPort(variables: NodeJS.ProcessEnv): RetrainingPort {
  const { retrainingMachines } = awsEnvironment(variables, { settings: ['retrainingMachines'] });
  const client = new SFNClient(clientSettings());
  return retraining({
    ...retrainingStores(variables),
    start: (model, name, input) =>
      startedOnce(client, `${retrainingMachines}${model}`, { name, input, most: MOST_EXECUTIONS }),
    now: Date.now,
  });
}

/** `begin` throws `RETRAINING_ATTEMPTS_SPENT`, and as the queue and Step Functions do; the others as queue and registry do. */
export function retraining({ queue, registry, start, now }: RetrainingParts): RetrainingPort {
  return {
    begin: async (wanted) => {
      const { id, model } = wanted;
      await queue.ask(wanted, now());
      const trainings = await queue.trainings();
      const isHeld = ({ status, until = 0 }: QueuedTraining): boolean => status === 'running' && until > now();
      if (trainings.some((each) => each.wanted.model === model && isHeld(each))) return;
      const status = trainings.find((each) => each.wanted.id === id)?.status;
      if (status === 'finished' || status === 'failed') return;
      if ((await start(model, id, { model, training: id })) === undefined) throw attemptsSpent(id);
    },
    // Versions are retired where the instance is deployed from.
    observed: async (id) => observedTraining(await queue.training(id), () => false),
    challenger: async (model, name) => {
      const version = await registry.version(model, name);
      const { to } = version.card.period as { readonly to: number };
      const judge = await registry.load(version).catch((error: unknown) => {
        if (error instanceof PlimsollError && DAMAGED.includes(error.code)) return undefined;
        throw error;
      });
      return { version: name, judge, trainedTo: to };
    },
  };
}

/** What the files of a version may be: it cannot answer then. A store that does not answer says nothing of them. */
const DAMAGED = ['MODEL_FILE_CHANGED', 'MODEL_FILE_MISSING'];

const attemptsSpent = (id: string): PlimsollError =>
  new PlimsollError(
    'RETRAINING_ATTEMPTS_SPENT',
    `the training ${id} was begun ${MOST_EXECUTIONS} times and never taken`,
    'look at the executions of its state machine, and at the log of the function that writes its table',
    { kept: 'the champion decides on' },
  );
