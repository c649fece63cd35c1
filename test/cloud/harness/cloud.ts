/** The emulated cloud as tests use it: started on a free loopback port, in its own folder, and gone when stopped. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { PlimsollError } from '../../../core/errors.ts';
import { type Cdk, cdkFor, nodeFolder } from './cdk.ts';
import { Transcript } from './program.ts';
import { pythonWithMiniStack } from './python.ts';

const READY_LIMIT_MS = 30_000;
const READY_LOOK_EVERY_MS = 25;
const STOP_LIMIT_MS = 10_000;
const START_ATTEMPTS = 3;
const REGION = 'us-east-1';

export interface CloudOptions {
  /** Whether IAM policies are enforced, which also means TLS. Without it every call is allowed. */
  readonly iam: boolean;
  /** Whether schedules fire. Without it they stand still, and nothing moves but by the test. */
  readonly schedules?: boolean;
  /** The address of the server that answers for every SageMaker endpoint. Without it there is no SageMaker. */
  readonly modelServer?: string;
  /** The address of the server that does the training jobs which Step Functions asks for. Without it there are none. */
  readonly trainingServer?: string;
}

export interface Cloud {
  /** The address of every service, such as `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  readonly region: string;
  /** A new one for every cloud, since the CDK caches what it knows of an account. */
  readonly account: string;
  /** What another process needs in its environment to speak with this cloud. */
  readonly env: Record<string, string>;
  /** What an AWS client in this process needs: `new SQSClient(cloud.client)`. The caller is the account's root. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  readonly cdk: Cdk;
  /** The address of an HTTP API's path, since its own host name cannot be resolved here. */
  apiUrl(apiId: string, path: string): string;
  /** What the cloud printed, every function's log lines among it as `[function] line`. */
  logs(): string;
  /** Ends the cloud and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a cloud of its own. With `iam` this process trusts the cloud's certificate from then on.
 * Throws `PYTHON_MISSING`, `PYTHON_INSTALL_FAILED` or `CLOUD_START_FAILED`.
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const python = await pythonWithMiniStack();
  for (let attempt = 1; ; attempt++) {
    const emulator = new Emulator(python, options, await freePort());
    try {
      await emulator.ready();
      return cloudOf(emulator);
    } catch (problem) {
      await emulator.stop();
      // Another program may have taken the port in between.
      if (attempt === START_ATTEMPTS || !emulator.portTaken) throw problem;
    }
  }
}

function cloudOf(emulator: Emulator): Cloud {
  const { endpoint, folder, account } = emulator;
  // An access key of twelve digits is the root of the account of that number.
  const credentials = { accessKeyId: account, secretAccessKey: 'local' };
  const env = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(emulator.certificate && { NODE_EXTRA_CA_CERTS: emulator.certificate }),
  };
  return {
    endpoint,
    region: REGION,
    account,
    env,
    client: { endpoint, region: REGION, credentials },
    cdk: cdkFor({ env, account, region: REGION, folder }),
    apiUrl: (apiId, path) => `${endpoint}/_aws/execute-api/${apiId}/$default${path}`,
    logs: () => emulator.transcript.text,
    stop: () => emulator.stop(),
  };
}

class Emulator {
  readonly endpoint: string;
  readonly account = String(randomInt(100_000_000_000, 1_000_000_000_000));
  readonly folder = mkdtempSync(join(tmpdir(), 'plimsoll-cloud-'));
  /** The certificate's file, where the cloud speaks TLS. */
  readonly certificate: string | undefined;
  readonly transcript: Transcript;
  readonly #process: ChildProcess;
  readonly #onExit = () => this.#kill();

