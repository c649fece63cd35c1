/** Coinbase's account through Advanced Trade: docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket (user, heartbeats) as of 2026. */

import type { Heard } from '../../http/conversation.ts';
import { fieldsOf, listOf, readJson } from '../../http/json.ts';
import { changedBy, type ExchangeStream } from './exchange-stream.ts';

const CHANNELS = ['heartbeats', 'user'];

const change = changedBy(['user']);

export const COINBASE_STREAM: ExchangeStream = {
  url: 'wss://advanced-trade-ws-user.coinbase.com',
  // The venue's own heartbeats come every second.
  heartbeat: { everyMs: 20_000 },
  begin: async ({ time, token }, url) => {
    const seconds = Math.floor((await time()) / 1_000);
    // A token of its own for each: it counts once, and for two minutes.
    const greeting = CHANNELS.map((channel) => JSON.stringify({ type: 'subscribe', channel, jwt: token(seconds) }));
    return { url, greeting, hear };
  },
};

/** `{"channel":"subscriptions",…}` answers a request; `{"channel":"user","events":[{"type":"update",…}]}` comes by itself. */
function hear(text: string): Heard {
  const frame = fieldsOf(readJson(text), 'a frame');
  if (frame.type === 'error') return { kind: 'refused', reason: `it said "${String(frame.message)}"` };
  if (frame.channel !== 'user' && frame.channel !== 'subscriptions') return { kind: 'nothing' };
  const events = listOf(frame.events, 'the events').map((event) => fieldsOf(event, 'an event'));
  if (frame.channel === 'user')
    return events.every(({ type }) => type === 'snapshot') ? { kind: 'nothing' } : change('user');
  const standing = events.flatMap(({ subscriptions }) => Object.keys(fieldsOf(subscriptions, 'the subscriptions')));
  return { kind: CHANNELS.every((channel) => standing.includes(channel)) ? 'stands' : 'nothing' };
}
