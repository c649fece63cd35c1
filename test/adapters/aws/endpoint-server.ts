/** A model server on the loopback address, which answers as a test tells it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenQuestion {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: { readonly version: string; readonly rows: readonly (readonly number[])[] };
}

export type Answering = (question: SeenQuestion, response: ServerResponse, nth: number) => void;

export interface EndpointServer {
  readonly url: string;
  readonly seen: SeenQuestion[];
  /** So often somebody connected. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export async function endpointServer(answering: Answering): Promise<EndpointServer> {
  const seen: SeenQuestion[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const question = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: JSON.parse(Buffer.concat(chunks).toString('utf8')),
    };
    answering(question, response, seen.push(question));
  });
  let connections = 0;
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () => connections,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Two members, who say 0.25 and the row's first number. */
export const good: Answering = ({ body: { version, rows } }, response) =>
  json(response, 200, { version, up: rows.map(([first]) => [0.25, first]) });

export function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** As AWS says that a request failed. */
export const failure = (response: ServerResponse, status: number, type: string, body: unknown): void =>
  json(response, status, body, { 'x-amzn-errortype': type });
