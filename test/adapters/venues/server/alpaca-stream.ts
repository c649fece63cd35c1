/** Alpaca's stream of an account: docs.alpaca.markets/docs/websocket-streaming, as of 2026. Its frames are binary. */
import { formatDecimal } from '../../../../core/numbers.ts';
import type { AccountEvent } from './account.ts';
import { type AlpacaSide, plain, shown, shownOrder, uuid } from './alpaca-private.ts';
import type { Feed, Listener } from './feed.ts';
import type { ServedSocket } from './web-socket.ts';

type Message = { readonly action?: string; readonly key?: string; readonly secret?: string; readonly data?: Data };
type Data = { readonly key_id?: string; readonly secret_key?: string; readonly streams?: readonly string[] };

/** What a client's messages lead to. */
export function listenToAlpaca(feed: Feed, side: () => AlpacaSide, socket: ServedSocket): (text: string) => void {
  feed.connections++;
  const refusal = feed.refusals.shift();
  if (refusal === 'silence') socket.isSilent = true;
  if (refusal === 'cut') socket.cut();
  let isAuthorized = false;
  const say = (stream: string, data: object): void => socket.send(JSON.stringify({ stream, data }));
  const listener: Listener = {
    send: (text, kind) => socket.send(text, kind),
    fallSilent: () => {
      socket.isSilent = true;
    },
    cut: () => socket.cut(),
  };
  socket.onEnd(() => feed.listeners.delete(listener));
  return (text) => {
    const message = JSON.parse(text) as Message;
    if (message.action === 'auth' || message.action === 'authenticate') {
      isAuthorized = refusal !== 'refused' && isKey(message, side());
      const status = isAuthorized ? 'authorized' : 'unauthorized';
      say('authorization', { status, action: 'authenticate' });
    } else if (message.action === 'listen' && !isAuthorized) {
      say('authorization', { status: 'unauthorized', action: 'listen' });
    } else if (message.action === 'listen') {
      const streams = (message.data?.streams ?? []).filter((name) => name === 'trade_updates');
      if (streams.length > 0) feed.listeners.add(listener);
      else feed.listeners.delete(listener);
      say('listening', { streams });
    }
  };
}

/** In the form of the documentation, or in that of Alpaca's SDK. */
function isKey({ key, secret, data }: Message, side: AlpacaSide): boolean {
  return (key ?? data?.key_id) === side.key.key && (secret ?? data?.secret_key) === side.key.secret && side.key.reads;
}

const EVENTS = { accepted: 'new', amended: 'replaced', canceled: 'canceled', expired: 'expired' } as const;

export function tradeUpdate({ kind, placed, trade }: AccountEvent, side: AlpacaSide, now: number): object {
  const { market } = placed;
  const order = shownOrder(placed, side);
  const timestamp = new Date(now).toISOString();
  if (kind !== 'filled' || !trade) {
    return { stream: 'trade_updates', data: { event: EVENTS[kind as keyof typeof EVENTS], timestamp, order } };
  }
  const fill = {
    event: placed.order.state === 'Filled' ? 'fill' : 'partial_fill',
    execution_id: uuid(4, trade.number),
    price: plain(formatDecimal(trade.price, market.priceDecimals)),
    qty: plain(formatDecimal(trade.quantity, market.quantityDecimals)),
    position_qty: shown(side.account.balances.get(market.base) ?? 0n),
  };
  return { stream: 'trade_updates', data: { ...fill, timestamp, order } };
}
