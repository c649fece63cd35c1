/** S3 on this machine, as far as the platform asks it: get, conditional put, list. Objects are kept by "bucket/key". */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

export class S3Double {
  readonly objects = new Map<string, Buffer>();
  readonly puts: string[] = [];

  answer(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const [, bucket, ...rest] = decodeURIComponent(pathname).split('/');
    const key = `${bucket}/${rest.join('/')}`;
    if (rest.join('/') === '') this.#list(bucket, searchParams.get('prefix') ?? '', response);
    else if (request.method === 'PUT') this.#put(key, request, body, response);
    else this.#get(key, request, response);
  }

  /** Keys below a URI of S3, each with what follows it. */
  below(uri: string): [name: string, bytes: Buffer][] {
    const prefix = uri.replace(/^s3:\/\//, '');
    return [...this.objects].flatMap(([key, bytes]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length).replace(/^\//, ''), bytes] as [string, Buffer]] : [],
    );
  }

  keep(uri: string, bytes: Uint8Array): void {
    this.objects.set(uri.replace(/^s3:\/\//, ''), Buffer.from(bytes));
  }

  #get(key: string, { method }: IncomingMessage, response: ServerResponse): void {
    const found = this.objects.get(key);
    response.writeHead(found ? 200 : 404, found ? { 'content-length': found.length, etag: etagOf(found) } : {});
    response.end(method === 'HEAD' ? undefined : (found ?? errorOf('NoSuchKey')));
  }

  #put(key: string, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    if (request.headers['if-none-match'] === '*' && this.objects.has(key)) {
      response.writeHead(412).end(errorOf('PreconditionFailed'));
      return;
    }
    this.puts.push(key);
    this.objects.set(key, body);
    response.writeHead(200, { etag: etagOf(body) }).end();
  }

  #list(bucket: string, prefix: string, response: ServerResponse): void {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(`${bucket}/${prefix}`)).sort();
    const contents = keys.map((key) => `<Contents><Key>${key.slice(bucket.length + 1)}</Key></Contents>`).join('');
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(`<ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`);
  }
}

const etagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`;

const errorOf = (code: string): string => `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
