/**
 * Runs a training job on this machine as SageMaker would: the same entry point, the same tree of files, the same signals.
 * The job sees nothing of this process's environment but where programs and temporary files are: no key, no token.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { PlimsollError } from '../../core/errors.ts';
import { moduleEnvironment } from './module-environment.ts';
import { lastLines, readLines, Tail } from './output-lines.ts';
import { keptIn, layOut, modelFolder, reasonIn, recordFile, type TrainingInput } from './training-folder.ts';
import { metricsShape, recordShape, type TrainingRecord } from './training-record.ts';

const GRACE_MS = 20_000;
/** Of the grace, what a job keeps to write down how it ended. */
const WRITING_MS = 2_000;
/** A grandchild that left the group may hold the streams open for ever. */
const STREAMS_MS = 2_000;
const OUTPUT_LIMIT = 65_536;
const RECORD_LIMIT = 16 * 2 ** 20;
const NOTES_LIMIT = 100;
const TOLD_LINES = 20;

/** What a job tells while it runs. A metric that is not finite is null. */
export interface TrainingProgress {
  readonly step: number;
  readonly of: number;
  readonly metrics: Readonly<Record<string, number | null>>;
}

const lineShape = z.union([
  z.object({ plimsoll: z.literal('progress'), step: z.number(), of: z.number(), metrics: metricsShape }),
  z.object({ plimsoll: z.literal('note'), text: z.string() }),
]);

export interface TrainingJob extends TrainingInput {
  /** Path of a Python that has what the job needs. */
  readonly python: string;
  /** The module that is the job: `plimsoll_models.train`. */
  readonly entry: string;
  /** Path of a folder for this job, which is made; one job at a time. What it holds of the same job's checkpoints is used. */
  readonly folder: string;
  /** Ms that it may run. */
  readonly withinMs: number;
  /**
   * Ms between being told to leave and being killed.
   * @default 20,000
   */
  readonly graceMs?: number;
  /** Ends the job like a time that is up. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /**
   * Folders in which Python finds modules.
   * @default models/
   */
  readonly sources?: readonly string[];
  /** More of the environment: `MLFLOW_TRACKING_URI`, or `PLIMSOLL_MLFLOW_FOLDER` for a store on this machine. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface TrainingResult {
  /** Path of the folder with the model's files. It stays until the next job in the same folder. */
  readonly model: string;
  readonly record: TrainingRecord;
  /** What the job had to say beside its progress, at most 100 of it. */
  readonly notes: readonly string[];
}

/**
 * Runs the job to its end.
 *
 * Throws `TRAINING_FAILED` with the job's own reason, `TRAINING_TIMEOUT`, `TRAINING_STOPPED` where the signal ended it, and
 * what {@link layOut} throws. Each says what was kept: finished units of work are, whatever ended the job. What
 * `onProgress` throws ends it too, and is thrown. No process of the job is left then, unless it left the job's group.
 */
export async function runTrainingJob(job: TrainingJob): Promise<TrainingResult> {
  const { folder, withinMs, graceMs = GRACE_MS, signal } = job;
  if (signal?.aborted) throw stopped(folder);
  const lock = layOut(folder, job);
  try {
    const told = new Told(job.onProgress);
    const child = start(job, graceMs);
    told.listen(child);
    const end = await endOf(child, { withinMs, graceMs, signals: [told.broke, ...(signal ? [signal] : [])] });
    if (told.broke.aborted) throw told.broke.reason;
    if (end.hastened && end.code !== 0) throw end.hastened === 'time' ? timedOut(folder, withinMs) : stopped(folder);
    if (end.code !== 0) throw failed(folder, reasonIn(folder) ?? end.how, told.output.text);
    return { model: modelFolder(folder), record: readRecord(folder, told.output.text), notes: told.notes };
  } finally {
    lock.release();
  }
}

function start(job: TrainingJob, graceMs: number): ChildProcess {
  const { python, entry, folder, sources, environment = {} } = job;
  const env = {
    ...moduleEnvironment(sources),
    PLIMSOLL_JOB_GRACE_S: String(Math.max(0.1, (graceMs - WRITING_MS) / 1_000)),
    ...environment,
    PLIMSOLL_ML_FOLDER: folder,
  };
  return spawn(python, ['-m', entry], { cwd: folder, env, stdio: 'pipe', detached: true, windowsHide: true });
}

