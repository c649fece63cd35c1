/** Jobs as documents of a ledger stream of their own: they outlive the process, and every process of the instance sees them. */
import { createHash } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import { isOver, JOB_BOUNDS, type Job, type Jobs, type JobWork } from '../../core/ports/jobs.ts';
import type { DocumentWrite, LedgerDocument, LedgerPort } from '../../core/ports/ledger.ts';

export interface LedgerJobsOptions {
  readonly tenant: string;
  /** ms UTC. */
  readonly now: () => number;
  /** Told of each job that is to run, and perhaps twice; sees to it that {@link LedgerJobs.run} is called. */
  readonly launch: (job: Job) => Promise<void> | void;
  /**
   * Ms after which a job that nobody has begun is failed.
   * @default it waits for as long as it takes
   */
  readonly waitMs?: number;
  /**
   * The ledger stream that the jobs are kept in.
   * @default {@link jobsStream}
   */
  readonly stream?: string;
  /** Told of a running job that was ended by {@link LedgerJobs.cancel}, here or in another process: nobody waits for its work any more. */
  readonly onCanceled?: (id: string) => void;
}

/** A job as it is kept. */
interface KeptJob extends Job {
  /** ms UTC: whoever has it, or was to have it, is gone by then. Absent where that shows in another way. */
  readonly until?: number;
}

/** The ledger stream of a tenant's jobs. Its name cannot meet that of an account, which begins with a letter. */
export const jobsStream = (tenant: string): string => `${tenant}/_jobs`;

/** The ledger stream of a tenant's trainings, which wait for each other alone. */
export const trainingsStream = (tenant: string): string => `${tenant}/_trainings`;

const KEYS = {
  job: (id: string): string => `job/${id}`,
  byTime: (createdAt: number, id: string): string => `job-at/${String(createdAt).padStart(15, '0')}/${id}`,
  byTimePrefix: 'job-at/',
} as const;

const MAX_RACES = 50;
/** Progress is written at most so often. */
const PROGRESS_MS = 250;
const NOTHING_QUEUED = { kept: 'nothing was queued' };

const NEVER_BEGUN = 'Nobody began it in time. Look at the dead letters of the jobs, then run it again.';
const WORKER_GONE =
  'Whoever worked on it ended before it was done. Run it again; over a shorter span where it ran out of memory.';

export class LedgerJobs implements Jobs {
  readonly #ledger: LedgerPort;
  readonly #options: LedgerJobsOptions;
  readonly #stream: string;

  constructor(ledger: LedgerPort, options: LedgerJobsOptions) {
    this.#ledger = ledger;
    this.#options = options;
    this.#stream = options.stream ?? jobsStream(options.tenant);
  }

