/** Those who listen to one account at the venue server, and what befalls the messages to them. */

/** What happens to the next message instead of its coming as it is. */
export type StreamFault =
  /** The connection is cut, and the message lost with it. */
  | 'cut'
  /** It is lost, and so is everything after it, with the connection open. */
  | 'silence'
  | 'doubled'
  /** Something else comes in its place. */
  | { readonly instead: string }
  | 'never sent';

export interface Listener {
  /** Where its messages have kinds: in bytes, unless it says otherwise. */
  send(text: string, kind?: 'text' | 'binary'): void;
  fallSilent(): void;
  cut(): void;
}

export class Feed {
  readonly listeners = new Set<Listener>();
  /** How many have connected, whether they were let listen or not. */
  connections = 0;
  /** What those who connect meet, one each. */
  readonly refusals: ('cut' | 'silence' | 'refused')[] = [];
  readonly #faults: StreamFault[] = [];

  /** The next messages meet these, one each, in order. */
  script(...faults: StreamFault[]): void {
    this.#faults.push(...faults);
  }

  /** To everyone who listens. */
  tell(message: object): void {
    if (this.listeners.size === 0) return;
    const fault = this.#faults.shift();
    for (const listener of this.listeners) deliver(JSON.stringify(message), fault, listener);
  }

  /** Cuts every connection. */
  reset(): void {
    for (const listener of this.listeners) listener.cut();
    this.listeners.clear();
    this.connections = 0;
    this.refusals.length = 0;
    this.#faults.length = 0;
  }
}

function deliver(text: string, fault: StreamFault | undefined, listener: Listener): void {
  if (fault === 'never sent') return;
  if (fault === 'cut') listener.cut();
  else if (fault === 'silence') listener.fallSilent();
  else if (typeof fault === 'object') listener.send(fault.instead);
  else {
    listener.send(text);
    if (fault === 'doubled') listener.send(text);
  }
}
