/** What Coinbase tells of an account by itself: docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket (user, heartbeats). */
import { formatDecimal } from '../../../../core/numbers.ts';
import type { AccountEvent, PlacedOrder } from './account.ts';
import { productIdOf } from './coinbase-api.ts';
import { orderIdOf, orderRow, tokenFor } from './coinbase-private.ts';
import type { ServedStream, StreamConnection } from './streams.ts';
import type { CoinbaseSide } from './unified.ts';

export function coinbaseStreams(side: CoinbaseSide, now: () => number): ServedStream[] {
  return [{ path: '/', open: (connection) => open(side, connection, now) }];
}

function open(side: CoinbaseSide, connection: StreamConnection, now: () => number): void {
  const subscriptions: Record<string, string[]> = {};
  let sequence_num = 0;
  const frame = (channel: string, events: object[]) => ({
    channel,
    client_id: '',
    timestamp: new Date(now()).toISOString().replace('Z', '000Z'),
    sequence_num: sequence_num++,
    events,
  });
  let heartbeat_counter = 0;
  const beat = () => {
    const current_time = new Date(now()).toISOString().replace('T', ' ').replace('Z', '000000+00:00');
    connection.say(frame('heartbeats', [{ current_time, heartbeat_counter: heartbeat_counter++ }]));
  };
  connection.hear = (text) => {
    const { type, channel, jwt = '', product_ids = [] } = JSON.parse(text);
    const isKnown = type === 'subscribe' && ['user', 'heartbeats'].includes(channel);
    if (!isKnown) return connection.say({ type: 'error', message: 'subscription failed' });
    if (!side.key.reads || tokenFor(side, jwt, undefined, now()) === undefined)
      return connection.say({ type: 'error', message: 'authentication failure' });
    subscriptions[channel] = channel === 'user' ? ['2222-000000-000000'] : ['heartbeats'];
    if (channel === 'user') {
      const shown = (placed: PlacedOrder) =>
        product_ids.length === 0 || product_ids.includes(productIdOf(placed.market));
      const open = side.account
        .working()
        .filter(shown)
        .map((placed) => userRow(placed));
      connection.say(frame('user', [{ type: 'snapshot', orders: open, positions: POSITIONS }]));
      connection.follow(side.account, (event) => {
        if (!shown(event.placed)) return;
        connection.tell(
          frame('user', [{ type: 'update', orders: [userRow(event.placed, event)], positions: POSITIONS }]),
        );
      });
    }
    connection.say(frame('subscriptions', [{ subscriptions }]));
    if (channel === 'heartbeats') connection.beat = beat;
  };
}

const POSITIONS = { perpetual_futures_positions: [], expiring_futures_positions: [] };

/** An order as it is told, under names of its own. */
function userRow(placed: PlacedOrder, event?: AccountEvent): object {
  const { order, market } = placed;
  const quantity = (scaled: number): string => formatDecimal(scaled, market.quantityDecimals);
  const { status, time_in_force, trigger_status } = orderRow(placed);
  const types: Readonly<Record<string, string>> = { market: 'Market', limit: 'Limit', 'stop-limit': 'Stop Limit' };
  return {
    order_id: orderIdOf(placed),
    client_order_id: placed.clientOrderId,
    cumulative_quantity: quantity(order.filled),
    leaves_quantity: quantity(order.quantity - order.filled),
    avg_price: event?.trade ? formatDecimal(event.trade.price, market.priceDecimals) : '0',
    total_fees: '0',
    status,
    product_id: productIdOf(market),
    creation_time: new Date(placed.createdAt).toISOString(),
    order_side: order.side.toUpperCase(),
    order_type: types[order.type],
    cancel_reason: event?.kind === 'canceled' ? 'User requested cancel' : '',
    reject_reason: '',
    total_value_after_fees: '0',
    limit_price: formatDecimal(order.price, market.priceDecimals),
    stop_price: '',
    contract_expiry_type: 'UNKNOWN_CONTRACT_EXPIRY_TYPE',
    product_type: 'SPOT',
    risk_managed_by: 'UNKNOWN_RISK_MANAGEMENT_TYPE',
    time_in_force,
    trigger_status,
  };
}
