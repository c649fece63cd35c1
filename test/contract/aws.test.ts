import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { DynamoLedger } from '../../adapters/aws/dynamodb-ledger.ts';
import { SecretIdentity, type StoredIdentity, tokenDigest } from '../../adapters/aws/identity.ts';
import type { Item } from '../../adapters/aws/ledger-items.ts';
import { S3Objects } from '../../adapters/aws/s3-objects.ts';
import { SecretsManagerSecrets } from '../../adapters/aws/secrets-manager.ts';
import { SqsQueue } from '../../adapters/aws/sqs-queue.ts';
import type { Json } from '../../core/json.ts';
import type { Role } from '../../core/ports/identity.ts';
import { type CommitRequest, LEDGER_BOUNDS, type LedgerHead } from '../../core/ports/ledger.ts';
import { QUEUE_BOUNDS } from '../../core/ports/queue.ts';
import { type Cloud, startCloud } from '../cloud/harness/cloud.ts';
import {
  createBucket,
  createLedgerTable,
  createQueues,
  type Fate,
  type FaultyProxy,
  startFaultyProxy,
} from './aws-bench.ts';
import { identityContract } from './identity.suite.ts';
import { ledgerContract } from './ledger.suite.ts';
import { longWorkContract } from './long-work.suite.ts';
import { objectsContract } from './objects.suite.ts';
import { eventually, unique } from './port-under-test.ts';
import { queueContract } from './queue.suite.ts';
import { secretsContract } from './secrets.suite.ts';

let cloud: Cloud;
let dynamo: DynamoDBClient;
let s3: S3Client;
let secretsManager: SecretsManagerClient;
let sqs: SQSClient;
let table: string;
let objects: S3Objects;

beforeAll(async () => {
  cloud = await startCloud({ iam: false });
  const settings = { ...clientSettings(), ...cloud.client };
  dynamo = new DynamoDBClient(settings);
  s3 = new S3Client({ ...settings, forcePathStyle: true });
  secretsManager = new SecretsManagerClient(settings);
  sqs = new SQSClient(settings);
  table = await createLedgerTable(dynamo);
  objects = new S3Objects(s3, { bucket: await createBucket(s3) });
}, 120_000);

afterAll(async () => {
  for (const client of [dynamo, s3, secretsManager, sqs]) client?.destroy();
  await cloud?.stop();
});

const stop = async () => {};

ledgerContract('DynamoDB', async () => ({ port: new DynamoLedger(dynamo, { table }), stop }));
longWorkContract('DynamoDB', async () => ({ port: new DynamoLedger(dynamo, { table }), stop }));
queueContract('SQS', async () => ({
  port: new SqsQueue(sqs, { queues: await createQueues(sqs), waitSeconds: 0 }),
  stop,
}));

objectsContract('S3', async () => ({ port: objects, stop }));
secretsContract('Secrets Manager', async () => ({
  port: new SecretsManagerSecrets(secretsManager, { prefix: `${unique('instance')}/` }),
  stop,
}));

const NOW = Date.UTC(2024, 0, 1);
const HOUR = 3_600_000;

/** Identity on a secret that a test writes: `issue` adds a user. */
function identityOnSecret(cacheMs: number) {
  const secrets = new SecretsManagerSecrets(secretsManager, { prefix: `${unique('instance')}/` });
  const identities: StoredIdentity[] = [];
  const time = { now: NOW };
  const issue = (expiresAt: number) => async (user: { name: string; roles: readonly Role[] }) => {
    const token = randomBytes(32).toString('hex');
    identities.push({
      id: unique('user'),
      name: user.name,
      roles: [...user.roles],
      sha256: tokenDigest(token),
      expiresAt,
    });
    await secrets.put('identities', JSON.stringify({ identities }));
    return token;
  };
  const port = new SecretIdentity(secrets, { reference: 'identities', cacheMs, now: () => time.now });
  return { port, secrets, identities, time, issue: issue(NOW + HOUR), issueExpired: issue(NOW), stop };
}

