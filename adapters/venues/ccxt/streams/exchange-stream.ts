/** What differs between exchanges in the stream of an account. */
import type { Conversation, Heartbeat } from '../../http/conversation.ts';
import type { Ask } from '../execution/protocol.ts';

/** What a connection is authenticated with. */
export interface StreamAccess {
  /** As for a request. */
  readonly ask: Ask;
  /** The exchange's clock, measured anew, ms UTC. */
  readonly time: () => Promise<number>;
  readonly apiKey: string;
  /** Empty where the exchange has none. */
  readonly passphrase: string;
  /** Signs a text as the exchange's requests are signed. */
  readonly sign: (text: string) => string;
  /** A token for a socket, where the exchange takes those; made at so many seconds UTC. */
  readonly token: (seconds: number) => string;
}

export interface ExchangeStream {
  readonly url: string;
  readonly heartbeat: Heartbeat;
  /** `url` is the exchange's own, or the same path on the host that is configured. */
  readonly begin: (access: StreamAccess, url: string) => Promise<Conversation>;
}

/** Which words of a stream say that something of the account changed: no other word of a venue leaves the adapter. */
export const changedBy =
  (words: readonly string[]) =>
  (word: string): { readonly kind: 'changed'; readonly what: string } | { readonly kind: 'nothing' } =>
    words.includes(word) ? { kind: 'changed', what: word } : { kind: 'nothing' };

/** Stands once every one of these is taken. */
export function allOf(wanted: readonly string[]): (taken: string) => { readonly kind: 'stands' | 'nothing' } {
  const missing = new Set(wanted);
  return (taken) => {
    missing.delete(taken);
    return { kind: missing.size === 0 ? 'stands' : 'nothing' };
  };
}
