/**
 * SageMaker on this machine, as far as the platform asks it: training jobs and tuning jobs over AWS's JSON 1.1, beside S3 on the same port.
 * A job does what `work` says; a test says what befalls a request.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import {
  type CreateHyperParameterTuningJobRequest,
  type CreateTrainingJobRequest,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { S3Double } from './s3-double.ts';
import { TunedJobs } from './tuned-jobs.ts';

/** How a job ends: with the files of its model and of its output, or with the reason why not. */
export type JobEnd =
  | { readonly model: Uint8Array | undefined; readonly output: Uint8Array | undefined; readonly log?: string }
  | { readonly reason: string; readonly log?: string };

/** What a job does until it is over, or told to stop. */
export type JobWork = (job: CreateTrainingJobRequest, stopped: AbortSignal) => Promise<JobEnd>;

/** Of a request: an error of AWS, or no answer at all, after it was done or before. */
export type Fate = { readonly status: number; readonly type: string; readonly message?: string } | 'lost' | 'unheard';

export interface DoubledJob {
  readonly request: CreateTrainingJobRequest;
  readonly created: number;
  readonly stopping: AbortController;
  looks: number;
  end: JobEnd | undefined;
}

/** What a job shows before it ends, a look each. */
const STAGES = ['Starting', 'Downloading', 'Training'];
const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;

export class SageMakerDouble {
  readonly s3 = new S3Double();
  readonly jobs = new Map<string, DoubledJob>();
  readonly tuning = new TunedJobs(this);
  /** Names of requests, in their order. */
  readonly asked: string[] = [];
  /** What befalls the next requests of a name. */
  readonly fates = new Map<string, Fate[]>();
  work: JobWork;
  readonly #server: Server;

  constructor(work: JobWork) {
    this.work = work;
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    for (const { stopping } of this.jobs.values()) stopping.abort();
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What a client finds in its environment. */
  get environment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.endpoint,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  }

  clients(): { sagemaker: SageMakerClient; s3: S3Client } {
    const settings = {
      ...clientSettings({ maxAttempts: 2 }),
      endpoint: this.endpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    return { sagemaker: new SageMakerClient(settings), s3: new S3Client(settings) };
  }

  befalls(action: string, ...fates: Fate[]): void {
    this.fates.set(action, fates);
  }

  /** Begins a job, whoever asked for it. */
  begin(request: CreateTrainingJobRequest): DoubledJob {
    const stopping = new AbortController();
    const job: DoubledJob = { request, created: this.jobs.size, stopping, looks: 0, end: undefined };
    this.jobs.set(request.TrainingJobName!, job);
    void this.work(request, stopping.signal).then(
      (end) => this.#ended(job, end),
      (error: Error) => this.#ended(job, { reason: `the double failed: ${error.stack}` }),
    );
    return job;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const target = request.headers['x-amz-target'];
    const action = typeof target === 'string' ? target.replace(/^SageMaker\./, '') : `S3.${request.method}`;
    this.asked.push(action);
    const fate = this.fates.get(action)?.shift();
    if (fate === 'unheard') response.destroy();
    else if (typeof fate === 'object')
      tell(response, fate.status, { __type: fate.type, message: fate.message ?? fate.type });
    else if (target === undefined) this.s3.answer(request, body, response);
    else {
      const [status, answer] = this.#answer(action, JSON.parse(body.toString()));
      if (fate === 'lost') response.destroy();
      else tell(response, status, answer);
    }
  }

  #answer(action: string, input: { TrainingJobName?: string } & Record<string, unknown>): [number, object] {
    const name = input.TrainingJobName ?? '';
    const job = this.jobs.get(name);
    switch (action) {
      case 'CreateTrainingJob':
        return this.#create(name, input as unknown as CreateTrainingJobRequest);
      case 'DescribeTrainingJob':
        return job ? [200, described(name, job)] : refusal('ValidationException', 'Requested resource not found.');
      case 'StopTrainingJob':
        if (!job || job.end) return refusal('ValidationException', 'The request was rejected because the job is over.');
        job.stopping.abort();
        return [200, {}];
      default:
        return (
          this.tuning.answer(action, input as unknown as CreateHyperParameterTuningJobRequest) ??
          refusal('UnknownOperationException', action)
        );
    }
  }

  #create(name: string, request: CreateTrainingJobRequest): [number, object] {
    if (!NAME.test(name))
      return refusal('ValidationException', `TrainingJobName ${name} fails to satisfy its constraint`);
    if (this.jobs.has(name)) return refusal('ResourceInUse', 'Training job names must be unique');
    this.begin(request);
    return [200, { TrainingJobArn: `arn:aws:sagemaker:eu-west-1:123456789012:training-job/${name}` }];
  }

  #ended(job: DoubledJob, end: JobEnd): void {
    const { TrainingJobName: name, OutputDataConfig } = job.request;
    const where = `${OutputDataConfig!.S3OutputPath}/${name}/output`;
    if ('model' in end && end.model) this.s3.keep(`${where}/model.tar.gz`, end.model);
    if ('output' in end && end.output) this.s3.keep(`${where}/output.tar.gz`, end.output);
    job.end = end;
  }
}

export const refusal = (type: string, message: string): [number, object] => [400, { __type: type, message }];

export function statusOf({
  end,
  stopping,
}: DoubledJob): 'InProgress' | 'Stopping' | 'Stopped' | 'Failed' | 'Completed' {
  if (!end) return stopping.signal.aborted ? 'Stopping' : 'InProgress';
  if (stopping.signal.aborted) return 'Stopped';
  return 'reason' in end ? 'Failed' : 'Completed';
}

function described(name: string, job: DoubledJob): object {
  const stage = STAGES[Math.min(job.looks++, STAGES.length - 1)];
  const status = statusOf(job);
  const secondary = status === 'InProgress' ? stage : status;
  return {
    TrainingJobName: name,
    TrainingJobStatus: status,
    SecondaryStatus: secondary,
    SecondaryStatusTransitions: [{ Status: secondary, StartTime: 1_700_000_000, StatusMessage: `it is ${secondary}` }],
    ...(job.end && 'reason' in job.end ? { FailureReason: job.end.reason } : {}),
    ...(job.end
      ? {
          BillableTimeInSeconds: 90,
          ModelArtifacts: {
            S3ModelArtifacts: `${job.request.OutputDataConfig!.S3OutputPath}/${name}/output/model.tar.gz`,
          },
        }
      : {}),
  };
}

function tell(response: ServerResponse, status: number, answer: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'of-a-test' });
  response.end(JSON.stringify(answer));
}
