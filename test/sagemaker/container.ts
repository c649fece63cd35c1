/** What SageMaker does with an image, without one: lays out /opt/ml in a folder, runs models/container/run, and takes what it leaves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { CreateTrainingJobRequest } from '@aws-sdk/client-sagemaker';
import type { JobEnd } from './double.ts';
import type { S3Double } from './s3-double.ts';
import { tarGz } from './tar.ts';

const models = resolve(import.meta.dirname, '../../models');
/** Of a log. */
const KEPT = 65_536;

/** Where a job's channels and checkpoints lie. */
export interface ContainerCloud {
  readonly s3: Pick<S3Double, 'below' | 'keep'>;
}

/**
 * Runs the job of a request, on each of its instances, below `folder`, which is emptied first.
 * @param python path of a Python with what training needs
 */
export async function runContainer(
  cloud: ContainerCloud,
  python: string,
  folder: string,
  request: CreateTrainingJobRequest,
  stopped: AbortSignal,
): Promise<JobEnd> {
  rmSync(folder, { recursive: true, force: true });
  const count = request.ResourceConfig!.InstanceCount!;
  // Addresses of this machine stand for the names that SageMaker gives.
  const hosts = Array.from({ length: count }, (_, k) => (count === 1 ? 'algo-1' : `127.0.0.${k + 1}`));
  const port = await freePort();
  const instances = hosts.map((host) => ({ host, hosts, port, python, folder: join(folder, host) }));
  const ended = await Promise.all(instances.map((instance) => runInstance(cloud, instance, request, stopped)));
  for (const { checkpoints } of ended)
    for (const [name, bytes] of checkpoints) cloud.s3.keep(`${request.CheckpointConfig?.S3Uri}${name}`, bytes);
  const log = ended.map((instance) => instance.log).join('');
  const failed = ended.find(({ code }) => code !== 0);
  if (failed) return { reason: `AlgorithmError: ${failed.failure ?? log}, exit code: ${failed.code}`, log };
  const all = (of: 'model' | 'output'): Buffer => tarGz(new Map(ended.flatMap((instance) => [...instance[of]])));
  return { model: all('model'), output: all('output'), log };
}

interface Instance {
  readonly host: string;
  readonly hosts: readonly string[];
  readonly port: number;
  readonly python: string;
  readonly folder: string;
}

async function runInstance(
  cloud: ContainerCloud,
  { host, hosts, port, python, folder }: Instance,
  request: CreateTrainingJobRequest,
  stopped: AbortSignal,
) {
  layOut(cloud, folder, request, { current_host: host, hosts });
  const child = spawn(join(models, 'container/run'), ['train'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      // The image's own: models/Dockerfile.
      PATH: [dirname(python), process.env.PATH].join(delimiter),
      PYTHONPATH: models,
      PYTHONDONTWRITEBYTECODE: '1',
      ...request.Environment,
      TRAINING_JOB_NAME: request.TrainingJobName,
      PLIMSOLL_JOB_PORT: String(port),
      // That of an image is /opt/ml.
      PLIMSOLL_ML_FOLDER: folder,
    },
  });
  const stop = (): void => void child.kill('SIGTERM');
  stopped.addEventListener('abort', stop);
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-KEPT);
    });
  const [code] = (await once(child, 'close')) as [number | null];
  stopped.removeEventListener('abort', stop);
  return {
    code,
    log,
    failure: failureIn(folder),
    model: filesBelow(join(folder, 'model')),
    output: filesBelow(join(folder, 'output/data')),
    checkpoints: filesBelow(join(folder, 'checkpoints')),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function layOut(cloud: ContainerCloud, folder: string, request: CreateTrainingJobRequest, resources: object): void {
  const write = (name: string, bytes: Uint8Array | string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  };
  for (const { ChannelName, DataSource } of request.InputDataConfig!)
    for (const [name, bytes] of cloud.s3.below(DataSource!.S3DataSource!.S3Uri!))
      write(`input/data/${ChannelName}/${name}`, bytes);
  for (const [name, bytes] of cloud.s3.below(request.CheckpointConfig?.S3Uri ?? 's3://none/'))
    write(`checkpoints/${name}`, bytes);
  for (const name of ['model', 'output/data', 'checkpoints']) mkdirSync(join(folder, name), { recursive: true });
  const channels = request.InputDataConfig!.map(({ ChannelName }) => [ChannelName, { TrainingInputMode: 'File' }]);
  write('input/config/hyperparameters.json', JSON.stringify(request.HyperParameters));
  write('input/config/inputdataconfig.json', JSON.stringify(Object.fromEntries(channels)));
  write('input/config/resourceconfig.json', JSON.stringify(resources));
}

function filesBelow(folder: string): Map<string, Uint8Array> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    names.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length + 1), readFileSync(path)];
    }),
  );
}

function failureIn(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'output/failure'), 'utf8');
  } catch {
    return undefined;
  }
}
