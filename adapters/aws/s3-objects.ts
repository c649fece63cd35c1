import { randomUUID } from 'node:crypto';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { invariant, PlimsollError } from '../../core/errors.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { awsError, awsFailure } from './aws-errors.ts';
import { type RetryPace, withRetries } from './retry.ts';

export interface S3ObjectsOptions {
  readonly bucket: string;
  /** What every key begins with in the bucket, as `lake/`. The caller does not see it. */
  readonly prefix?: string;
}

const LIST_LIMIT = 1_000;
/** For conditional puts of one key at the same time, of which S3 refuses all but one with "try again". */
const COLLISION_PACE: RetryPace = { attempts: 8, baseMs: 20, capMs: 500, withinMs: 5_000 };

/** Objects in a bucket. */
export class S3Objects implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(client: S3Client, { bucket, prefix = '' }: S3ObjectsOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const object = this.#object(key);
    try {
      const { Body } = await this.#client.send(new GetObjectCommand(object));
      return await Body!.transformToByteArray();
    } catch (error) {
      if (awsFailure(error).name === 'NoSuchKey') return undefined;
      throw awsError(`read the object ${key} from S3`, error);
    }
  }

  async put(
    key: string,
    bytes: Uint8Array,
    { ifAbsent = false }: { readonly ifAbsent?: boolean } = {},
  ): Promise<'written' | 'exists'> {
    const object = this.#object(key);
    const writer = randomUUID();
    const condition = ifAbsent && { IfNoneMatch: '*', Metadata: { writer } };
    const put = () => this.#client.send(new PutObjectCommand({ ...object, Body: bytes, ...condition }));
    try {
      await withRetries(put, (error) => awsFailure(error).name === 'ConditionalRequestConflict', COLLISION_PACE);
      return 'written';
    } catch (error) {
      if (awsFailure(error).name === 'PreconditionFailed')
        return (await this.#isBy(writer, key)) ? 'written' : 'exists';
      throw awsError(`write the object ${key} to S3`, error);
    }
  }

  async list(prefix: string, { after, limit }: { readonly after?: string; readonly limit: number }): Promise<string[]> {
    invariant(
      Number.isInteger(limit) && limit >= 1 && limit <= LIST_LIMIT,
      `a page of objects has 1 to ${LIST_LIMIT} keys`,
    );
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.#page(prefix, after, limit - keys.length, token);
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key!.slice(this.#prefix.length)));
      token = page.NextContinuationToken;
    } while (token && keys.length < limit);
    return keys;
  }

  async #page(prefix: string, after: string | undefined, limit: number, token: string | undefined) {
    const command = new ListObjectsV2Command({
      Bucket: this.#bucket,
      Prefix: this.#prefix + prefix,
      StartAfter: after === undefined ? undefined : this.#prefix + after,
      MaxKeys: limit,
      ContinuationToken: token,
    });
    try {
      return await this.#client.send(command);
    } catch (error) {
      throw awsError(`list objects under ${prefix} in S3`, error);
    }
  }

  /** Whether the object that is in the way is our own: the SDK repeats a put whose answer was lost, and then meets itself. */
  async #isBy(writer: string, key: string): Promise<boolean> {
    try {
      const { Metadata } = await this.#client.send(new HeadObjectCommand(this.#object(key)));
      return Metadata?.writer === writer;
    } catch (error) {
      throw awsError(`read whose the object ${key} in S3 is`, error);
    }
  }

  #object(key: string) {
    assertObjectKey(key);
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }
}

const KEY = /^(?!(?:.*\/)?\.{1,2}(?:\/|$))[\w.%=-]+(?:\/[\w.%=-]+)*$/;
const KEY_LENGTH = 900;

function assertObjectKey(key: string): void {
  if (key.length <= KEY_LENGTH && KEY.test(key)) return;
  throw new PlimsollError(
    'OBJECT_KEY_INVALID',
    `${JSON.stringify(key.slice(0, 100))} cannot be the key of an object`,
    `use 1 to ${KEY_LENGTH} of the characters A–Z a–z 0–9 . _ - % = in parts between slashes`,
  );
}
