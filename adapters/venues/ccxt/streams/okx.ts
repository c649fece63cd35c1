/** OKX's account: www.okx.com/docs-v5 (WebSocket: Login, Subscribe, Notification; the channels of orders, account and positions) as of 2026. */

import type { Heard } from '../../http/conversation.ts';
import { type Fields, fieldsOf, readJson, wordIn } from '../../http/json.ts';
import type { OkxType } from '../execution/okx-orders.ts';
import { allOf, changedBy, type ExchangeStream } from './exchange-stream.ts';

const change = changedBy(['orders', 'account', 'positions']);

/** Without the parameter the account is told every few seconds, changed or not. */
const ON_CHANGE = { extraParams: JSON.stringify({ updateInterval: '0' }) };

const channelsOf = (instType: OkxType): readonly Record<string, string>[] => [
  { channel: 'orders', instType },
  { channel: 'account', ...ON_CHANGE },
  ...(instType === 'SWAP' ? [{ channel: 'positions', instType, ...ON_CHANGE }] : []),
];

export const okxStream = (instType: OkxType): ExchangeStream => ({
  url: 'wss://ws.okx.com:8443/ws/v5/private',
  // Connect: the venue ends what says nothing for 30 seconds.
  heartbeat: { everyMs: 20_000, text: 'ping' },
  begin: async ({ apiKey, passphrase, sign, time }, url) => {
    const timestamp = String(Math.floor((await time()) / 1_000));
    const login = { apiKey, passphrase, timestamp, sign: sign(`${timestamp}GET/users/self/verify`) };
    return { url, greeting: [JSON.stringify({ op: 'login', args: [login] })], hear: hearing(channelsOf(instType)) };
  },
});

/** `{"event":"login",…}` answers a request; `{"arg":{"channel":"orders"},"data":[…]}` comes by itself. */
function hearing(channels: readonly Record<string, string>[]): (text: string) => Heard {
  const take = allOf(channels.map(({ channel }) => channel));
  return (text) => {
    if (text === 'pong') return { kind: 'nothing' };
    const frame = fieldsOf(readJson(text), 'a frame');
    switch (frame.event) {
      case 'login':
        return { kind: 'say', texts: [JSON.stringify({ op: 'subscribe', args: channels })] };
      case 'subscribe':
        return take(channelIn(frame));
      case 'error':
        return declined(frame);
      case 'notice':
        return { kind: 'over', reason: 'the venue is about to end the connection' };
      case undefined:
        return frame.eventType === 'snapshot' ? { kind: 'nothing' } : change(channelIn(frame));
      default:
        return { kind: 'nothing' };
    }
  };
}

const channelIn = ({ arg }: Fields): string => wordIn(fieldsOf(arg, '"arg"'), 'channel');

/** 60006: the timestamp is too old; 60014: too many requests; 63999: an internal error. */
function declined({ code, msg }: Fields): Heard {
  const isForNow = code === '60006' || code === '60014' || code === '63999';
  return { kind: isForNow ? 'over' : 'refused', reason: `it said "${String(msg)}" (${String(code)})` };
}
