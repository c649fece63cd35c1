/**
 * Models behind asynchronous SageMaker endpoints, for questions of many rows that may wait: a backtest's, not a cycle's. A question is written to S3,
 * and its answer is looked for there. An asynchronous endpoint takes no other questions.
 */
import { hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { InvokeEndpointAsyncCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { AskModel, ModelAnswers } from '../../core/ports/model-server.ts';
import { AnswerInvalid, answersIn, questionText } from '../models/server-messages.ts';
import { awsFailure } from './aws-errors.ts';
import { S3Objects } from './s3-objects.ts';
import {
  type AskedEndpoint,
  askedEndpoint,
  assertAskable,
  MAX_RESPONSE_BYTES,
  ofOneEnsemble,
  questionParts,
  type SageMakerEndpointOptions,
} from './sagemaker-endpoint.ts';
import { endpointDown, endpointSlow, invalidAnswer } from './sagemaker-failures.ts';
import { boundedBytes, runtimeSettings } from './sagemaker-invocation.ts';
import { withinTime } from './within-time.ts';

export interface SageMakerAsyncOptions extends SageMakerEndpointOptions {
  /** Where questions are written and answers are looked for: that of the endpoint's own output. */
  readonly bucket: string;
  /**
   * What the keys of questions begin with in the bucket.
   * @default questions/
   */
  readonly prefix?: string;
}

/** Parts of a question that are with the endpoint at a time. */
const PARTS_AT_ONCE = 8;
/** Pauses between two looks for an answer: the first, and the longest. */
const LOOK_AFTER_MS = 100;
const LOOK_EVERY_MS = 5_000;
/** SageMaker's own bounds, in seconds: for an answer to be made, and for a question to wait. */
const MAKE_WITHIN = { least: 1, most: 3_600 };
const WAIT_WITHIN = { least: 60, most: 21_600 };

/** Asks asynchronous endpoints. `maxResponseBytes` is of the answer to one part. What lies in the bucket afterwards is the bucket's to expire. */
export function sageMakerAsyncEndpoint(options: SageMakerAsyncOptions): AskModel {
  const { endpoints, timeoutMs } = options;
  assertAskable(options);
  const asking = new AsynchronousEndpoints(options);
  return async (question) => {
    if (question.rows.length === 0) return [];
    const asked = askedEndpoint(endpoints, question);
    const answers = await withinTime(
      timeoutMs,
      () => endpointSlow(asked, timeoutMs),
      (signal) => asking.ask(asked, [...questionParts(question)], signal),
    );
    return ofOneEnsemble(asked, answers);
  };
}

class AsynchronousEndpoints {
  readonly #runtime: SageMakerRuntimeClient;
  readonly #s3: S3Client;
  readonly #questions: S3Objects;
  readonly #options: SageMakerAsyncOptions & { readonly prefix: string };

  constructor(options: SageMakerAsyncOptions) {
    const { access = {}, bucket, prefix = 'questions/' } = options;
    const settings = runtimeSettings(access);
    this.#runtime = new SageMakerRuntimeClient(settings);
    this.#s3 = new S3Client({ ...settings, forcePathStyle: access.url !== undefined });
    this.#questions = new S3Objects(this.#s3, { bucket, prefix });
    this.#options = { ...options, prefix };
  }

  async ask(
    asked: AskedEndpoint,
    parts: readonly (readonly Float64Array[])[],
    signal: AbortSignal,
  ): Promise<ModelAnswers> {
    const answers: ModelAnswers[number][] = [];
    for (let at = 0; at < parts.length; at += PARTS_AT_ONCE) {
      const some = parts.slice(at, at + PARTS_AT_ONCE);
      for (const part of await Promise.all(some.map((rows) => this.#askPart(asked, rows, signal))))
        answers.push(...part);
    }
    return answers;
  }

  async #askPart(asked: AskedEndpoint, rows: readonly Float64Array[], signal: AbortSignal): Promise<ModelAnswers> {
    try {
      const { output, failure } = await this.#put(asked, rows, signal);
      const text = await this.#answer(asked, output, failure, signal);
      return answersIn(text, asked.version, rows.length);
    } catch (error) {
      if (error instanceof AnswerInvalid) throw invalidAnswer(asked, error.message);
      throw endpointDown(asked, error, {});
    }
  }

  /** Where the answer will be, and where it will be said that there is none. */
  async #put({ endpoint, version }: AskedEndpoint, rows: readonly Float64Array[], signal: AbortSignal) {
    const { bucket, prefix, timeoutMs } = this.#options;
    const text = questionText(version, rows);
    // The same question is one object, however often it is asked.
    const key = `${version}/${hash('sha256', text)}.json`;
    await this.#questions.put(key, new TextEncoder().encode(text));
    const { OutputLocation, FailureLocation } = await this.#runtime.send(
      new InvokeEndpointAsyncCommand({
        EndpointName: endpoint,
        InputLocation: `s3://${bucket}/${prefix}${key}`,
        ContentType: 'application/json',
        Accept: 'application/json',
        InvocationTimeoutSeconds: secondsWithin(timeoutMs, MAKE_WITHIN),
        // Nobody waits for it any longer.
        RequestTTLSeconds: secondsWithin(timeoutMs, WAIT_WITHIN),
      }),
      { abortSignal: signal },
    );
    return {
      output: this.#keyOf(OutputLocation ?? ''),
      failure: FailureLocation === undefined ? undefined : this.#keyOf(FailureLocation),
    };
  }

  /** Looks until there is one: the bound of the question ends that. */
  async #answer(
    asked: AskedEndpoint,
    output: string,
    failure: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    for (let pauseMs = LOOK_AFTER_MS; ; pauseMs = Math.min(2 * pauseMs, LOOK_EVERY_MS)) {
      await sleep(pauseMs, undefined, { signal });
      const text = await this.#textAt(output, signal);
      if (text !== undefined) return text;
      const complaint = failure === undefined ? undefined : await this.#textAt(failure, signal);
      if (complaint !== undefined) throw endpointDown(asked, undefined, { text: complaint });
    }
  }

  async #textAt(key: string, signal: AbortSignal): Promise<string | undefined> {
    const { bucket: Bucket, maxResponseBytes = MAX_RESPONSE_BYTES } = this.#options;
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket, Key: key }), { abortSignal: signal });
      return new TextDecoder().decode(await boundedBytes(Body as Readable, maxResponseBytes, signal));
    } catch (error) {
      if (awsFailure(error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  /** Nothing is read where the endpoint has no business to write. */
  #keyOf(location: string): string {
    const begin = `s3://${this.#options.bucket}/`;
    if (location.startsWith(begin) && location.length > begin.length) return location.slice(begin.length);
    throw new AnswerInvalid('it is to lie outside the bucket of its questions');
  }
}

const secondsWithin = (ms: number, { least, most }: { readonly least: number; readonly most: number }): number =>
  Math.min(most, Math.max(least, Math.ceil(ms / 1_000)));
