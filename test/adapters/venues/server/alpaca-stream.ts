/** Alpaca's stream of an account: docs.alpaca.markets/docs/websocket-streaming, as of 2026. Its frames are binary. */
import { formatDecimal } from '../../../../core/numbers.ts';
import type { AccountEvent } from './account.ts';
import { type AlpacaSide, plain, shown, shownOrder, uuid } from './alpaca-private.ts';
import type { ServedStream, StreamConnection } from './streams.ts';

type Message = { readonly action?: string; readonly key?: string; readonly secret?: string; readonly data?: Data };
type Data = { readonly key_id?: string; readonly secret_key?: string; readonly streams?: readonly string[] };

export const alpacaStream = (side: AlpacaSide, now: () => number): ServedStream => ({
  path: '/stream',
  as: 'binary',
  open: (connection) => open(side, connection, now),
});

function open(side: AlpacaSide, connection: StreamConnection, now: () => number): void {
  let isAuthorized = false;
  let isListening = false;
  const say = (stream: string, data: object): void => connection.say({ stream, data });
  connection.hear = (text) => {
    const message = JSON.parse(text) as Message;
    if (message.action === 'auth' || message.action === 'authenticate') {
      isAuthorized = isKey(message, side);
      say('authorization', { status: isAuthorized ? 'authorized' : 'unauthorized', action: 'authenticate' });
    } else if (message.action === 'listen' && !isAuthorized) {
      say('authorization', { status: 'unauthorized', action: 'listen' });
    } else if (message.action === 'listen') {
      const streams = (message.data?.streams ?? []).filter((name) => name === 'trade_updates');
      say('listening', { streams });
      if (streams.length === 0 || isListening) return;
      isListening = true;
      connection.follow(side.account, (event) => connection.tell(tradeUpdate(event, side, now())));
    }
  };
}

/** In the form of the documentation, or in that of Alpaca's SDK. */
function isKey({ key, secret, data }: Message, side: AlpacaSide): boolean {
  return (key ?? data?.key_id) === side.key.key && (secret ?? data?.secret_key) === side.key.secret && side.key.reads;
}

const EVENTS = { accepted: 'new', amended: 'replaced', canceled: 'canceled', expired: 'expired' } as const;

function tradeUpdate({ kind, placed, trade }: AccountEvent, side: AlpacaSide, now: number): object {
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
