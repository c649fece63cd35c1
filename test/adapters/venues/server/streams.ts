/** The streams of accounts at the venue server: which venue speaks at which address, and what goes wrong on the way. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AccountEvent, VenueAccount } from './account.ts';
import { ServedBody } from './endless-body.ts';
import type { Answer } from './requests.ts';
import { ServedSocket } from './web-socket.ts';

/** What happens to the next frame that tells of the account. */
export type StreamFault =
  | 'doubled'
  | 'never'
  /** Kept until {@link Streams.releaseLate}. */
  | 'late'
  /** Half of it. */
  | 'malformed'
  /** JSON, and not what was agreed. */
  | 'another shape'
  /** More than any venue would say in one. */
  | 'too large'
  /** The connection is cut in its place. */
  | 'cut';

/** What a connection goes over. */
export interface Wire {
  say(text: string, as: 'text' | 'binary'): void;
  /** Takes leave, with a code and a reason. */
  end(code: number, reason: string): void;
  /** Without a word. */
  cut(): void;
  /** Resolves once the other side has read everything that was said before, or is gone. */
  read(): Promise<void>;
  readonly isOpen: boolean;
  /** That the other side took its leave with a frame. */
  readonly tookLeave: boolean;
}

/** One connection, as a venue's protocol sees it. */
export interface StreamConnection {
  /** Answers, at once. */
  say(frame: unknown, as?: 'text' | 'binary'): void;
  /** Tells of the account: what is scripted happens to it. */
  tell(frame: unknown): void;
  end(code: number, reason: string): void;
  /** Until the connection ends. */
  follow(account: VenueAccount, told: (event: AccountEvent) => void): void;
  /** Called with each text from the other side. */
  hear: (text: string) => void;
  /** What the venue says by itself once in a while. */
  beat: (() => void) | undefined;
}

/** Takes the connections to one address. */
export interface ServedStream {
  readonly path: string;
  /** What its frames are. Default `text`. */
  readonly as?: 'text' | 'binary';
  /** Over an answer without an end, and not a socket: why it is not given, if it is not. */
  readonly denied?: (headers: Readonly<Record<string, string | undefined>>) => Answer | undefined;
  readonly open: (connection: StreamConnection, query: URLSearchParams) => void;
}

export class Streams {
  /** Those that stand or stood since the last reset, in order. */
  readonly sockets: Wire[] = [];
  /** Texts that came over any of them, in order. */
  readonly heard: string[] = [];
  /** The same of this side. */
  readonly said: string[] = [];
  /** In place of what the venue answers. */
  answer: ((text: string) => unknown) | undefined;
  /** Neither answers nor tells anything, with the connections open. */
  isSilent = false;
  /** Handshakes that were let in or not. */
  handshakes = 0;
  readonly #served: () => readonly ServedStream[];
  readonly #connections = new Set<StreamConnection>();
  #faults: StreamFault[] = [];
  #late: (() => void)[] = [];
  #refusals: { readonly status: number; left: number } = { status: 429, left: 0 };

  constructor(served: () => readonly ServedStream[]) {
    this.#served = served;
  }

  /** The next frames that tell of the account meet these, one each, in order. */
  script(...faults: StreamFault[]): void {
    this.#faults.push(...faults);
  }

  /** What was scripted and has not been met does not happen. */
  clear(): void {
    this.#faults = [];
  }

  /** The next handshakes are turned away. */
  refuse(count: number, status = 429): void {
    this.#refusals = { status, left: count };
  }

