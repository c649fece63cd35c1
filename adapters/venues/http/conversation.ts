/**
 * One connection over a socket to what a venue tells of an account: it authenticates, subscribes, stands, and is given up once it is
 * silent. What is said over it is a venue's own.
 */
import { type After, CLOSED, type Connect, type Ending, type Stream, UNREADABLE } from './reconnecting.ts';
import { type OpenSocket, openSocket } from './socket.ts';

/** What a venue's frame means for the connection that it came over. */
export type Heard =
  /** A sign of life, and no more. */
  | { readonly kind: 'nothing' }
  /** The venue waits for these: it took the key, say, and now wants to know what to send. */
  | { readonly kind: 'say'; readonly texts: readonly string[] }
  /** All that was asked for is subscribed. */
  | { readonly kind: 'stands' }
  /** Something of the account changed, in the venue's word. */
  | { readonly kind: 'changed'; readonly what: string }
  /** It takes the key, its time or what was asked for not. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It says that nothing more comes over this connection. */
  | { readonly kind: 'over'; readonly reason: string };

/** What is a venue's own about one connection. */
export interface Conversation {
  readonly url: string;
  /** Where the venue answers nothing: that it is open is all there is. */
  readonly standsOnceOpen?: boolean;
  /** What it was given for this connection: never in what is said of it. */
  readonly secrets?: readonly string[];
  /** Said as soon as the connection is open. */
  readonly greeting: readonly string[];
  /** Reads a frame. What it throws counts as a frame that cannot be read. */
  readonly hear: (text: string) => Heard;
  /** Keeps what the address holds from expiring. */
  readonly renewal?: { readonly everyMs: number; readonly renew: () => Promise<void> };
}

/** Said every so often; what has not said anything since the last time is given up. */
export interface Heartbeat {
  readonly everyMs: number;
  /** Absent where the venue speaks by itself, and often. */
  readonly text?: string;
}

/** What is a venue's own about its stream. */
export interface ConversationTerms {
  readonly heartbeat: Heartbeat;
  /** Prepares a connection, asking the venue for what it needs first. Rejects where that cannot be had. */
  readonly begin: () => Promise<Conversation>;
  /** Whether what `begin` threw is the venue's no. */
  readonly isRefusal: (error: unknown) => boolean;
  /** A failure, or a word of the venue, in words that hold no key, and nothing of what the connection was given beside it. */
  readonly redact: (said: unknown, secrets: readonly string[]) => string;
}

export const CONVERSATION_BOUNDS = {
  /** From the first byte until it stands, ms. */
  standWithinMs: 20_000,
} as const;

export function overSocket({ heartbeat, begin, isRefusal, redact }: ConversationTerms, after: After): Connect {
  /** Of the last connection, which the next one may be told of. */
  let secrets: readonly string[] = [];
  return async (stream) => {
    let conversation: Conversation | undefined;
    try {
      conversation = await Promise.race([begin(), aborted(stream.closing)]);
    } catch (error) {
      return { reason: redact(error, secrets), isRefusal: isRefusal(error) };
    }
    if (conversation === undefined) return CLOSED;
    const given = conversation.secrets ?? [];
    secrets = given;
    const surroundings = { stream, heartbeat, after, redact: (said: string) => redact(said, given) };
    return new Connection(conversation, surroundings).over;
  };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

interface Surroundings {
  readonly stream: Stream;
  readonly heartbeat: Heartbeat;
  readonly after: After;
  readonly redact: (said: string) => string;
}

/** Whatever comes, it ends once, and nothing of it stays. */
class Connection {
  readonly over: Promise<Ending>;
  readonly #conversation: Conversation;
  readonly #surroundings: Surroundings;
  readonly #socket: OpenSocket;
  readonly #cancels = new Map<string, () => void>();
  #resolve!: (ending: Ending) => void;
  #stands = false;
  #heardSince = false;
  #isEnded = false;

  constructor(conversation: Conversation, surroundings: Surroundings) {
    this.over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#conversation = conversation;
    this.#surroundings = surroundings;
    this.#socket = openSocket(conversation.url, {
      opened: () => this.#greet(),
      said: (text) => this.#hear(text),
      ended: (why) => this.#end(why),
    });
    surroundings.stream.closing.addEventListener('abort', this.#close);
    const { standWithinMs } = CONVERSATION_BOUNDS;
    this.#later('stand', standWithinMs, () => this.#end(`it did not stand within ${standWithinMs} ms`));
  }

  readonly #close = (): void => this.#end(CLOSED.reason);

  #greet(): void {
    this.#say(this.#conversation.greeting);
    if (this.#conversation.standsOnceOpen) this.#stand();
  }

  #say(texts: readonly string[]): void {
    for (const text of texts) this.#socket.say(text);
  }

  #hear(text: string): void {
    if (this.#isEnded) return;
    this.#heardSince = true;
    const heard = this.#read(text);
    switch (heard.kind) {
      case 'nothing':
        return;
      case 'say':
        this.#say(heard.texts);
        return;
      case 'stands':
        this.#stand();
        return;
      case 'changed':
        this.#surroundings.stream.changed(this.#surroundings.redact(heard.what));
        return;
      case 'refused':
        this.#end(heard.reason, true);
        return;
      case 'over':
        this.#end(heard.reason);
        return;
    }
  }

  #read(text: string): Heard {
    try {
      return this.#conversation.hear(text);
    } catch {
      return { kind: 'changed', what: UNREADABLE };
    }
  }

  #stand(): void {
    if (this.#stands) return;
    this.#stands = true;
    this.#heardSince = true;
    this.#cancels.get('stand')?.();
    this.#later('heartbeat', this.#surroundings.heartbeat.everyMs, this.#beat);
    const { renewal } = this.#conversation;
    if (renewal) this.#later('renewal', renewal.everyMs, this.#renew);
    this.#surroundings.stream.stands();
  }

  readonly #beat = (): void => {
    const { everyMs, text } = this.#surroundings.heartbeat;
    if (!this.#heardSince) {
      this.#end(`it was silent for ${everyMs} ms, and did not answer`);
      return;
    }
    this.#heardSince = false;
    if (text !== undefined) this.#say([text]);
    this.#later('heartbeat', everyMs, this.#beat);
  };

  readonly #renew = (): void => {
    const { renew, everyMs } = this.#conversation.renewal!;
    renew().then(
      () => {
        if (!this.#isEnded) this.#later('renewal', everyMs, this.#renew);
      },
      () => this.#end('what its address holds could not be renewed'),
    );
  };

  #later(what: string, ms: number, run: () => void): void {
    this.#cancels.set(what, this.#surroundings.after(ms, run));
  }

  #end(reason: string, isRefusal = false): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const cancel of this.#cancels.values()) cancel();
    this.#surroundings.stream.closing.removeEventListener('abort', this.#close);
    this.#socket.end();
    this.#resolve({ reason: this.#surroundings.redact(reason), isRefusal });
  }
}
