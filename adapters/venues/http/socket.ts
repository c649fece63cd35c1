/**
 * Node's own WebSocket, with two things that its interface leaves out: a bound on a message, and an end that does not wait for a venue
 * that has fallen silent (`close` alone waits for its answer, and keeps the process alive until then). Both come through the dispatcher
 * that its constructor takes; where there is none, a socket is what it would be without.
 */
import type { Duplex } from 'node:stream';

export interface BoundedSocket {
  readonly socket: WebSocket;
  /** Ends the connection at once. */
  cut(): void;
}

/** The little of undici's dispatcher that is used here. */
interface Dispatcher {
  dispatch(options: unknown, handler: object): boolean;
}

/** Where Node keeps the dispatcher of fetch and WebSocket. */
const GLOBAL_DISPATCHER = Symbol.for('undici.globalDispatcher.1');

/** `bytesMax`: of one message; the connection ends with a larger one. */
export function openSocket(url: string, bytesMax: number): BoundedSocket {
  let below: Duplex | undefined;
  const dispatcher = boundedDispatcher(bytesMax, (socket) => {
    below = socket;
  });
  const socket = new WebSocket(url, dispatcher ? ({ dispatcher } as never) : []);
  socket.binaryType = 'arraybuffer';
  const cut = (): void => {
    socket.close();
    below?.destroy();
  };
  return { socket, cut };
}

function boundedDispatcher(maxPayloadSize: number, onUpgrade: (socket: Duplex) => void): Dispatcher | undefined {
  // Looked up by its name, the class loads what sets the dispatcher.
  void WebSocket;
  const shared = (globalThis as { [GLOBAL_DISPATCHER]?: Dispatcher })[GLOBAL_DISPATCHER];
  if (shared === undefined) return undefined;
  const dispatch: Dispatcher['dispatch'] = (options, handler) => shared.dispatch(options, watched(handler, onUpgrade));
  return Object.assign({ dispatch }, { webSocketOptions: { maxPayloadSize } });
}

/** The same handler, which also says what its request was upgraded to. */
function watched(handler: object, onUpgrade: (socket: Duplex) => void): object {
  return new Proxy(handler, {
    get(of, name) {
      const value: unknown = Reflect.get(of, name);
      if (typeof value !== 'function') return value;
      const isUpgrade = name === 'onUpgrade' || name === 'onRequestUpgrade';
      return (...given: unknown[]) => {
        // The socket comes last in both.
        if (isUpgrade) onUpgrade(given.at(-1) as Duplex);
        return Reflect.apply(value, of, given);
      };
    },
  });
}