  releaseLate(): void {
    for (const tell of this.#late.splice(0)) tell();
  }

  /** Everything that stands is cut, without a word. */
  cut(): void {
    for (const socket of this.sockets) socket.cut();
  }

  /** What venues say by themselves while nothing happens. */
  beat(): void {
    for (const { beat } of this.#connections) beat?.();
  }

  /** Whatever it is, over all that stand. */
  sayToAll(frame: unknown, as?: 'text' | 'binary'): void {
    for (const { say } of this.#connections) say(frame, as);
  }

  /** Resolves once whoever listens has read all that was said. */
  async read(): Promise<void> {
    await Promise.all(this.sockets.map((socket) => socket.read()));
  }

  /** How many stand. */
  get standing(): number {
    return this.sockets.filter(({ isOpen }) => isOpen).length;
  }

  reset(): void {
    this.cut();
    this.sockets.length = 0;
    this.heard.length = 0;
    this.said.length = 0;
    this.answer = undefined;
    this.isSilent = false;
    this.handshakes = 0;
    this.#faults = [];
    this.#late = [];
    this.#refusals = { status: 429, left: 0 };
  }

  readonly upgrade = (request: IncomingMessage, socket: Duplex): void => {
    this.handshakes++;
    const [path, query = ''] = (request.url ?? '/').split('?');
    const served = this.#served().find((one) => one.path === path);
    const refused = this.#refusals.left-- > 0 ? this.#refusals.status : served ? undefined : 404;
    socket.on('error', () => undefined);
    if (refused !== undefined) {
      socket.end(`HTTP/1.1 ${refused} No\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    const connection = this.#connect(served!, (hear, ended) => new ServedSocket(request, socket, hear, ended));
    served!.open(connection, new URLSearchParams(query));
  };

  /** False where the request is for no stream. */
  open(request: IncomingMessage, response: ServerResponse): boolean {
    const served = this.#served().find(({ path, denied }) => denied !== undefined && path === request.url);
    if (!served) return false;
    this.handshakes++;
    const refused = this.#refusals.left-- > 0 ? { status: this.#refusals.status, body: {} } : undefined;
    const answer = refused ?? served.denied!(request.headers as Record<string, string | undefined>);
    if (answer) {
      response.writeHead(answer.status!, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
      return true;
    }
    if (!this.isSilent) response.writeHead(200, { 'content-type': 'application/octet-stream' }).flushHeaders();
    served.open(
      this.#connect(served, (_hear, ended) => new ServedBody(response, ended)),
      new URLSearchParams(),
    );
    return true;
  }

  #connect(
    { as = 'text' }: ServedStream,
    wireOf: (hear: (text: string) => void, ended: () => void) => Wire,
  ): StreamConnection {
    const ends: (() => void)[] = [];
    const hear = (text: string): void => {
      this.heard.push(text);
      if (this.answer) say(this.answer(text));
      else if (!this.isSilent) connection.hear(text);
    };
    const ended = (): void => {
      this.#connections.delete(connection);
      for (const end of ends) end();
    };
    const wire = wireOf(hear, ended);
    const say = (frame: unknown, how = as): void => {
      if (this.isSilent) return;
      const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
      this.said.push(text);
      wire.say(text, how);
    };
    const connection: StreamConnection = {
      say,
      tell: (frame) => this.#tell(wire, say, frame),
      end: (code, reason) => wire.end(code, reason),
      follow: (account, told) => {
        account.observers.add(told);
        ends.push(() => account.observers.delete(told));
      },
      hear: () => undefined,
      beat: undefined,
    };
    this.sockets.push(wire);
    this.#connections.add(connection);
    return connection;
  }

  #tell(wire: Wire, say: (frame: unknown) => void, frame: unknown): void {
    const text = JSON.stringify(frame);
    switch (this.#faults.shift()) {
      case undefined:
        say(text);
        return;
      case 'doubled':
        say(text);
        say(text);
        return;
      case 'never':
        return;
      case 'late':
        this.#late.push(() => say(text));
        return;
      case 'malformed':
        say(text.slice(0, Math.floor(text.length / 2)));
        return;
      case 'another shape':
        say('[null]');
        return;
      case 'too large':
        say({ padding: 'x'.repeat(2_000_000) });
        return;
      case 'cut':
        wire.cut();
        return;
    }
  }
}
