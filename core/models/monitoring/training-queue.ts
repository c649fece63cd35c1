/**
 * The queue of trainings as a fold over what was done: asked for, taken by a worker for a time, finished or failed. A worker that is
 * gone loses what it took when its time is over, and another goes on; what was asked for twice under one id is there once.
 */
import * as z from 'zod';
import { PlimsollError } from '../../errors.ts';
import type { HistoryEntry } from '../history.ts';
import { type Observation, TRIGGERS } from './lifecycle.ts';

/** Trainings that may wait or run at once. */
export const MOST_WAITING = 100;
/** Times that a training is taken before it is given up. */
export const MOST_ATTEMPTS = 3;
/** Trainings that are over of which the queue still tells. */
export const MOST_TOLD = 200;

const time = z.int().min(0);
/** Names a folder too. */
const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/);
const model = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);
const reason = z.string().min(1).max(1_000);
const trainingVersion = z.string().regex(/^[0-9a-f]{16}$/);

const wantedSchema = z.strictObject({
  id,
  model,
  trigger: z.enum([...TRIGGERS, 'person']),
  reason,
  /** ms UTC: what is learned from begins there; without it where the worker's settings say. */
  from: time.optional(),
  /** ms UTC: nothing that is known later is learned from. */
  to: time,
});
/** A training that is asked for. */
export type WantedTraining = z.infer<typeof wantedSchema>;

const stateSchema = z.strictObject({
  wanted: wantedSchema,
  queuedAt: time,
  status: z.enum(['pending', 'running', 'finished', 'failed']),
  attempts: z.int().min(0),
  worker: z.string().optional(),
  /** Of a running one: until when it is the worker's, ms UTC. */
  until: time.optional(),
  endedAt: time.optional(),
  version: trainingVersion.optional(),
  /** Of the last attempt that failed. */
  failure: z.string().optional(),
});
/** Where a training stands. */
export type QueuedTraining = z.infer<typeof stateSchema>;

const worker = z.string().min(1).max(200);
const eventSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('queued'), at: time, wanted: wantedSchema }),
  z.strictObject({ kind: z.literal('taken'), at: time, id, worker, until: time }),
  z.strictObject({ kind: z.literal('finished'), at: time, id, version: trainingVersion }),
  /** `isFinal`: another attempt would fail too. */
  z.strictObject({ kind: z.literal('failed'), at: time, id, reason, isFinal: z.boolean() }),
  /** Its worker was told to stop: it waits again, and the attempt does not count. */
  z.strictObject({ kind: z.literal('given-back'), at: time, id }),
  /** What a new list begins with. */
  z.strictObject({ kind: z.literal('carried'), trainings: z.array(stateSchema) }),
]);
export type QueueEvent = z.infer<typeof eventSchema>;

/** Who is said to have registered what a training left: by it a worker finds the version of one that was killed after that. */
export const authorOf = (id: string): string => `the training ${id}`;

/** The version that a training left before, by the history of its model. */
export const leftBy = (history: readonly HistoryEntry[], id: string): string | undefined =>
  history.find(({ action, by }) => action === 'registered' && by === authorOf(id))?.version;

/** A training as whoever waits for its version sees it; undefined where the queue has none of that id. */
export function observedTraining(
  training: QueuedTraining | undefined,
  isRetired: (version: string) => boolean,
): NonNullable<Observation['training']> {
  if (training === undefined) return { status: 'failed', reason: 'the queue no longer tells of it' };
  const { status, version, failure = 'it failed' } = training;
  if (status === 'failed') return { status, reason: failure };
  if (status !== 'finished' || version === undefined) return { status: status === 'running' ? status : 'pending' };
  return isRetired(version)
    ? { status: 'failed', reason: `it left ${version} again, which is retired` }
    : { status, version };
}

/** By id, in the order in which they were asked for. */
export type TrainingQueue = ReadonlyMap<string, QueuedTraining>;

/** Throws `TRAINING_QUEUE_DAMAGED`. */
export function queueEventIn(text: string): QueueEvent {
  try {
    return eventSchema.parse(JSON.parse(text));
  } catch {
    throw new PlimsollError(
      'TRAINING_QUEUE_DAMAGED',
      'an event of the queue of trainings cannot be read',
      'restore it from a backup; until then no training is begun by itself',
    );
  }
}

export function queueAfter(queue: TrainingQueue, event: QueueEvent): TrainingQueue {
  if (event.kind === 'carried') return new Map(event.trainings.map((training) => [training.wanted.id, training]));
  if (event.kind === 'queued') {
    const { wanted, at } = event;
    return new Map(queue).set(wanted.id, { wanted, queuedAt: at, status: 'pending', attempts: 0 });
  }
  const before = queue.get(event.id);
  return before === undefined ? queue : new Map(queue).set(event.id, trainingAfter(before, event));
}

