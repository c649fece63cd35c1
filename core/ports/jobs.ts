import type { Json } from '../json.ts';

/** What a job can be; the last three are for ever. */
export const JOB_STATES = ['queued', 'running', 'done', 'failed', 'canceled'] as const;
type JobState = (typeof JOB_STATES)[number];

/** A piece of long work: its id at once, its result later. */
export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly state: JobState;
  /** 0 to 1. */
  readonly progress: number;
  /** ms UTC. */
  readonly createdAt: number;
  readonly finishedAt: number | null;
  readonly input: Json;
  readonly result: Json | null;
  /** One sentence: with the way out, when it failed; who canceled it and why, when it was. */
  readonly error: string | null;
}

/** Nothing becomes of it any more. */
export const isOver = ({ state }: Pick<Job, 'state'>): boolean =>
  state === 'done' || state === 'failed' || state === 'canceled';

/** Where jobs run: a worker thread when embedded, Lambda on AWS. At most {@link JOB_BOUNDS}.running at a time; others wait. */
export interface Jobs {
  /**
   * Queues a job; the same key answers the same job. Throws `JOBS_FULL` past {@link JOB_BOUNDS}.waiting, and
   * `IDEMPOTENCY_KEY_REUSED` where the key was given with something else.
   */
  start(kind: string, input: Json, key: string): Promise<Job>;
  find(id: string): Promise<Job | undefined>;
  /** Newest first. */
  list(limit: number): Promise<Job[]>;
}

/** The work behind a kind of job. `onProgress` takes 0 to 1. */
export type JobWork = (kind: string, input: Json, onProgress: (progress: number) => void) => Promise<Json>;

export const JOB_BOUNDS = { running: 1, waiting: 100, listed: 200 } as const;
