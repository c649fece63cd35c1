/** Does the training jobs of an emulated cloud: the real job of models/, on what lies in the cloud's S3, which gets what it leaves. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { CreateTrainingJobRequest } from '@aws-sdk/client-sagemaker';
import { runContainer } from '../sagemaker/container.ts';
import { S3Double } from '../sagemaker/s3-double.ts';

export interface TrainingServerOptions {
  /** Path of a Python with what training needs. */
  readonly python: string;
  /** Path of a folder for what jobs write. */
  readonly folder: string;
  /** Of the cloud, which is started after the server. */
  readonly s3: () => S3Client;
}

export class TrainingServer {
  readonly requests: CreateTrainingJobRequest[] = [];
  /** Why the next jobs fail, before one does what it was asked for. */
  readonly failures: string[] = [];
  readonly #options: TrainingServerOptions;
  readonly #server: Server;

  constructor(options: TrainingServerOptions) {
    this.#options = options;
    this.#server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const ended = await this.#ended(JSON.parse(Buffer.concat(parts).toString())).catch((error: Error) => ({
        ...{ TrainingJobStatus: 'Failed', FailureReason: `InternalServerError: ${error.stack}` },
      }));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ended));
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #ended(request: CreateTrainingJobRequest): Promise<object> {
    this.requests.push(request);
    const failure = this.failures.shift();
    if (failure !== undefined) return { TrainingJobStatus: 'Failed', FailureReason: failure };
    const { python, folder } = this.#options;
    const name = request.TrainingJobName!;
    const cloud = { s3: await this.#mirror(request) };
    const end = await runContainer(cloud, python, join(folder, name), request, new AbortController().signal);
    if ('reason' in end) return { TrainingJobStatus: 'Failed', FailureReason: end.reason };
    const output = `${request.OutputDataConfig!.S3OutputPath}/${name}/output`;
    cloud.s3.keep(`${output}/model.tar.gz`, end.model!);
    cloud.s3.keep(`${output}/output.tar.gz`, end.output!);
    for (const [key, bytes] of cloud.s3.objects) await this.#put(key, bytes);
    return { TrainingJobName: name, TrainingJobStatus: 'Completed' };
  }

  /** What the job reads. */
  async #mirror({ InputDataConfig, CheckpointConfig }: CreateTrainingJobRequest): Promise<S3Double> {
    const mirror = new S3Double();
    const uris = InputDataConfig!.map(({ DataSource }) => DataSource!.S3DataSource!.S3Uri!);
    for (const uri of [...uris, CheckpointConfig!.S3Uri!]) {
      const [Bucket, ...rest] = uri.replace('s3://', '').split('/');
      const { Contents = [] } = await this.#options
        .s3()
        .send(new ListObjectsV2Command({ Bucket, Prefix: rest.join('/') }));
      for (const { Key } of Contents) {
        const { Body } = await this.#options.s3().send(new GetObjectCommand({ Bucket, Key: Key! }));
        mirror.keep(`s3://${Bucket}/${Key}`, await Body!.transformToByteArray());
      }
    }
    return mirror;
  }

  async #put(path: string, bytes: Uint8Array): Promise<void> {
    const [Bucket, ...rest] = path.split('/');
    await this.#options.s3().send(new PutObjectCommand({ Bucket, Key: rest.join('/'), Body: bytes }));
  }
}