identityContract('Secrets Manager', async () => identityOnSecret(0));

describe('identity from a secret', () => {
  it('uses what it read until its time is over, then what the secret holds', async () => {
    const { port, issue, secrets, time } = identityOnSecret(60_000);
    const token = await issue({ name: 'trader', roles: ['trader'] });
    expect(await port.authenticate(token)).toBeDefined();
    await secrets.put('identities', JSON.stringify({ identities: [] }));

    time.now += 59_999;
    expect(await port.authenticate(token)).toBeDefined();
    time.now += 1;
    expect(await port.authenticate(token)).toBeUndefined();
  });

  it('refuses a token that expires while it is cached', async () => {
    const { port, issue, time } = identityOnSecret(2 * HOUR);
    const token = await issue({ name: 'trader', roles: ['trader'] });
    expect(await port.authenticate(token)).toBeDefined();
    time.now += HOUR;
    expect(await port.authenticate(token)).toBeUndefined();
  });

  it('lets nobody in while the secret is missing or malformed, without a word of what it holds, and recovers', async () => {
    const { port, issue, secrets } = identityOnSecret(60_000);
    await expect(port.authenticate('x'.repeat(32))).rejects.toMatchObject({ code: 'SECRET_UNKNOWN' });
    for (const held of [
      'hidden-text',
      '{"identities":[{"sha256":"hidden-text"}]}',
      '{"identities":[],"hidden-text":1}',
    ]) {
      await secrets.put('identities', held);
      const error = await port.authenticate('x'.repeat(32)).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'IDENTITIES_INVALID' });
      expect(inspect(error)).not.toContain('hidden-text');
    }
    const token = await issue({ name: 'trader', roles: ['trader'] });
    expect((await port.authenticate(token))?.name).toBe('trader');
  });
});

const START: LedgerHead = { commit: 0, sequence: 0 };
const ONE: LedgerHead = { commit: 1, sequence: 1 };

function append(stream: string, expected: LedgerHead, part: Partial<CommitRequest> = {}): CommitRequest {
  return { stream, expected, events: [{ n: expected.commit + 1 }], hash: 'ab', documents: [], guards: [], ...part };
}