/** What the job says, as it says it. */
class Told {
  readonly output = new Tail(OUTPUT_LIMIT);
  readonly notes: string[] = [];
  readonly #broken = new AbortController();
  readonly #onProgress: TrainingJob['onProgress'];

  constructor(onProgress: TrainingJob['onProgress']) {
    this.#onProgress = onProgress;
  }

  /** Aborted with what `onProgress` threw. */
  get broke(): AbortSignal {
    return this.#broken.signal;
  }

  listen({ stdout, stderr }: ChildProcess): void {
    readLines(stdout!, (line) => this.#take(line));
    readLines(stderr!, (line) => this.output.add(line));
  }

  #take(line: string): void {
    const told = lineOf(line);
    if (!told) this.output.add(line);
    else if (told.plimsoll === 'progress') this.#progress(told);
    else if (this.notes.length < NOTES_LIMIT) this.notes.push(told.text);
  }

  #progress({ step, of, metrics }: TrainingProgress): void {
    if (this.broke.aborted) return;
    try {
      this.#onProgress?.({ step, of, metrics });
    } catch (error) {
      this.#broken.abort(error);
    }
  }
}

function lineOf(line: string): z.infer<typeof lineShape> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return lineShape.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

interface Limits {
  readonly withinMs: number;
  readonly graceMs: number;
  /** Each of them ends the process. */
  readonly signals: readonly AbortSignal[];
}

interface End {
  readonly code: number | null;
  /** For a message. */
  readonly how: string;
  /** What ended it before its time. */
  readonly hastened: 'time' | 'signal' | undefined;
}

/** Resolves when the process, its group and its output are over: at the latest after its time, the grace and two seconds. */
async function endOf(child: ChildProcess, { withinMs, graceMs, signals }: Limits): Promise<End> {
  let hastened: End['hastened'];
  let killer: NodeJS.Timeout | undefined;
  const hasten = (why: 'time' | 'signal') => (): void => {
    if (hastened) return;
    hastened = why;
    killGroup(child, 'SIGTERM');
    killer = setTimeout(() => killGroup(child, 'SIGKILL'), graceMs);
  };
  const timer = setTimeout(hasten('time'), withinMs);
  const onAbort = hasten('signal');
  for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
  const closed = once(child, 'close').catch(() => undefined);
  try {
    const [code, by] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    // What the job started ends with it.
    killGroup(child, 'SIGKILL');
    await within(STREAMS_MS, closed);
    return { code, how: code === null ? killedBy(by) : `it ended with exit code ${code}`, hastened };
  } catch (error) {
    return { code: null, how: `it could not be started: ${(error as Error).message}`, hastened };
  } finally {
    clearTimeout(timer);
    clearTimeout(killer);
    for (const signal of signals) signal.removeEventListener('abort', onAbort);
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  }
}

const killedBy = (signal: NodeJS.Signals | null): string =>
  `it was killed by ${signal}${signal === 'SIGKILL' ? ', as when the machine has no memory left' : ''}`;

/** The process and all that it started, unless those made a group of their own. */
function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // Nothing of it is left.
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const up = Promise.withResolvers<void>();
  const timer = setTimeout(up.resolve, ms);
  await Promise.race([work, up.promise]);
  clearTimeout(timer);
}

function readRecord(folder: string, output: string): TrainingRecord {
  const path = recordFile(folder);
  try {
    if (statSync(path).size > RECORD_LIMIT) throw new Error(`it is longer than ${RECORD_LIMIT} bytes`);
    return recordShape.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw failed(folder, `it left no record of its run that can be read (${path})`, output, cause);
  }
}

function failed(folder: string, reason: string, output: string, cause?: unknown): PlimsollError {
  const said = lastLines(output, TOLD_LINES).trim();
  return new PlimsollError(
    'TRAINING_FAILED',
    `the training job failed: ${reason}${said && !said.includes(reason) ? `\n  ${said}\n` : ''}`,
    'put right what it says and run it again',
    { kept: keptIn(folder), cause },
  );
}

const timedOut = (folder: string, withinMs: number): PlimsollError =>
  new PlimsollError(
    'TRAINING_TIMEOUT',
    `the training job was not over after ${Math.round(withinMs / 1_000)} s`,
    'give it longer, or less to do',
    { kept: keptIn(folder) },
  );

const stopped = (folder: string): PlimsollError =>
  new PlimsollError('TRAINING_STOPPED', 'the training job was told to stop', 'run it again to go on', {
    kept: keptIn(folder),
  });
