/** Jobs as documents of a ledger stream of their own: they outlive the process, and every process of the instance sees them. */
import { createHash } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import { JOB_BOUNDS, type Job, type Jobs, type JobWork } from '../../core/ports/jobs.ts';
import type { DocumentWrite, LedgerPort } from '../../core/ports/ledger.ts';

export interface LedgerJobsOptions {
  readonly tenant: string;
  /** ms UTC. */
  readonly now: () => number;
  /** Told of each job that is to run; sees to it that {@link LedgerJobs.run} is called. */
  readonly launch: (job: Job) => Promise<void> | void;
}

/** Names cannot meet those of accounts, which begin with a letter. */
const STREAM = '_jobs';
const KEYS = {
  job: (id: string): string => `job/${id}`,
  byTime: (createdAt: number, id: string): string => `job-at/${String(createdAt).padStart(15, '0')}/${id}`,
  byTimePrefix: 'job-at/',
} as const;

const MAX_RACES = 50;
/** Progress is written at most so often. */
const PROGRESS_MS = 250;
const NOTHING_QUEUED = { kept: 'nothing was queued' };

export class LedgerJobs implements Jobs {
  readonly #ledger: LedgerPort;
  readonly #options: LedgerJobsOptions;
  readonly #stream: string;

  constructor(ledger: LedgerPort, options: LedgerJobsOptions) {
    this.#ledger = ledger;
    this.#options = options;
    this.#stream = `${options.tenant}/${STREAM}`;
  }

  async start(kind: string, input: Json, key: string): Promise<Job> {
    const id = createHash('sha256').update(key).digest('hex').slice(0, 24);
    const before = await this.find(id);
    if (before) return same(before, kind, input);
    await this.#assertRoom();
    const createdAt = this.#options.now();
    const unfinished = { finishedAt: null, result: null, error: null };
    const job: Job = { id, kind, state: 'queued', progress: 0, createdAt, input, ...unfinished };
    const isFirst = await this.#write([
      { key: KEYS.job(id), value: job as unknown as Json, expectedVersion: 0 },
      { key: KEYS.byTime(createdAt, id), value: id, expectedVersion: 'any' },
    ]);
    if (!isFirst) return same((await this.find(id)) ?? job, kind, input);
    await this.#options.launch(job);
    return (await this.find(id)) ?? job;
  }

  async find(id: string): Promise<Job | undefined> {
    const document = await this.#ledger.document(this.#stream, KEYS.job(id));
    return document?.value as unknown as Job | undefined;
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
    return latest.filter(({ state }) => state === 'queued' || state === 'running').reverse();
  }

  /** Does a job's work and keeps what came of it; what the work throws is the job's failure. */
  async run(id: string, work: JobWork): Promise<void> {
    const job = await this.find(id);
    if (!job || job.state === 'done' || job.state === 'failed') return;
    const { now } = this.#options;
    await this.#update(job, { state: 'running' });
    let written: Promise<unknown> = Promise.resolve();
    let writtenAt = now();
    const onProgress = (progress: number): void => {
      if (now() - writtenAt < PROGRESS_MS) return;
      writtenAt = now();
      // Best effort, one after the other; the end says what counts.
      written = written.then(() => this.#update(job, { state: 'running', progress })).catch(() => undefined);
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
    await this.#update(job, { ...end, finishedAt: now() });
  }

  #update(job: Job, change: Partial<Job>): Promise<boolean> {
    const value = { ...job, ...change } as unknown as Json;
    return this.#write([{ key: KEYS.job(job.id), value, expectedVersion: 'any' }]);
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
    throw new PlimsollError('JOBS_CONTENDED', 'a job could not be written beside others', 'try again', NOTHING_QUEUED);
  }
}

function same(job: Job, kind: string, input: Json): Job {
  if (job.kind === kind && canonicalJson(job.input) === canonicalJson(input)) return job;
  throw new PlimsollError(
    'IDEMPOTENCY_KEY_REUSED',
    'the idempotency key was used before, for another job',
    'send a new key with every new job',
    NOTHING_QUEUED,
  );
}
