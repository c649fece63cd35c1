/** What Bybit tells of an account by itself: bybit-exchange.github.io/docs/v5/ws/connect and /websocket/private. */
import { createHmac } from 'node:crypto';
import type { AccountEvent } from './account.ts';
import { executionRow, orderRow, positionList, walletBalance } from './bybit-private.ts';
import type { ServedStream, StreamConnection } from './streams.ts';
import type { UnifiedSide } from './unified.ts';

const TOPICS = ['order', 'execution', 'wallet', 'position'];

export function bybitStreams(sides: readonly UnifiedSide[], now: () => number): ServedStream[] {
  return [{ path: '/v5/private', open: (connection) => open(sides, connection, now) }];
}

function open(sides: readonly UnifiedSide[], connection: StreamConnection, now: () => number): void {
  const conn_id = 'cejreaspqfm9se7usbrg-2xh';
  let side: UnifiedSide | undefined;
  connection.hear = (text) => {
    const { op, args = [], req_id } = JSON.parse(text);
    const answer = (success: boolean, ret_msg: string) =>
      connection.say({ success, ret_msg, ...(req_id === undefined ? {} : { req_id }), op, conn_id });
    if (op === 'ping') return connection.say({ req_id: req_id ?? '', op: 'pong', args: [String(now())], conn_id });
    if (op === 'auth') {
      const found = authenticated(sides, args, now());
      if (typeof found === 'string') return answer(false, found);
      side = found;
      return answer(true, '');
    }
    if (op !== 'subscribe' || args.some((topic: string) => !TOPICS.includes(topic)))
      return answer(false, `error:handler not found,topic:${args}`);
    if (side === undefined) return answer(false, 'Request not authorized');
    answer(true, '');
    follow(side, connection, args, now);
  };
}

/** The account of a key, or why it is not let in. */
function authenticated(sides: readonly UnifiedSide[], args: readonly unknown[], now: number): UnifiedSide | string {
  const [apiKey, expires, signature] = args.map(String);
  const side = sides.find(({ key }) => key.key === apiKey);
  if (side === undefined || !side.key.reads) return 'API key is invalid.';
  if (!(Number(expires) > now)) return 'Params Error: expires is expired';
  const signed = createHmac('sha256', side.key.secret).update(`GET/realtime${expires}`).digest('hex');
  return signed === signature ? side : 'Error sign, please check your signature generation algorithm.';
}

function follow(side: UnifiedSide, connection: StreamConnection, topics: readonly string[], now: () => number): void {
  const category = side.derivative ? 'linear' : 'spot';
  const frames: Readonly<Record<string, (event: AccountEvent) => readonly object[]>> = {
    order: ({ placed }) => [{ ...orderRow(placed, now()), feeCurrency: '', createType: 'CreateByUser', category }],
    execution: ({ trade }) => (trade ? [{ ...executionRow(trade), isLeverage: '0', category }] : []),
    wallet: () => listIn(walletBalance(side, {}, now())),
    position: ({ placed: { market }, trade }) => {
      if (!side.derivative || !trade) return [];
      const rows = listIn(positionList(side, { category, symbol: market.base + market.quote }, now()));
      return rows.map(({ avgPrice, ...row }) => ({ ...row, entryPrice: avgPrice, category }));
    },
  };
  connection.follow(side.account, (event) => {
    for (const topic of topics) {
      const data = frames[topic](event);
      const id = `${topic}-${now()}`;
      if (data.length > 0) connection.tell({ id, topic, creationTime: now(), data });
    }
  });
}

const listIn = ({ body }: { readonly body: unknown }): Record<string, unknown>[] =>
  (body as { result: { list: Record<string, unknown>[] } }).result.list;