describe('the DynamoDB ledger when the network fails', () => {
  let proxy: FaultyProxy;
  let client: DynamoDBClient;
  let ledger: DynamoLedger;

  beforeEach(async () => {
    proxy = await startFaultyProxy(cloud.endpoint);
    client = new DynamoDBClient({ ...clientSettings(), ...cloud.client, endpoint: proxy.endpoint });
    ledger = new DynamoLedger(client, { table });
  });
  afterEach(async () => {
    client.destroy();
    await proxy.stop();
  });

  const writes = () => proxy.seen.filter((action) => action === 'PutItem' || action === 'TransactWriteItems');

  /** The first `count` writes meet `fate`. */
  const failWrites = (count: number, fate: Fate) => {
    proxy.fate = (action) =>
      (action === 'PutItem' || action === 'TransactWriteItems') && writes().length <= count ? fate : 'pass';
  };

  it.each(['lose-answer', 'lose-request'] as const)(
    'commits once when writes of a lone commit meet %s',
    async (fate) => {
      const stream = unique('stream');
      await ledger.commit(append(stream, START));
      proxy.seen.length = 0;
      failWrites(2, fate);

      expect(await ledger.commit(append(stream, ONE))).toEqual({ kind: 'committed', head: { commit: 2, sequence: 2 } });
      expect(writes()).toEqual(['PutItem', 'PutItem', 'PutItem']);
      expect((await ledger.read(stream, 0, 10)).map(({ events }) => events)).toEqual([[{ n: 1 }], [{ n: 2 }]]);
    },
  );

  it.each(['lose-answer', 'lose-request'] as const)('commits once when transactions meet %s', async (fate) => {
    const stream = unique('stream');
    failWrites(2, fate);
    const documents = [
      { key: 'any', value: 'a', expectedVersion: 'any' as const },
      { key: 'new', value: 'b', expectedVersion: 0 },
    ];

    expect(await ledger.commit(append(stream, START, { documents }))).toEqual({ kind: 'committed', head: ONE });
    expect(writes()).toEqual(['TransactWriteItems', 'TransactWriteItems', 'TransactWriteItems']);
    expect(await ledger.read(stream, 0, 10)).toHaveLength(1);
    expect(await ledger.documents(stream, { prefix: '', limit: 10 })).toEqual([
      { key: 'any', version: 1, value: 'a' },
      { key: 'new', version: 1, value: 'b' },
    ]);
  });

  it('writes documents once when more answers are lost than the SDK tries again for', async () => {
    const stream = unique('stream');
    failWrites(4, 'lose-answer');
    const documents = [{ key: 'any', value: 'a', expectedVersion: 'any' as const }];

    expect(await ledger.commit(append(stream, START, { events: [], documents }))).toEqual({
      kind: 'committed',
      head: START,
    });
    expect(writes()).toHaveLength(5);
    expect((await ledger.document(stream, 'any'))?.version).toBe(1);
  });

  it('commits once when the service answers too late', async () => {
    const stream = unique('stream');
    client.destroy();
    const limits = clientSettings({ requestTimeoutMs: 200 });
    client = new DynamoDBClient({ ...limits, ...cloud.client, endpoint: proxy.endpoint });
    ledger = new DynamoLedger(client, { table });
    await ledger.commit(append(stream, START));
    proxy.seen.length = 0;
    failWrites(1, 'hold-answer');

    expect(await ledger.commit(append(stream, ONE))).toEqual({ kind: 'committed', head: { commit: 2, sequence: 2 } });
    expect(writes()).toHaveLength(2);
    expect(await ledger.read(stream, 0, 10)).toHaveLength(2);
  });

  it('reads back that a commit is written when no answer ever comes', async () => {
    const stream = unique('stream');
    await ledger.commit(append(stream, START));
    failWrites(Number.POSITIVE_INFINITY, 'lose-answer');

    expect(await ledger.commit(append(stream, ONE))).toEqual({ kind: 'committed', head: { commit: 2, sequence: 2 } });
    expect(proxy.seen.at(-1)).toBe('GetItem');
    expect(await ledger.read(stream, 0, 10)).toHaveLength(2);
  }, 60_000);

  it('reads back that another has the number when no answer ever comes', async () => {
    const stream = unique('stream');
    await ledger.commit(append(stream, START));
    failWrites(Number.POSITIVE_INFINITY, 'lose-answer');
    await new DynamoLedger(dynamo, { table }).commit(append(stream, ONE, { events: ['theirs'] }));

    expect(await ledger.commit(append(stream, ONE))).toEqual({ kind: 'conflict' });
    expect((await ledger.read(stream, 1, 10)).map(({ events }) => events)).toEqual([['theirs']]);
  }, 60_000);

  it('says that the outcome is unknown when nothing can be read back', async () => {
    const stream = unique('stream');
    failWrites(Number.POSITIVE_INFINITY, 'lose-request');
    await expect(ledger.commit(append(stream, START))).rejects.toMatchObject({
      code: 'LEDGER_OUTCOME_UNKNOWN',
      kept: 'the commit is there in full or not at all',
    });
    expect(await ledger.head(stream)).toEqual(START);
  }, 60_000);

  it('tries again when transactions collide, and says so when they do not stop', async () => {
    const stream = unique('stream');
    failWrites(3, cancelled('None', 'TransactionConflict'));
    expect((await ledger.commit(append(stream, START))).kind).toBe('committed');
    expect(writes()).toHaveLength(4);

    failWrites(Number.POSITIVE_INFINITY, cancelled('TransactionConflict', 'None'));
    await expect(ledger.commit(append(unique('stream'), START))).rejects.toMatchObject({ code: 'LEDGER_BUSY' });
  }, 60_000);

  it('lets a failed condition decide over a collision in the same answer', async () => {
    const stream = unique('stream');
    failWrites(1, cancelled('ConditionalCheckFailed', 'TransactionConflict'));
    expect(await ledger.commit(append(stream, START))).toEqual({ kind: 'conflict' });

    proxy.seen.length = 0;
    failWrites(1, cancelled('TransactionConflict', 'None', 'ConditionalCheckFailed', 'None'));
    const guards = [
      { key: 'first', version: 0 },
      { key: 'second', version: 0 },
    ];
    expect(await ledger.commit(append(stream, START, { guards }))).toEqual({ kind: 'guarded', key: 'second' });
  });

  it('shows neither the text nor the account of a refusal', async () => {
    const message = 'User: arn:aws:sts::123456789012:assumed-role/secret-role is not authorized';
    proxy.fate = () => ({ status: 400, body: { __type: 'AccessDeniedException', message } });
    const error = await ledger.head('any').catch((caught: unknown) => caught);

    expect(error).toMatchObject({ code: 'AWS_ACCESS_DENIED' });
    expect(JSON.stringify(error) + String(error)).not.toContain('123456789012');
    expect((error as Error).cause).toBeUndefined();
  });
});

