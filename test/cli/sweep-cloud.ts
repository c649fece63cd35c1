/**
 * S3 and Step Functions on the loopback address, as far as a sweep uses them, over a folder: its map reads the items, batches them and hands
 * them to the real worker, as the state machine of the research stack does.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { SweepWorker } from '../../functions/support/sweep/batch.ts';
import type { SweepExecutionInput } from '../../functions/support/sweep/bounds.ts';
import { SWEEPS_PREFIX } from '../../functions/support/sweep/sweeps-prefix.ts';
import manifest from '../../package.json' with { type: 'json' };

export const BUCKET = 'the-lake';
export const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:plimsoll-sweep';

interface Execution {
  readonly name: string;
  readonly arn: string;
  readonly input: string;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  items: number;
  done: number;
  failed: number;
}

interface Batch {
  readonly BatchInput: { readonly sweep: string };
  readonly Items: readonly { readonly from: number; readonly to: number }[];
}

export class SweepCloud {
  /** Everything in the bucket. */
  readonly objects: EmbeddedObjectStore;
  readonly executions: Execution[] = [];
  /** What the worker was given. */
  readonly batches: Batch[] = [];
  /** Requests, as `PutObject` or `StartExecution`. */
  readonly asked: string[] = [];
  /** What a batch does before it is run; it fails with what this throws. */
  before: (batch: Batch, nth: number) => void = () => undefined;
  /** Whether executions are over at once, or go on until {@link finish}. */
  holds = false;
  readonly #strategies: string;
  #server = createServer();

  /** @param strategies folder in which `strategies/` lies */
  constructor(folder: string, strategies: string) {
    this.objects = new EmbeddedObjectStore(folder);
    this.#strategies = strategies;
  }

  async open(): Promise<Record<string, string>> {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        json(response, 500, { __type: 'InternalFailure', message: String(error) });
      });
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** How often something was asked. */
  count(what: string): number {
    return this.asked.filter((each) => each === what).length;
  }

  /** Runs what a held execution has to do. */
  async finish(): Promise<void> {
    for (const execution of this.executions) if (execution.status === 'RUNNING') await this.#run(execution);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks);
    const target = request.headers['x-amz-target'];
    if (typeof target === 'string') return this.#states(target.split('.')[1], JSON.parse(body.toString()), response);
    return this.#s3(request, body, response);
  }

  async #s3(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    const key = decodeURIComponent(pathname.slice(`/${BUCKET}/`.length));
    if (request.method === 'PUT') {
      this.asked.push('PutObject');
      await this.objects.put(key, body);
      response.writeHead(200).end();
      return;
    }
    if (searchParams.has('list-type')) {
      this.asked.push('ListObjectsV2');
      const after = searchParams.get('start-after');
      const limit = Number(searchParams.get('max-keys'));
      const keys = await this.objects.list(searchParams.get('prefix')!, {
        limit,
        ...(after === null ? {} : { after }),
      });
      const contents = keys.map((each) => `<Contents><Key>${each}</Key></Contents>`).join('');
      response
        .writeHead(200)
        .end(`<ListBucketResult><KeyCount>${keys.length}</KeyCount>${contents}</ListBucketResult>`);
      return;
    }
    this.asked.push('GetObject');
    const bytes = await this.objects.get(key);
    if (bytes) response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    else response.writeHead(404).end('<Error><Code>NoSuchKey</Code><Message>none</Message></Error>');
  }

  async #states(action: string, given: Record<string, string>, response: ServerResponse): Promise<void> {
    this.asked.push(action);
    switch (action) {
      case 'ListExecutions': {
        const running = this.executions.filter(({ status }) => status === given.statusFilter);
        const executions = running.map(({ name, arn, status }) => ({
          name,
          status,
          executionArn: arn,
          stateMachineArn: MACHINE,
          startDate: 0,
        }));
        return json(response, 200, { executions });
      }
      case 'StartExecution': {
        const known = this.executions.find(({ name }) => name === given.name);
        if (known && (known.status !== 'RUNNING' || known.input !== given.input))
          return json(response, 400, { __type: 'ExecutionAlreadyExists', message: 'the name is taken' });
        const execution = known ?? this.#started(given.name, given.input);
        json(response, 200, { executionArn: execution.arn, startDate: 0 });
        if (!known && !this.holds) await this.#run(execution);
        return;
      }
      case 'DescribeExecution': {
        const { arn, name, status } = this.#found(given.executionArn);
        const failure =
          status === 'FAILED' ? { error: 'States.ExceedToleratedFailureThreshold', cause: 'too many' } : {};
        return json(response, 200, {
          executionArn: arn,
          stateMachineArn: MACHINE,
          name,
          status,
          startDate: 0,
          ...failure,
        });
      }
      case 'ListMapRuns': {
        const { arn } = this.#found(given.executionArn);
        const mapRunArn = `${arn.replace(':execution:', ':mapRun:')}/Batches:run-of-${arn.split(':').at(-1)}`;
        return json(response, 200, {
          mapRuns: [{ executionArn: arn, mapRunArn, stateMachineArn: MACHINE, startDate: 0 }],
        });
      }
      case 'DescribeMapRun': {
        const execution = this.executions.find(({ name }) => given.mapRunArn.endsWith(`run-of-${name}`))!;
        const none = { pending: 0, running: 0, timedOut: 0, aborted: 0, resultsWritten: 0 };
        const { items: total, done: succeeded, failed } = execution;
        return json(response, 200, {
          ...{ mapRunArn: given.mapRunArn, executionArn: execution.arn, status: 'RUNNING', startDate: 0 },
          ...{ maxConcurrency: 1, toleratedFailurePercentage: 5, toleratedFailureCount: 0 },
          itemCounts: { ...none, total, succeeded, failed },
          executionCounts: { ...none, total: 1, succeeded: 0, failed: 0 },
        });
      }
      default:
        return json(response, 400, { __type: 'UnknownOperationException', message: action });
    }
  }

  #started(name: string, input: string): Execution {
    const arn = `${MACHINE.replace(':stateMachine:', ':execution:')}:${name}`;
    const execution: Execution = { name, arn, input, status: 'RUNNING', items: 0, done: 0, failed: 0 };
    this.executions.push(execution);
    return execution;
  }

  #found(arn: string): Execution {
    return this.executions.find((each) => each.arn === arn)!;
  }

  /** The distributed map, one batch after another. */
  async #run(execution: Execution): Promise<void> {
    const { sweep, items, itemsPerBatch, runs } = JSON.parse(execution.input) as SweepExecutionInput;
    const lines = Buffer.from((await this.objects.get(items))!)
      .toString()
      .trim()
      .split('\n');
    execution.items = lines.length;
    const below: Pick<EmbeddedObjectStore, 'get' | 'put'> = {
      get: (key) => this.objects.get(SWEEPS_PREFIX + key),
      put: (key, bytes, how) => this.objects.put(SWEEPS_PREFIX + key, bytes, how),
    };
    const registry = await loadStrategies(this.#strategies);
    const worker = new SweepWorker({
      objects: below,
      registry,
      version: manifest.version,
      now: Date.now,
      remainingMs: () => 900_000,
    });
    const ended = { SUCCEEDED: [] as object[], FAILED: [] as object[] };
    for (let at = 0; at < lines.length; at += itemsPerBatch) {
      const Items = lines.slice(at, at + itemsPerBatch).map((line) => JSON.parse(line));
      const batch: Batch = { BatchInput: { sweep }, Items };
      try {
        this.before(batch, this.batches.push(batch));
        ended.SUCCEEDED.push({ Status: 'SUCCEEDED', Output: JSON.stringify(await worker.run(batch)) });
        execution.done += Items.length;
      } catch (error) {
        const { code = 'Error', message } = error as { code?: string; message: string };
        ended.FAILED.push({ Status: 'FAILED', Error: code, Cause: JSON.stringify({ errorMessage: message }) });
        execution.failed += Items.length;
      }
    }
    await this.#writeResults(`${runs}/run-of-${execution.name}`, ended);
    execution.status = execution.failed > 0 ? 'FAILED' : 'SUCCEEDED';
  }

  /** As ResultWriter does. */
  async #writeResults(folder: string, ended: Readonly<Record<'SUCCEEDED' | 'FAILED', object[]>>): Promise<void> {
    const files = async (kind: 'SUCCEEDED' | 'FAILED') => {
      if (ended[kind].length === 0) return [];
      const Key = `${folder}/${kind}_0.json`;
      const bytes = Buffer.from(JSON.stringify(ended[kind]));
      await this.objects.put(Key, bytes);
      return [{ Key, Size: bytes.length }];
    };
    const ResultFiles = { FAILED: await files('FAILED'), PENDING: [], SUCCEEDED: await files('SUCCEEDED') };
    const text = JSON.stringify({ DestinationBucket: BUCKET, MapRunArn: 'arn', ResultFiles });
    await this.objects.put(`${folder}/manifest.json`, Buffer.from(text));
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
}