  constructor(python: string, { iam, schedules = false, modelServer, trainingServer }: CloudOptions, port: number) {
    this.endpoint = `${iam ? 'https' : 'http'}://127.0.0.1:${port}`;
    this.certificate = iam ? join(this.folder, 'certificate.pem') : undefined;
    // Lambda workers are CommonJS below this folder; a package of "type": "module" further up would end them silently.
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "commonjs" }\n');
    const program = join(import.meta.dirname, 'emulator.py');
    const env = {
      ...emulatorEnvironment(this, port),
      PLIMSOLL_SCHEDULES: schedules ? '1' : '0',
      ...(modelServer !== undefined && { PLIMSOLL_CLOUD_MODEL_SERVER: modelServer }),
      ...(trainingServer !== undefined && { PLIMSOLL_CLOUD_TRAINING_SERVER: trainingServer }),
    };
    this.#process = spawn(python, [program], { cwd: this.folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.on('error', () => {});
    this.transcript = new Transcript().follow(this.#process);
    process.once('exit', this.#onExit);
  }

  async ready(): Promise<void> {
    const deadline = performance.now() + READY_LIMIT_MS;
    while (performance.now() < deadline && !this.#ended) {
      if (await this.#answers()) return;
      await delay(READY_LOOK_EVERY_MS);
    }
    const what = this.#ended ? 'ended at once' : `was not ready within ${READY_LIMIT_MS / 1000} s`;
    throw new PlimsollError(
      'CLOUD_START_FAILED',
      `the emulated cloud ${what}:\n${this.transcript.tail()}\n`,
      'read the lines above',
    );
  }

  get portTaken(): boolean {
    return this.transcript.text.includes('already in use');
  }

  async stop(): Promise<void> {
    process.off('exit', this.#onExit);
    if (!this.#ended) {
      const ended = new Promise((resolve) => this.#process.once('close', resolve));
      this.#process.kill('SIGTERM');
      await Promise.race([ended, delay(STOP_LIMIT_MS, undefined, { ref: false })]);
    }
    this.#kill();
  }

  /** The last resort, which also works while this process exits. */
  #kill(): void {
    if (!this.#ended) this.#process.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  get #ended(): boolean {
    return this.#process.pid === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async #answers(): Promise<boolean> {
    if (this.certificate) {
      if (!existsSync(this.certificate)) return false;
      trust(readFileSync(this.certificate, 'utf8'));
    }
    const ready = fetch(`${this.endpoint}/_ministack/ready`, { signal: AbortSignal.timeout(1_000) });
    return ready.then((response) => response.status === 200).catch(() => false);
  }
}

/** The whole environment of the emulator, and so of every function in it: nothing of the host's leaks in. */
function emulatorEnvironment({ account, folder, certificate }: Emulator, port: number): Record<string, string> {
  const tls = {
    AUTH: 'true',
    USE_SSL: '1',
    MINISTACK_SSL_CERT: certificate ?? '',
    MINISTACK_SSL_KEY: join(folder, 'key.pem'),
  };
  return {
    PATH: [nodeFolder, '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    PLIMSOLL_CLOUD_FOLDER: folder,
    HOME: folder,
    TMPDIR: folder,
    TZ: 'UTC',
    LANG: 'C.UTF-8',
    PYTHONUTF8: '1',
    PYTHONUNBUFFERED: '1',
    GATEWAY_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: 'localhost',
    MINISTACK_REGION: REGION,
    // Whoever calls without a signature, as browsers call the HTTP API, means this account.
    MINISTACK_ACCOUNT_ID: account,
    LOG_LEVEL: 'WARNING',
    IOT_MTLS_ENABLED: '0',
    STATE_DIR: join(folder, 'state'),
    S3_DATA_DIR: join(folder, 's3'),
    DOCKER_HOST: `unix://${join(folder, 'no-docker.sock')}`,
    ...(certificate && tls),
  };
}

/** Adds to what this process trusts, so that clients and `fetch` verify the cloud as they would verify AWS. */
function trust(certificate: string): void {
  const trusted = getCACertificates('default');
  if (!trusted.includes(certificate)) setDefaultCACertificates([...trusted, certificate]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}
