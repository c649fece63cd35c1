/** What Kraken tells of an account by itself: docs.kraken.com/api/docs/websocket-v2 (executions, balances, ping, status). */
import { formatDecimal } from '../../../../core/numbers.ts';
import { type AccountEvent, AMOUNT_DECIMALS, notional } from './account.ts';
import { identifier, type KrakenSide, transactionId, typeOf } from './kraken-private.ts';
import type { ServedStream, StreamConnection } from './streams.ts';

/** Get Websockets Token: it must be used within so long, and lasts as long as what was subscribed with it. */
export const TOKEN_MS = 900_000;

export function krakenStreams(side: KrakenSide, now: () => number): ServedStream[] {
  return [{ path: '/v2', open: (connection) => open(side, connection, now) }];
}

function open(side: KrakenSide, connection: StreamConnection, now: () => number): void {
  const time = () => new Date(now()).toISOString().replace('Z', '000Z');
  const status = { api_version: 'v2', connection_id: 8628615390848610000, system: 'online', version: '2.0.10' };
  connection.say({ channel: 'status', type: 'update', data: [status] });
  connection.hear = (text) => {
    const { method, params = {}, req_id } = JSON.parse(text);
    const answer = (content: object) => {
      const echoed = req_id === undefined ? {} : { req_id };
      connection.say({ method, ...echoed, ...content, time_in: time(), time_out: time() });
    };
    if (method === 'ping') return answer({ method: 'pong' });
    const { channel, token } = params;
    if (method !== 'subscribe' || !['executions', 'balances'].includes(channel))
      return answer({ error: 'Unsupported channel', success: false });
    if (!((side.tokens.get(token) ?? 0) > now())) return answer({ error: 'ESession:Invalid session', success: false });
    answer({ result: { channel, snapshot: params.snapshot ?? true }, success: true });
    connection.beat = () => connection.say({ channel: 'heartbeat' });
    follow(side, connection, channel, now);
  };
}

function follow(side: KrakenSide, connection: StreamConnection, channel: string, now: () => number): void {
  let sequence = 1;
  const frame = (type: string, data: unknown[]) => ({ channel, type, data, sequence: sequence++ });
  if (channel === 'balances') connection.say(frame('snapshot', balances(side)));
  connection.follow(side.account, (event) => {
    if (channel === 'balances') {
      if (event.trade) connection.tell(frame('update', balances(side)));
      return;
    }
    connection.tell(frame('update', [execution(event, now())]));
    // The end of an order is told apart from the trade that brought it.
    const { placed, trade } = event;
    if (trade && placed.order.state === 'Filled')
      connection.tell(frame('update', [{ ...execution({ kind: 'accepted', placed }, now()), exec_type: 'filled' }]));
  });
}

const EXECUTIONS = { accepted: 'new', filled: 'trade', canceled: 'canceled', expired: 'expired', amended: 'amended' };
const STATUS: Readonly<Record<string, string>> = {
  Accepted: 'new',
  PartiallyFilled: 'partially_filled',
  Filled: 'filled',
  Canceled: 'canceled',
  Expired: 'expired',
};

/** Numbers are numbers here. */
const plain = (scaled: number | bigint, decimals: number): number => Number(formatDecimal(scaled, decimals));

function execution({ kind, placed, trade }: AccountEvent, now: number): object {
  const { order, market } = placed;
  const base = {
    order_id: transactionId(placed),
    cl_ord_id: placed.clientOrderId,
    order_userref: 0,
    exec_type: EXECUTIONS[kind],
    order_status: placed.statusShown ?? STATUS[order.state],
    symbol: `${market.base}/${market.quote}`,
    side: order.side,
    order_type: typeOf(placed),
    order_qty: plain(order.quantity, market.quantityDecimals),
    limit_price: plain(order.price, market.priceDecimals),
    time_in_force: order.timeInForce.toUpperCase(),
    cum_qty: plain(order.filled, market.quantityDecimals),
    timestamp: new Date(now).toISOString().replace('Z', '000Z'),
  };
  if (!trade) return base;
  return {
    ...base,
    exec_id: identifier('T', trade.number),
    trade_id: trade.number,
    last_qty: plain(trade.quantity, market.quantityDecimals),
    last_price: plain(trade.price, market.priceDecimals),
    liquidity_ind: trade.maker ? 'm' : 't',
    cost: plain(notional(market, trade.quantity, trade.price), AMOUNT_DECIMALS),
    fees: [{ asset: trade.feeAsset, qty: plain(trade.fee, AMOUNT_DECIMALS) }],
  };
}

const balances = ({ account }: KrakenSide): object[] =>
  [...account.balances].map(([asset, whole]) => {
    const balance = plain(whole, AMOUNT_DECIMALS);
    return { asset, asset_class: 'currency', balance, wallets: [{ type: 'spot', id: 'main', balance }] };
  });