  async start(kind: string, input: Json, key: string): Promise<Job> {
    const id = createHash('sha256').update(key).digest('hex').slice(0, 24);
    const before = await this.find(id);
    if (before) return this.#startAgain(same(before, kind, input));
    await this.#assertRoom();
    const { now, waitMs } = this.#options;
    const createdAt = now();
    const unfinished = { finishedAt: null, result: null, error: null };
    const job: Job = { id, kind, state: 'queued', progress: 0, createdAt, input, ...unfinished };
    const kept: KeptJob = waitMs === undefined ? job : { ...job, until: createdAt + waitMs };
    const isFirst = await this.#write([
      { key: KEYS.job(id), value: kept as unknown as Json, expectedVersion: 0 },
      { key: KEYS.byTime(createdAt, id), value: id, expectedVersion: 'any' },
    ]);
    if (!isFirst) return same((await this.find(id)) ?? job, kind, input);
    await this.#options.launch(job);
    return (await this.find(id)) ?? job;
  }

  async find(id: string): Promise<Job | undefined> {
    const document = await this.#document(id);
    return document && this.#seen(document);
  }

  async list(limit: number): Promise<Job[]> {
    const query = { prefix: KEYS.byTimePrefix, reverse: true, limit: Math.min(limit, JOB_BOUNDS.listed) };
    const entries = await this.#ledger.documents(this.#stream, query);
    const jobs = await Promise.all(entries.map(({ value }) => this.find(String(value))));
    return jobs.filter((job) => job !== undefined);
  }

  /** Jobs that are not over, oldest first: after a restart, those that nobody works on. */
  async unfinished(): Promise<Job[]> {
    const latest = await this.list(JOB_BOUNDS.listed);
    return latest.filter((job) => !isOver(job)).reverse();
  }

  /**
   * Does a job's work and keeps what came of it; what the work throws is the job's failure. A job that is over stays as it is.
   * @param withinMs where whoever works may end unseen: how long that can take at most. The job is then begun once, whatever
   *   becomes of it, and failed for everybody who looks at it later. Without, who calls this sees to it that nobody else works: a
   *   job found running was left by a process that is gone, and is taken up again.
   * @throws `JOB_TAKEN` while another has it
   */
  async run(id: string, work: JobWork, withinMs?: number): Promise<void> {
    const document = await this.#document(id);
    if (!document || isOver(this.#seen(document))) return;
    const job = await this.#take(document, withinMs);
    const { now } = this.#options;
    let written: Promise<unknown> = Promise.resolve();
    let writtenAt = now();
    const onProgress = (progress: number): void => {
      if (now() - writtenAt < PROGRESS_MS) return;
      writtenAt = now();
      // Best effort, one after the other; the end says what counts.
      written = written
        .then(async () => {
          if (!(await this.#update(id, { progress }))) this.#options.onCanceled?.(id);
        })
        .catch(() => undefined);
    };
    let end: Partial<Job>;
    try {
      end = { state: 'done', progress: 1, result: await work(job.kind, job.input, onProgress) };
    } catch (error) {
      end = {
        state: 'failed',
        error:
          error instanceof PlimsollError ? error.sentence : 'It failed for a reason of our own; the log says more.',
      };
    }
    await written;
    await this.#update(id, { ...end, finishedAt: now() });
  }

  /**
   * Ends a job, whether it waits or runs: it is canceled then, and its error is what `why` says. One that is over stays as it is.
   * Undefined where there is none. A process that works on it finds out when it next writes its progress.
   * @param why one sentence
   */
  async cancel(id: string, why: string): Promise<Job | undefined> {
    const isCanceled = await this.#update(id, { state: 'canceled', finishedAt: this.#options.now(), error: why });
    if (isCanceled) this.#options.onCanceled?.(id);
    return this.find(id);
  }

  /** The job as this caller's own: of two that take it at once, one does. */
  async #take({ value, version }: LedgerDocument, withinMs: number | undefined): Promise<KeptJob> {
    const { until, ...job } = value as unknown as KeptJob;
    if (job.state === 'running' && until !== undefined) throw taken(job);
    const held = withinMs === undefined ? {} : { until: this.#options.now() + withinMs };
    const mine: KeptJob = { ...job, state: 'running', ...held };
    const write = { key: KEYS.job(job.id), value: mine as unknown as Json, expectedVersion: version };
    if (await this.#write([write])) return mine;
    throw taken(job);
  }

  /** The same key again, perhaps because the first call ended between the two writes: who is to run it is told once more. */
  async #startAgain(job: Job): Promise<Job> {
    if (job.state !== 'queued') return job;
    await this.#options.launch(job);
    return (await this.find(job.id)) ?? job;
  }

  #document(id: string): Promise<LedgerDocument | undefined> {
    return this.#ledger.document(this.#stream, KEYS.job(id));
  }

  /** A job whose time is over has failed, although nobody was left to write that. */
  #seen({ value }: LedgerDocument): Job {
    const { until, ...job } = value as unknown as KeptJob;
    if (until === undefined || isOver(job) || this.#options.now() <= until) return job;
    const why = job.state === 'queued' ? NEVER_BEGUN : WORKER_GONE;
    return { ...job, state: 'failed', finishedAt: until, error: why };
  }

  /** Changes a job that is not over. False where it is, or was never there. */
  async #update(id: string, change: Partial<Job>): Promise<boolean> {
    for (let race = 0; race < MAX_RACES; race++) {
      const document = await this.#document(id);
      const job = document?.value as unknown as KeptJob | undefined;
      if (!document || !job || isOver(job)) return false;
      const value = { ...job, ...change } as unknown as Json;
      if (await this.#write([{ key: KEYS.job(id), value, expectedVersion: document.version }])) return true;
    }
    throw contended();
  }

  async #assertRoom(): Promise<void> {
    const waiting = (await this.unfinished()).length;
    if (waiting < JOB_BOUNDS.waiting) return;
    throw new PlimsollError(
      'JOBS_FULL',
      `${waiting} jobs are waiting`,
      'try again when some of them are done',
      NOTHING_QUEUED,
    );
  }

  /** False where a document is not at its version. */
  async #write(documents: readonly DocumentWrite[]): Promise<boolean> {
    for (let race = 0; race < MAX_RACES; race++) {
      const expected = await this.#ledger.head(this.#stream);
      const request = { stream: this.#stream, expected, events: [], hash: '', documents, guards: [] };
      const outcome = await this.#ledger.commit(request);
      if (outcome.kind !== 'conflict') return outcome.kind === 'committed';
    }
    throw contended();
  }
}

const contended = (): PlimsollError =>
  new PlimsollError('JOBS_CONTENDED', 'a job could not be written beside others', 'try again', NOTHING_QUEUED);

const taken = ({ id }: Job): PlimsollError =>
  new PlimsollError('JOB_TAKEN', `the job ${id} is worked on by another`, 'wait for its end', {
    kept: 'it goes on there',
  });

function same(job: Job, kind: string, input: Json): Job {
  if (job.kind === kind && canonicalJson(job.input) === canonicalJson(input)) return job;
  throw new PlimsollError(
    'IDEMPOTENCY_KEY_REUSED',
    'the idempotency key was used before, for another job',
    'send a new key with every new job',
    NOTHING_QUEUED,
  );
}
