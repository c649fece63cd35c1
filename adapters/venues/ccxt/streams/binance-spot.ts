/**
 * Binance's spot account over its WebSocket API: github.com/binance/binance-spot-api-docs, web-socket-api.md (User Data Stream
 * requests) and user-data-stream.md as of 2026. Listen keys ended for spot in February 2026.
 */

import type { Heard } from '../../http/conversation.ts';
import { fieldsOf, Numeral, readJson, wholeIn, wordIn } from '../../http/json.ts';
import { RECEIVE_WINDOW_MS } from '../execution/binance.ts';
import { changedBy, type ExchangeStream } from './exchange-stream.ts';

const SUBSCRIPTION = 'subscription';
const change = changedBy([
  'executionReport',
  'outboundAccountPosition',
  'balanceUpdate',
  'listStatus',
  'externalLockUpdate',
]);
/** After these nothing more comes. */
const ENDINGS = ['eventStreamTerminated', 'serverShutdown'];

export const BINANCE_SPOT_STREAM: ExchangeStream = {
  url: 'wss://ws-api.binance.com/ws-api/v3',
  // Its own pings are answered below this; they come every 20 seconds and are not seen here.
  heartbeat: { everyMs: 30_000, text: JSON.stringify({ id: 'heartbeat', method: 'ping' }) },
  begin: async ({ apiKey, sign, time }, url) => {
    // Request security: the parameters in the order of their names.
    const parameters = { apiKey, recvWindow: String(RECEIVE_WINDOW_MS), timestamp: String(await time()) };
    const signature = sign(new URLSearchParams(parameters).toString());
    const params = { ...parameters, signature };
    const greeting = [JSON.stringify({ id: SUBSCRIPTION, method: 'userDataStream.subscribe.signature', params })];
    return { url, greeting, hear };
  },
};

/** `{"id":"…","status":200,"result":{…}}` answers a request; `{"subscriptionId":0,"event":{"e":"executionReport",…}}` comes by itself. */
function hear(text: string): Heard {
  const frame = fieldsOf(readJson(text), 'a frame');
  if (frame.status !== undefined) return frame.id === SUBSCRIPTION ? answered(frame) : { kind: 'nothing' };
  const event = frame.event === undefined ? frame : fieldsOf(frame.event, 'an event');
  const word = wordIn(event, 'e');
  return ENDINGS.includes(word) ? { kind: 'over', reason: `the venue ended the stream (${word})` } : change(word);
}

function answered(frame: ReturnType<typeof fieldsOf>): Heard {
  const status = wholeIn(frame, 'status');
  if (status === 200) return { kind: 'stands' };
  const { code, msg } = fieldsOf(frame.error, 'the error');
  const number = code instanceof Numeral ? code.text : 'no code';
  const reason = `it said "${String(msg)}" (${number})`;
  // The number of requests, or the clock, which is measured again.
  const isForNow = status >= 500 || status === 418 || status === 429 || number === '-1021';
  return { kind: isForNow ? 'over' : 'refused', reason };
}
