/**
 * Binance's USD-M account: developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams as of 2026, at the address that
 * private streams have had of their own since April 2026.
 */

import type { Heard } from '../../http/conversation.ts';
import { fieldsOf, readJson, wordIn, wrong } from '../../http/json.ts';
import type { Call } from '../execution/protocol.ts';
import { changedBy, type ExchangeStream } from './exchange-stream.ts';

/** A listen key ends an hour after it was made or last kept alive. */
const KEEP_ALIVE_MS = 1_800_000;

const change = changedBy(['ORDER_TRADE_UPDATE', 'ACCOUNT_UPDATE', 'TRADE_LITE', 'ALGO_UPDATE', 'MARGIN_CALL']);

/** Authorised by the key alone, without a signature. */
const listenKey = (method: Call['method']): Call => ({
  section: 'fapiPrivate',
  path: 'listenKey',
  method,
  parameters: {},
  cost: { weight: 1, orders: 0 },
});

export const BINANCE_USDM_STREAM: ExchangeStream = {
  url: 'wss://fstream.binance.com/private/ws',
  // Live Subscribing: its one question that changes nothing. Whatever it answers is a sign of life.
  heartbeat: { everyMs: 60_000, text: JSON.stringify({ method: 'LIST_SUBSCRIPTIONS', id: 1 }) },
  begin: async ({ ask }, url) => {
    const key = wordIn(fieldsOf(await ask(listenKey('POST')), 'the listen key'), 'listenKey');
    // It goes into an address.
    if (!/^\w{8,256}$/.test(key)) throw wrong('listenKey', '(kept)');
    return {
      url: `${url}?listenKey=${key}`,
      standsOnceOpen: true,
      secrets: [key],
      greeting: [],
      hear,
      renewal: { everyMs: KEEP_ALIVE_MS, renew: async () => void (await ask(listenKey('PUT'))) },
    };
  },
};

function hear(text: string): Heard {
  const frame = fieldsOf(readJson(text), 'a frame');
  if (frame.id !== undefined) return { kind: 'nothing' };
  const word = wordIn(frame, 'e');
  return word === 'listenKeyExpired' ? { kind: 'over', reason: 'its listen key expired' } : change(word);
}
