/**
 * What Alpaca says of an account by itself: `trade_updates`, over a WebSocket, in frames of text or bytes.
 * Source: docs.alpaca.markets/docs/websocket-streaming.
 */
import { type Heard, overSocket } from '../http/conversation.ts';
import { fieldsOf, listOf, readJson, wordIn } from '../http/json.ts';
import type { After, Connect } from '../http/reconnecting.ts';
import { onStreamHost } from '../http/stream-host.ts';
import type { AlpacaCredentials, AlpacaOptions } from './options.ts';

const CHANNEL = 'trade_updates';
const LISTEN = JSON.stringify({ action: 'listen', data: { streams: [CHANNEL] } });
const URLS = { paper: 'wss://paper-api.alpaca.markets/stream', live: 'wss://api.alpaca.markets/stream' } as const;
/** Nothing comes while nothing happens: Alpaca is told again what to listen to, which it acknowledges. */
export const ALPACA_HEARTBEAT = { everyMs: 20_000, text: LISTEN } as const;

export interface TradeUpdatesSettings {
  readonly options: Pick<AlpacaOptions, 'paper' | 'streamUrl'>;
  /** Asked for before each connection. */
  readonly keyOf: () => Promise<AlpacaCredentials>;
  /** Words without the key. */
  readonly redact: (error: unknown) => string;
  readonly after: After;
}

export function tradeUpdates({ options, keyOf, redact, after }: TradeUpdatesSettings): Connect {
  const url = onStreamHost(URLS[options.paper ? 'paper' : 'live'], options.streamUrl);
  const begin = async () => {
    const { apiKey, secret } = await keyOf().catch((error: unknown) => {
      throw new Error(`the key could not be had: ${redact(error)}`);
    });
    return { url, greeting: [JSON.stringify({ action: 'auth', key: apiKey, secret })], hear };
  };
  return overSocket({ heartbeat: ALPACA_HEARTBEAT, begin, isRefusal: () => false, redact }, after);
}

/** `{"stream":"authorization","data":{"status":"authorized",…}}`; an order's events come under the name of the channel. */
function hear(text: string): Heard {
  const message = fieldsOf(readJson(text), 'the message');
  const data = fieldsOf(message.data, '"data"');
  if (message.action === 'error') return { kind: 'over', reason: `it said "${wordIn(data, 'error_message')}"` };
  switch (wordIn(message, 'stream')) {
    case 'authorization':
      return authorization(wordIn(data, 'status'));
    case 'listening':
      return listOf(data.streams, '"streams"').includes(CHANNEL)
        ? { kind: 'stands' }
        : { kind: 'refused', reason: `it does not tell this key of ${CHANNEL}` };
    case CHANNEL:
      return { kind: 'changed', what: wordIn(data, 'event') };
    default:
      return { kind: 'nothing' };
  }
}

function authorization(status: string): Heard {
  if (status === 'authorized') return { kind: 'say', texts: [LISTEN] };
  return { kind: 'refused', reason: 'it did not take the key: check it, and whether it is for the paper environment' };
}