const cancelled = (...codes: string[]) => ({
  status: 400,
  body: { __type: 'TransactionCanceledException', CancellationReasons: codes.map((Code) => ({ Code })) },
});

describe('the table of the DynamoDB ledger', () => {
  it('takes no documents for a head that the stream has left', async () => {
    const ledger = new DynamoLedger(dynamo, { table });
    const stream = unique('stream');
    await ledger.commit(append(stream, START));
    const documents = [{ key: 'd', value: 1, expectedVersion: 0 }];
    expect(await ledger.commit(append(stream, START, { events: [], documents }))).toEqual({ kind: 'conflict' });
    expect(await ledger.commit(append(stream, ONE, { events: [], documents }))).toEqual({
      kind: 'committed',
      head: ONE,
    });
  });

  it('costs one plain put for a commit without documents, and no read when the head is known', async () => {
    const proxy = await startFaultyProxy(cloud.endpoint);
    const client = new DynamoDBClient({ ...clientSettings(), ...cloud.client, endpoint: proxy.endpoint });
    try {
      const ledger = new DynamoLedger(client, { table });
      const stream = unique('stream');
      await ledger.commit(append(stream, START));
      await ledger.commit(append(stream, ONE));
      expect(proxy.seen).toEqual(['TransactWriteItems', 'PutItem']);

      const elsewhere = new DynamoLedger(client, { table });
      await elsewhere.commit(append(stream, { commit: 2, sequence: 2 }));
      expect(proxy.seen.slice(2)).toEqual(['GetItem', 'PutItem']);
    } finally {
      client.destroy();
      await proxy.stop();
    }
  });

  /** A commit of documents alone, each at any version unless the last says which. */
  const put = (ledger: DynamoLedger, stream: string, values: Record<string, Json>, expectedVersion: number | 'any') => {
    const documents = Object.entries(values).map(([key, value]) => ({ key, value, expectedVersion }));
    return ledger.commit(append(stream, START, { events: [], documents }));
  };
  const chunksOf = async (stream: string) => (await stored(stream)).filter(({ sk }) => sk.S!.startsWith('chunk#'));

  it.each([0, 'any'] as const)(
    'keeps a large document in chunks that only its key leads to (version %s)',
    async (version) => {
      const ledger = new DynamoLedger(dynamo, { table });
      const stream = unique('stream');
      const value = noise(2_000_000);
      expect((await put(ledger, stream, { big: value, small: 1 }, version)).kind).toBe('committed');

      expect((await ledger.document(stream, 'big'))?.value === value).toBe(true);
      const found = await ledger.documents(stream, { prefix: '', limit: 10 });
      expect(found.map(({ key, version }) => [key, version])).toEqual([
        ['big', 1],
        ['small', 1],
      ]);
      expect(found[0].value === value).toBe(true);
      const sizes = (await chunksOf(stream)).map(({ payload }) => payload.B!.length);
      expect(sizes).toHaveLength(4);
      for (const bytes of sizes) expect(bytes).toBeLessThanOrEqual(380_000);
      expect(await ledger.streams()).toContain(stream);
    },
  );

  it('takes a document of the full length that does not compress', async () => {
    const ledger = new DynamoLedger(dynamo, { table });
    const stream = unique('stream');
    const value = noise(LEDGER_BOUNDS.documentBytes - 2);
    expect((await put(ledger, stream, { full: value }, 0)).kind).toBe('committed');
    expect((await ledger.document(stream, 'full'))?.value === value).toBe(true);
  });

  it('writes over the chunks of a former version, whether the document grows or shrinks', async () => {
    const ledger = new DynamoLedger(dynamo, { table });
    const stream = unique('stream');
    const counts: number[] = [];
    for (const [at, length] of [600_000, 2_000_000, 10, 900_000, 2_000_000].entries()) {
      const value = noise(length + at);
      await put(ledger, stream, { d: value }, at % 2 === 0 ? 'any' : at);
      const document = await ledger.document(stream, 'd');
      expect(document?.version).toBe(at + 1);
      expect(document?.value === value).toBe(true);
      counts.push((await chunksOf(stream)).length);
    }
    expect(counts).toEqual([2, 4, 4, 4, 4]);
  }, 30_000);

  it('writes no chunk where the commit is not written', async () => {
    const ledger = new DynamoLedger(dynamo, { table });
    const stream = unique('stream');
    expect(await put(ledger, stream, { d: noise(600_000) }, 3)).toEqual({ kind: 'guarded', key: 'd' });
    expect(await stored(stream)).toEqual([]);

    const value = noise(600_001);
    await put(ledger, stream, { d: value }, 0);
    expect(await put(ledger, stream, { d: noise(600_002) }, 0)).toEqual({ kind: 'guarded', key: 'd' });
    expect((await ledger.document(stream, 'd'))?.value === value).toBe(true);
  });

  it('reads the later version of a document that is changed between its item and its chunks', async () => {
    const ledger = new DynamoLedger(dynamo, { table });
    const stream = unique('stream');
    await put(ledger, stream, { d: noise(600_000) }, 0);
    const later = noise(900_000);
    const client = new DynamoDBClient({ ...clientSettings(), ...cloud.client });
    let reads = 0;
    client.middlewareStack.add(
      (next) => async (args) => {
        reads += 1;
        if (reads === 2) await put(ledger, stream, { d: later }, 1);
        return next(args);
      },
      { step: 'initialize' },
    );
    try {
      const document = await new DynamoLedger(client, { table }).document(stream, 'd');
      expect(document?.version).toBe(2);
      expect(document?.value === later).toBe(true);
      expect(reads).toBe(1 + 2 + 1 + 2);
    } finally {
      client.destroy();
    }
  });

  it('never shows half of a document to those who read while it is written', async () => {
    const ledger = new DynamoLedger(dynamo, { table });
    const stream = unique('stream');
    const values = [noise(600_000), 'small', noise(900_000)];
    await put(ledger, stream, { d: values[0] }, 0);
    let writing = true;
    const reader = async (): Promise<void> => {
      let last = 0;
      while (writing) {
        const { version, value } = (await ledger.document(stream, 'd'))!;
        expect(version).toBeGreaterThanOrEqual(last);
        expect(value === values[(version - 1) % values.length]).toBe(true);
        last = version;
      }
    };
    const readers = [reader(), reader()];
    for (let version = 1; version < 12; version++) await put(ledger, stream, { d: values[version % 3] }, version);
    writing = false;
    await Promise.all(readers);
  }, 60_000);

  it('refuses a document whose chunks are not those of its version', async () => {
    const ledger = new DynamoLedger(dynamo, { table });
    const stream = unique('stream');
    await put(ledger, stream, { d: noise(600_000) }, 0);
    const [first] = await chunksOf(stream);
    await dynamo.send(
      new PutItemCommand({ TableName: table, Item: { ...first, payload: { B: Buffer.from('other') } } }),
    );
    const refused = { code: 'LEDGER_CHUNKS_DIFFER' };
    await expect(ledger.document(stream, 'd')).rejects.toMatchObject(refused);
    await expect(ledger.documents(stream, { prefix: '', limit: 10 })).rejects.toMatchObject(refused);
  }, 30_000);

  it.each([
    ['bytes', { a: noise(3_000_000), b: noise(3_000_000) }, 0],
    ['items', { a: noise(600_000), ...Object.fromEntries(count(49).map((n) => [`d${n}`, n])) }, 48],
  ])('refuses a commit with more %s than a transaction holds, and writes nothing', async (_what, values, guarded) => {
    const ledger = new DynamoLedger(dynamo, { table });
    const stream = unique('stream');
    const documents = Object.entries(values).map(([key, value]) => ({ key, value, expectedVersion: 0 }));
    const guards = count(guarded).map((n) => ({ key: `guard${n}`, version: 0 }));
    await expect(ledger.commit(append(stream, START, { documents, guards }))).rejects.toMatchObject({
      code: 'LEDGER_COMMIT_TOO_LARGE',
    });
    expect(await stored(stream)).toEqual([]);
  });

  it('compresses what a write would cost more for', async () => {
    const ledger = new DynamoLedger(dynamo, { table });
    const stream = unique('stream');
    const events = Array.from({ length: 100 }, (_, n) => ({
      kind: 'OrderAccepted',
      orderId: `order-${n}`,
      price: 4_200_000 + n,
    }));
    await ledger.commit(append(stream, START, { events }));
    const [item] = await stored(stream);
    expect(item.encoding.S).toBe('gzip');
    expect(item.payload.B!.length).toBeLessThan(JSON.stringify(events).length / 4);
  });

  const stored = async (stream: string): Promise<Item[]> => {
    const items: Item[] = [];
    for (let start: Item | undefined; ; ) {
      const page = await dynamo.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: `stream#${stream}` } },
          ExclusiveStartKey: start,
        }),
      );
      items.push(...(page.Items ?? []));
      start = page.LastEvaluatedKey;
      if (!start) return items;
    }
  };
});

