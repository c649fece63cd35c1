/** A deployed instance as a program on this machine drives it: recorded bars in, cycles through, its ledger to read. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoLedger } from '../adapters/aws/dynamodb-ledger.ts';
import { S3Objects } from '../adapters/aws/s3-objects.ts';
import { PlimsollError } from '../core/errors.ts';
import { timeframeMs } from '../core/market/timeframe.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';
import type { ObjectStore } from '../core/ports/object-store.ts';
import { type Cursor, KEYS } from '../functions/steps/account-state.ts';
import { LAKE_PREFIX } from '../functions/support/lake-prefix.ts';
import { putRecording, type Recording } from '../functions/support/lake-venue.ts';

/** What `cdk deploy --outputs-file` writes: by stack, then by output. */
export type DeploymentOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Where AWS is, as every client takes it; nothing for the usual region and credentials. */
export interface AwsAccess {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The events that ingest takes by hand: the bars of an account whose open lies in [`from`, `to`), ms UTC. */
export interface IngestEvent {
  readonly account: string;
  readonly from: number;
  readonly to: number;
}

export class DeployedInstance {
  readonly ledger: LedgerPort;
  readonly lake: ObjectStore;
  readonly #lambda: LambdaClient;
  readonly #ingestFunction: string;

  /** Throws `DEPLOYMENT_UNKNOWN` where the outputs are not those of the instance. */
  constructor(outputs: DeploymentOutputs, instance: string, access: AwsAccess = {}) {
    const output = (stack: string, name: string): string =>
      outputs[`${instance}-${stack}`]?.[name] ?? absent(instance, name);
    const s3 = new S3Client({ ...access, forcePathStyle: access.endpoint !== undefined });
    this.lake = new S3Objects(s3, { bucket: output('data', 'LakeBucket'), prefix: LAKE_PREFIX });
    this.ledger = new DynamoLedger(new DynamoDBClient({ ...access }), { table: output('data', 'LedgerTable') });
    this.#lambda = new LambdaClient({ ...access });
    this.#ingestFunction = output('trading', 'IngestFunction');
  }

  /** Calls ingest and waits for its end. Throws `INGEST_FAILED` with what it threw. */
  async ingest(event: IngestEvent | { readonly schedule: string; readonly scheduledTime: string }): Promise<void> {
    const answer = await this.#lambda.send(
      new InvokeCommand({ FunctionName: this.#ingestFunction, Payload: JSON.stringify(event) }),
    );
    if (answer.FunctionError === undefined) return;
    const { errorMessage } = JSON.parse(answer.Payload?.transformToString() || '{}') as { errorMessage?: string };
    throw new PlimsollError(
      'INGEST_FAILED',
      `ingest failed (${errorMessage ?? answer.FunctionError})`,
      'read the log of the function',
      { kept: 'what it had opened stays open' },
    );
  }

  /** How far an account has come; undefined before its first cycle. */
  async cursor(stream: string): Promise<Cursor | undefined> {
    const document = await this.ledger.document(stream, KEYS.account);
    return (document?.value as unknown as { cursor: Cursor } | undefined)?.cursor;
  }

  /** Resolves when the cycle is over. Throws `CYCLE_NOT_SETTLED` when the account has not moved for `patienceMs`. */
  async settled(stream: string, cycle: number, patienceMs = 30_000): Promise<void> {
    let movedAt = performance.now();
    let last = '';
    for (let pauseMs = POLL_MS.first as number; ; pauseMs = Math.min(2 * pauseMs, POLL_MS.most)) {
      const cursor = await this.cursor(stream);
      if (cursor && cursor.cycle >= cycle && cursor.next === 'settled') return;
      const now = JSON.stringify(cursor) ?? 'nothing';
      if (now !== last) movedAt = performance.now();
      last = now;
      if (performance.now() - movedAt > patienceMs) throw notSettled(stream, cycle, now, patienceMs);
      await sleep(pauseMs);
    }
  }
}

export interface RecordedCycles {
  readonly recording: Recording;
  /** Of the account that trades the recording's universe. */
  readonly account: string;
  readonly stream: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Cycles that are opened with one call of ingest, before they are waited for. */
const CYCLES_AT_ONCE = 200;
/** Between two looks at how far an account has come: soon at first, then seldom, since each look is a request like those that are waited for. */
const POLL_MS = { first: 20, most: 500 } as const;

/**
 * Runs every cycle of a recording through a deployed instance, in order, to the end. The account's venue is of kind `replay`
 * and bears the recording's name; the account is new, or has come no further than the recording's first bar.
 */
export async function runRecordedCycles(
  instance: DeployedInstance,
  { recording, account, stream, onProgress }: RecordedCycles,
): Promise<void> {
  await putRecording(instance.lake, recording);
  const length = timeframeMs(recording.timeframe);
  const opens = [...new Set([...recording.bars.values()].flatMap(({ timestamp }) => [...timestamp]))].sort(
    (a, b) => a - b,
  );
  for (let at = 0; at < opens.length; ) {
    const from = opens[at];
    const to = from + CYCLES_AT_ONCE * length;
    let next = at;
    while (next < opens.length && opens[next] < to) next++;
    await instance.ingest({ account, from, to });
    await instance.settled(stream, opens[next - 1] + length);
    onProgress?.(next, opens.length);
    at = next;
  }
}

function absent(instance: string, name: string): never {
  throw new PlimsollError(
    'DEPLOYMENT_UNKNOWN',
    `the outputs of the deployment have no ${name} of "${instance}"`,
    'deploy all stacks with --outputs-file, and name the same instance',
  );
}

const notSettled = (stream: string, cycle: number, cursor: string, patienceMs: number): PlimsollError =>
  new PlimsollError(
    'CYCLE_NOT_SETTLED',
    `cycle ${cycle} of ${stream} is not over, and nothing has moved for ${patienceMs} ms (it stands at ${cursor})`,
    'look at the dead letters and the logs of the steps',
    { kept: 'the ledger is as it stands' },
  );
