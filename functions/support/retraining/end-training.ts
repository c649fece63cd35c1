/** What became of a training on AWS that did not come to its end is written into the queue: it waits again, or is given up. */
import type { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';
import { endEvent, eventIn } from './events.ts';

export interface EndPorts {
  readonly queue: TrainingQueueStore;
  /** ms UTC. */
  readonly now: () => number;
}

/** Why a training ended, and whether another attempt would end so too. */
export interface TrainingEnd {
  readonly reason: string;
  readonly isFinal: boolean;
}

/** Until it is failed: a training that was not taken yet is taken for that. */
const HELD_MS = 60_000;
/** Of our own errors, those that pass by themselves. */
const PASSING = ['AWS_THROTTLED', 'AWS_UNAVAILABLE', 'LIST_BUSY', 'MODEL_HISTORY_BUSY'];
/** As `PlimsollError.code`. */
const OWN = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;
/** What SageMaker says where the job itself failed, rather than a machine or its capacity. */
const OF_THE_JOB = /^AlgorithmError\b/;

/**
 * Throws `RETRAINING_EVENT_INVALID`, and as the queue does. A training that another execution has, or that is over, is left alone: undefined
 * then.
 */
export async function endTraining({ queue, now }: EndPorts, event: unknown): Promise<TrainingEnd | undefined> {
  const { model, training: id, worker, error } = eventIn(endEvent, event);
  const end = endOf(error);
  const before = await queue.training(id);
  // Before it was taken: so that this attempt counts too, and does not come again for ever.
  if (before?.status === 'pending') await queue.take(worker, now(), HELD_MS, new Set([model]));
  const held = (await queue.trainings()).find(
    ({ status, worker: holder }) => status === 'running' && holder === worker,
  );
  if (held === undefined) return undefined;
  await queue.fail({ id: held.wanted.id, worker, at: now() }, end.reason, end.isFinal);
  return end;
}

/** From what Step Functions hands on of an error: the text of a function's is JSON, and so is that of a job. */
export function endOf({ Error: name, Cause: cause = '' }: { Error: string; Cause?: string | undefined }): TrainingEnd {
  const { errorMessage, FailureReason: failure, TrainingJobStatus: status } = documentIn(cause);
  if (typeof errorMessage === 'string')
    return { reason: errorMessage, isFinal: OWN.test(name) && !PASSING.includes(name) };
  if (typeof failure === 'string' && failure !== '')
    return { reason: `the training job failed: ${failure}`, isFinal: OF_THE_JOB.test(failure) };
  if (status === 'Stopped')
    return { reason: 'the training job was stopped: by somebody, or at the end of its time', isFinal: false };
  const said = [name, cause].filter((part) => part !== '').join(': ');
  return { reason: `the training was broken off (${said})`, isFinal: false };
}

function documentIn(cause: string): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(cause);
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