const count = (length: number): number[] => Array.from({ length }, (_, n) => n);

/** Text that does not compress: an xorshift in printable characters. */
function noise(length: number): string {
  let state = length;
  const codes = Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return 35 + ((state >>> 8) % 57);
  });
  return codes.map((code) => String.fromCharCode(code)).join('');
}

describe('the S3 object store', () => {
  it('knows its own conditional put again when the answer was lost', async () => {
    const proxy = await startFaultyProxy(cloud.endpoint);
    const client = new S3Client({
      ...clientSettings(),
      ...cloud.client,
      endpoint: proxy.endpoint,
      forcePathStyle: true,
    });
    try {
      const bucket = await createBucket(s3);
      const store = new S3Objects(client, { bucket, prefix: 'lake/' });
      proxy.fate = () => (proxy.seen.length === 1 ? 'lose-answer' : 'pass');
      expect(await store.put('a', Buffer.from('ours'), { ifAbsent: true })).toBe('written');
      expect(proxy.seen).toEqual(['PUT', 'PUT', 'HEAD']);
      expect(await store.put('a', Buffer.from('late'), { ifAbsent: true })).toBe('exists');
      expect(await store.list('', { limit: 10 })).toEqual(['a']);
      expect(await new S3Objects(s3, { bucket }).list('', { limit: 10 })).toEqual(['lake/a']);
    } finally {
      client.destroy();
      await proxy.stop();
    }
  });

  it.each(['', '/a', 'a/', 'a//b', '.', 'a/..', '../a', 'a b', 'ż', 'x'.repeat(901)])(
    'refuses the key %j',
    async (key) => {
      await expect(objects.put(key, new Uint8Array())).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
      await expect(objects.get(key)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
    },
  );

  it('takes a key with dots in its parts', async () => {
    expect(await objects.put('..a/b../.c', new Uint8Array([1]))).toBe('written');
  });

  it('says that a bucket is missing, not that the object is', async () => {
    const store = new S3Objects(s3, { bucket: `absent-${randomBytes(8).toString('hex')}` });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'AWS_RESOURCE_MISSING' });
  });
});

