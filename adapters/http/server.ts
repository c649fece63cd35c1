/** An app on a port of this machine. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { PlimsollError } from '../../core/errors.ts';

export interface ServerOptions {
  /** An address of this machine. */
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
}

/** Anything that answers a request; Hono does. */
export interface App {
  fetch(request: Request): Response | Promise<Response>;
}

export interface RunningServer {
  /** As a browser reaches it: `http://127.0.0.1:7400`. */
  readonly url: string;
  readonly port: number;
  /** Ends open connections too, live streams among them. */
  close(): Promise<void>;
}

const BOUNDS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  maxConnections: 512,
} as const;

/** Listens. Throws `PORT_TAKEN`, `PORT_FORBIDDEN` and `HOST_INVALID`. */
export async function startServer(app: App, { host, port }: ServerOptions): Promise<RunningServer> {
  const { maxConnections, ...serverOptions } = BOUNDS;
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions }) as Server;
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, () => resolve());
  });
  const bound = (server.address() as AddressInfo).port;
  return { url: `http://${shownHost(host)}:${bound}`, port: bound, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const shownHost = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): PlimsollError {
  const options = { kept: 'nothing was started and the ledger is untouched', cause };
  switch (cause.code) {
    case 'EADDRINUSE':
      return new PlimsollError(
        'PORT_TAKEN',
        `port ${port} of ${host} is taken by another program`,
        'stop that one, or choose another port with --port or server.port',
        options,
      );
    case 'EACCES':
      return new PlimsollError(
        'PORT_FORBIDDEN',
        `port ${port} may not be opened by this user`,
        'choose one above 1023',
        options,
      );
    default:
      return new PlimsollError(
        'HOST_INVALID',
        `the server cannot listen on ${host}:${port} (${cause.code ?? cause.message})`,
        'set server.host to an address of this machine',
        options,
      );
  }
}