function trainingAfter(
  { worker: _worker, until: _until, ...before }: QueuedTraining,
  event: Exclude<QueueEvent, { kind: 'carried' | 'queued' }>,
): QueuedTraining {
  const { at } = event;
  switch (event.kind) {
    case 'taken':
      return {
        ...before,
        status: 'running',
        attempts: before.attempts + 1,
        worker: event.worker,
        until: event.until,
      };
    case 'finished':
      return { ...before, status: 'finished', endedAt: at, version: event.version };
    case 'given-back':
      return { ...before, status: 'pending', attempts: before.attempts - 1 };
    case 'failed': {
      const isOver = event.isFinal || before.attempts >= MOST_ATTEMPTS;
      const failed = { ...before, failure: event.reason };
      return isOver ? { ...failed, status: 'failed', endedAt: at } : { ...failed, status: 'pending' };
    }
  }
}

/** What a list that begins anew is told of the one before: all that is not over, and the latest of the others. */
export function carriedFrom(queue: TrainingQueue): QueueEvent {
  const all = [...queue.values()];
  const told = new Set(all.filter(isOver).slice(-MOST_TOLD));
  return { kind: 'carried', trainings: all.filter((training) => !isOver(training) || told.has(training)) };
}

const isOver = ({ status }: QueuedTraining): boolean => status === 'finished' || status === 'failed';

/**
 * The event that asks for a training, or undefined where it was asked for before. Throws `TRAINING_QUEUE_FULL`, or
 * `TRAINING_WANTED_INVALID` for what is no training.
 */
export function asked(queue: TrainingQueue, wanted: WantedTraining, at: number): QueueEvent | undefined {
  const read = wantedSchema.safeParse(wanted);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new PlimsollError(
      'TRAINING_WANTED_INVALID',
      `a training cannot be asked for with this ${issue.path.join('.')} (${issue.message})`,
      'name the model, the reason and the time up to which it learns',
    );
  }
  if (queue.has(wanted.id)) return undefined;
  if ([...queue.values()].filter((training) => !isOver(training)).length >= MOST_WAITING)
    throw new PlimsollError(
      'TRAINING_QUEUE_FULL',
      `${MOST_WAITING} trainings wait or run`,
      'wait until some are over',
      { kept: 'those that were asked for before stay' },
    );
  return { kind: 'queued', at, wanted };
}

/**
 * The event by which a worker takes the training that waits longest, or undefined where there is none. One whose worker's time is over
 * waits again; a worker that comes again under its name goes on with its own. What was taken too often without an end is given up: the
 * event says so.
 * @param taking `models`: of which alone; of all without it
 */
export function taken(
  queue: TrainingQueue,
  {
    worker: name,
    at,
    forMs,
    models,
  }: { readonly worker: string; readonly at: number; readonly forMs: number; readonly models?: ReadonlySet<string> },
): QueueEvent | undefined {
  const isFree = ({ wanted, status, worker: holder, until = 0 }: QueuedTraining): boolean =>
    (models?.has(wanted.model) ?? true) &&
    (status === 'pending' || (status === 'running' && (holder === name || until <= at)));
  const training = [...queue.values()].find(isFree);
  if (training === undefined) return undefined;
  const { id: of } = training.wanted;
  if (training.attempts >= MOST_ATTEMPTS)
    return {
      kind: 'failed',
      at,
      id: of,
      reason: `it was begun ${MOST_ATTEMPTS} times and never came to an end`,
      isFinal: true,
    };
  return { kind: 'taken', at, id: of, worker: name, until: at + forMs };
}

/**
 * The event that ends a worker's training, or undefined where it ended with the same before. Throws `TRAINING_NOT_HELD` where another
 * has it by now.
 */
export function ended(
  queue: TrainingQueue,
  { id: of, worker: name, at }: { readonly id: string; readonly worker: string; readonly at: number },
  end: { readonly version: string } | { readonly reason: string; readonly isFinal: boolean } | 'given-back',
): QueueEvent | undefined {
  const training = queue.get(of);
  const version = end !== 'given-back' && 'version' in end ? end.version : undefined;
  if (training?.status === 'finished' && version !== undefined && training.version === version) return undefined;
  if (training?.status !== 'running' || training.worker !== name)
    throw new PlimsollError(
      'TRAINING_NOT_HELD',
      `the training ${of} is no longer that of ${name}`,
      'leave it to whoever has it now: what was registered stays',
    );
  if (end === 'given-back') return { kind: 'given-back', at, id: of };
  return 'version' in end ? { kind: 'finished', at, id: of, ...end } : { kind: 'failed', at, id: of, ...end };
}
