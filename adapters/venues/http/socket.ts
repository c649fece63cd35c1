/** One WebSocket of Node's own, with a bound on its frames, that ends for certain and holds no process open. */
import { connect as connectPlain, type Socket as NetSocket } from 'node:net';
import { connect as connectSecure } from 'node:tls';

export const SOCKET_BOUNDS = {
  /** Largest message, in bytes, compressed or not. An account's frames are a few kB. */
  messageBytes: 1_048_576,
  /** How long a connection may take to be made before its first byte, ms. */
  connectMs: 10_000,
} as const;

export interface SocketEvents {
  readonly opened: () => void;
  readonly said: (text: string) => void;
  /** Once, whoever ended it; not after {@link OpenSocket.end}. */
  readonly ended: (why: string) => void;
}

export interface OpenSocket {
  say(text: string): void;
  /** Takes leave, and does not wait for the other side to take its own. */
  end(): void;
}

/** Connects to a `ws:` or `wss:` address. Never throws for what the network does. */
export function openSocket(url: string, events: SocketEvents): OpenSocket {
  const link: { socket?: NetSocket } = {};
  let isEnded = false;
  const webSocket = new WebSocket(url, { dispatcher: dispatcherOver(link) });
  webSocket.binaryType = 'arraybuffer';
  const end = (): boolean => {
    if (isEnded) return false;
    isEnded = true;
    webSocket.close();
    link.socket?.destroySoon();
    return true;
  };
  webSocket.addEventListener('open', () => {
    if (!isEnded) events.opened();
  });
  webSocket.addEventListener('message', ({ data }) => {
    if (!isEnded) events.said(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString());
  });
  // An error is followed by the end; what it was, Node does not say.
  webSocket.addEventListener('error', () => undefined);
  webSocket.addEventListener('close', ({ code, reason }) => {
    if (end()) events.ended(endingOf(code, reason));
  });
  return { say: (text) => webSocket.send(text), end: () => void end() };
}

/** RFC 6455, section 7.4.1; 1006 stands for an end without a word. */
function endingOf(code: number, reason: string): string {
  if (code === 1_006) return 'the connection was not made, or was cut';
  return `the venue ended the connection (${code}${reason === '' ? '' : `, "${reason}"`})`;
}

type Dispatcher = NonNullable<
  Extract<ConstructorParameters<typeof WebSocket>[1], { dispatcher?: unknown }>['dispatcher']
>;
type Connected = (error: Error | null, socket: NetSocket | null) => void;
interface Wanted {
  readonly hostname: string;
  readonly port: string;
  readonly protocol: string;
  readonly servername?: string | null;
}

/** Where Node keeps the dispatcher of its own fetch; its class is the one that its WebSocket works with. */
const GLOBAL_DISPATCHER = Symbol.for('undici.globalDispatcher.1');

/**
 * Makes the connection itself, to hold it: Node's WebSocket waits without end for a silent peer to take its leave, and has no
 * way to be cut off.
 */
function dispatcherOver(link: { socket?: NetSocket }): Dispatcher {
  const its = (globalThis as unknown as Record<symbol, object>)[GLOBAL_DISPATCHER];
  const Agent = its.constructor as new (options: object) => Dispatcher;
  const connect = ({ hostname, port, protocol, servername }: Wanted, connected: Connected): void => {
    const isSecure = protocol === 'https:';
    const host = hostname.replace(/^\[|\]$/g, '');
    const to = { host, port: Number(port || (isSecure ? 443 : 80)) };
    const socket = isSecure ? connectSecure({ ...to, servername: servername ?? host }) : connectPlain(to);
    link.socket = socket;
    socket.unref();
    socket.setTimeout(SOCKET_BOUNDS.connectMs, () => socket.destroy(new Error('it took too long')));
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      socket.setTimeout(0);
      connected(null, socket);
    });
    socket.once('error', (error) => connected(error, null));
  };
  return new Agent({ connect, webSocket: { maxPayloadSize: SOCKET_BOUNDS.messageBytes } });
}
