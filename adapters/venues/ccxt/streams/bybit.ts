/** Bybit's unified account: bybit-exchange.github.io/docs/v5/ws/connect and /websocket/private as of 2026. */

import type { Heard } from '../../http/conversation.ts';
import { type Fields, fieldsOf, readJson, wordIn } from '../../http/json.ts';
import { changedBy, type ExchangeStream } from './exchange-stream.ts';

/** Until when the authentication may come in. */
const EXPIRES_MS = 10_000;
const TOPICS = ['order', 'execution', 'wallet', 'position'];

const change = changedBy(TOPICS);

export const BYBIT_STREAM: ExchangeStream = {
  url: 'wss://stream.bybit.com/v5/private',
  // How to send a heartbeat packet: every 20 seconds.
  heartbeat: { everyMs: 20_000, text: JSON.stringify({ op: 'ping' }) },
  begin: async ({ apiKey, sign, time }, url) => {
    const expires = (await time()) + EXPIRES_MS;
    const args = [apiKey, expires, sign(`GET/realtime${expires}`)];
    return { url, greeting: [JSON.stringify({ op: 'auth', args })], hear };
  },
};

/** `{"op":"auth","success":true,…}` answers a request; `{"topic":"order","data":[…]}` comes by itself. */
function hear(text: string): Heard {
  const frame = fieldsOf(readJson(text), 'a frame');
  if (frame.op === undefined) return change(wordIn(frame, 'topic').split('.')[0]);
  if (frame.op === 'auth')
    return frame.success === true
      ? { kind: 'say', texts: [JSON.stringify({ op: 'subscribe', args: TOPICS })] }
      : declined(frame);
  if (frame.op !== 'subscribe') return { kind: 'nothing' };
  return frame.success === true ? { kind: 'stands' } : declined(frame);
}

/** Its words for a time that has passed; whatever else it says is a no. */
function declined({ ret_msg }: Fields): Heard {
  const said = String(ret_msg);
  return { kind: /expired|timestamp|too many/i.test(said) ? 'over' : 'refused', reason: `it said "${said}"` };
}
