/** What OKX tells of an account by itself: www.okx.com/docs-v5 (WebSocket: Login, Subscribe; the channels of orders, account and positions). */
import { createHmac } from 'node:crypto';
import { formatDecimal } from '../../../../core/numbers.ts';
import { type AccountEvent, AMOUNT_DECIMALS } from './account.ts';
import { balance, orderRow, positions } from './okx-private.ts';
import type { ServedStream, StreamConnection } from './streams.ts';
import type { UnifiedSide } from './unified.ts';

/** Login: how far its time may be from the server's. */
const TIME_MAX_MS = 30_000;
const CHANNELS = ['orders', 'account', 'positions'];
const CONNECTION = { connId: 'a4d3ae55' };

export function okxStreams(sides: readonly UnifiedSide[], now: () => number): ServedStream[] {
  return [{ path: '/ws/v5/private', open: (connection) => open(sides, connection, now) }];
}

function open(sides: readonly UnifiedSide[], connection: StreamConnection, now: () => number): void {
  const error = (code: string, msg: string) => connection.say({ event: 'error', code, msg, ...CONNECTION });
  let side: UnifiedSide | undefined;
  connection.hear = (text) => {
    if (text === 'ping') return connection.say('pong');
    const { op, args = [] } = JSON.parse(text);
    if (op === 'login') {
      const found = loggedIn(sides, args[0], now());
      if (Array.isArray(found)) return error(found[0], found[1]);
      side = found;
      return connection.say({ event: 'login', code: '0', msg: '', ...CONNECTION });
    }
    if (op !== 'subscribe') return error('60012', 'Invalid request');
    if (side === undefined) return error('60011', 'Please log in');
    for (const arg of args) {
      if (!CHANNELS.includes(arg.channel)) return error('60018', `Wrong URL or channel:${arg.channel} doesn't exist.`);
      connection.say({ event: 'subscribe', arg, ...CONNECTION });
      follow(side, connection, arg, now);
    }
  };
}

interface Login {
  readonly apiKey: string;
  readonly passphrase: string;
  readonly timestamp: string;
  readonly sign: string;
}

/** The account of a key, or the code and the words of why it is not let in. */
function loggedIn(sides: readonly UnifiedSide[], login: Login, now: number): UnifiedSide | [string, string] {
  const side = sides.find(({ key }) => key.key === login.apiKey);
  if (side === undefined || !side.key.reads) return ['60005', 'Invalid apiKey'];
  if (side.key.passphrase !== login.passphrase) return ['60024', 'Wrong passphrase'];
  if (!(Math.abs(Number(login.timestamp) * 1_000 - now) <= TIME_MAX_MS)) return ['60006', 'Timestamp request expired'];
  const words = `${login.timestamp}GET/users/self/verify`;
  const signed = createHmac('sha256', side.key.secret).update(words).digest('base64');
  return signed === login.sign ? side : ['60007', 'Invalid sign'];
}

function follow(
  side: UnifiedSide,
  connection: StreamConnection,
  arg: Readonly<Record<string, string>>,
  now: () => number,
): void {
  const rows = (answer: { readonly body: unknown }) => (answer.body as { data: object[] }).data;
  const frames: Readonly<Record<string, (event?: AccountEvent) => object[]>> = {
    orders: (event) => (event ? [filledRow(side, event)] : []),
    account: () => rows(balance(side, {}, now())),
    positions: () => rows(positions(side, {}, now())),
  };
  const { extraParams: _asked, ...channel } = arg;
  const frame = (data: object[], eventType: string) =>
    arg.channel === 'orders' ? { arg: channel, data } : { arg: channel, eventType, curPage: 1, lastPage: true, data };
  if (arg.channel !== 'orders') connection.say(frame(frames[arg.channel](), 'snapshot'));
  connection.follow(side.account, (event) => {
    if (arg.channel === 'positions' && !event.trade) return;
    connection.tell(frame(frames[arg.channel](event), 'event_update'));
  });
}

/** The order, with the fill that it is told for. */
function filledRow(side: UnifiedSide, { placed, trade }: AccountEvent): object {
  const row = orderRow(side, placed);
  if (!trade) return row;
  const { market } = placed;
  return {
    ...row,
    execType: trade.maker ? 'M' : 'T',
    fillPx: formatDecimal(trade.price, market.priceDecimals),
    fillSz: formatDecimal(trade.quantity, market.quantityDecimals),
    fillTime: String(trade.time),
    fillFee: formatDecimal(-trade.fee, AMOUNT_DECIMALS),
    fillFeeCcy: trade.feeAsset,
    tradeId: String(trade.number),
    uTime: String(trade.time),
  };
}
