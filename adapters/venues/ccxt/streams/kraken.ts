/** Kraken's spot account over its WebSocket interface, version 2: docs.kraken.com/api (executions, balances, ping) as of 2026. */

import type { Heard } from '../../http/conversation.ts';
import { fieldsOf, Numeral, readJson, wordIn } from '../../http/json.ts';
import { call } from '../execution/kraken.ts';
import { allOf, changedBy, type ExchangeStream } from './exchange-stream.ts';

const CHANNELS = ['executions', 'balances'] as const;

const change = changedBy(CHANNELS);

export const KRAKEN_STREAM: ExchangeStream = {
  url: 'wss://ws-auth.kraken.com/v2',
  heartbeat: { everyMs: 30_000, text: JSON.stringify({ method: 'ping', req_id: 0 }) },
  begin: async ({ ask }, url) => {
    // Good for a quarter of an hour, and for as long as what was subscribed with it stands.
    const token = wordIn(fieldsOf(await ask(call('GetWebSocketsToken', {}, 1)), 'the token'), 'token');
    const greeting = CHANNELS.map((channel, k) => {
      const snapshots = channel === 'executions' ? { snap_orders: false, snap_trades: false } : { snapshot: false };
      return JSON.stringify({ method: 'subscribe', params: { channel, token, ...snapshots }, req_id: k + 1 });
    });
    return { url, secrets: [token], greeting, hear: hearing() };
  },
};

/** `{"method":"subscribe","success":true,…}` answers a request; `{"channel":"executions","type":"update",…}` comes by itself. */
function hearing(): (text: string) => Heard {
  const take = allOf(CHANNELS.map((_, k) => String(k + 1)));
  return (text) => {
    const frame = fieldsOf(readJson(text), 'a frame');
    if (frame.method === 'subscribe') {
      if (frame.success !== true) return declined(String(frame.error));
      return take(frame.req_id instanceof Numeral ? frame.req_id.text : '');
    }
    if (frame.method !== undefined || frame.type === 'snapshot') return { kind: 'nothing' };
    return change(wordIn(frame, 'channel'));
  };
}

/** What the venue cannot do for now, or a token that is too old, is not a no to the key. */
function declined(error: string): Heard {
  const isForNow = /^(EService|ESession|EGeneral:(Internal|Temporary|Too many)|EAPI:Rate)/.test(error);
  return { kind: isForNow ? 'over' : 'refused', reason: `it said "${error}"` };
}