describe('the SQS queue', () => {
  it('delivers the same id again when it is sent again at once, since an outbox may have to', async () => {
    const queue = new SqsQueue(sqs, { queues: await createQueues(sqs), waitSeconds: 0 });
    const message = { id: 'cycle/1', group: 'g', body: null };
    for (let time = 1; time <= 2; time++) {
      await queue.send('risk', message);
      const [received] = await queue.receive('risk', 1, 30_000);
      expect(received).toMatchObject(message);
      await queue.acknowledge('risk', received);
    }
    expect(await queue.receive('risk', 1, 30_000)).toEqual([]);
  });

  it('sends once when the answer is lost and the SDK tries again', async () => {
    const proxy = await startFaultyProxy(cloud.endpoint);
    const client = new SQSClient({
      ...clientSettings(),
      ...cloud.client,
      endpoint: proxy.endpoint,
      useQueueUrlAsEndpoint: false,
    });
    try {
      const queues = await createQueues(sqs);
      proxy.fate = () => (proxy.seen.length === 1 ? 'lose-answer' : 'pass');
      await new SqsQueue(client, { queues }).send('risk', { id: 'm', group: 'g', body: 1 });
      expect(proxy.seen).toEqual(['SendMessage', 'SendMessage']);
      const queue = new SqsQueue(sqs, { queues, waitSeconds: 0 });
      expect(
        await eventually(
          () => queue.depth('risk'),
          (depth) => depth === 1,
        ),
      ).toBe(1);
    } finally {
      client.destroy();
      await proxy.stop();
    }
  });

  it('takes groups that SQS cannot name', async () => {
    const queue = new SqsQueue(sqs, { queues: await createQueues(sqs), waitSeconds: 0 });
    const groups = ['zażółć gęślą', 'x'.repeat(400)];
    for (const group of groups) await queue.send('risk', { id: 'm', group, body: 1 });
    const received = await queue.receive('risk', 10, 30_000);
    expect(received.map(({ group }) => group)).toEqual(groups);
  });

  it('leaves nothing among the dead letters once they are redriven', async () => {
    const queues = await createQueues(sqs);
    const queue = new SqsQueue(sqs, { queues, waitSeconds: 0 });
    await queue.send('risk', { id: 'm', group: 'g', body: 1 });
    for (let time = 1; time <= QUEUE_BOUNDS.maxReceives; time++) {
      const [message] = await queue.receive('risk', 1, 30_000);
      await queue.release('risk', message, 0);
    }
    expect(await queue.receive('risk', 1, 30_000)).toEqual([]);
    expect(await queue.redrive('risk')).toBe(1);

    const dead = new SqsQueue(sqs, { queues: { risk: { url: queues.risk.deadLettersUrl! } } });
    expect(await dead.depth('risk')).toBe(0);
    expect(await queue.depth('risk')).toBe(1);
  });

  it('names the queue that it was not given', async () => {
    const queue = new SqsQueue(sqs, { queues: {} });
    await expect(queue.depth('urgent')).rejects.toMatchObject({ code: 'QUEUE_NOT_CONFIGURED' });
  });
});
