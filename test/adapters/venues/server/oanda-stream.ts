/** OANDA's stream of transactions: developer.oanda.com/rest-live-v20/transaction-ep. */
import { FORBIDDEN, instantFor, isAdmitted, type OandaSide, transactionShown, UNAUTHORIZED } from './oanda-private.ts';
import type { ServedStream, StreamConnection } from './streams.ts';

const instant = instantFor({ 'accept-datetime-format': 'UNIX' });

export const oandaStream = (side: OandaSide, now: () => number): ServedStream => ({
  path: `/v3/accounts/${side.accountId}/transactions/stream`,
  denied: (headers) => (isAdmitted(side, headers) ? (side.key.reads ? undefined : FORBIDDEN) : UNAUTHORIZED),
  open: (connection) => open(side, connection, now),
});

function open(side: OandaSide, connection: StreamConnection, now: () => number): void {
  const { account, log } = side;
  let told = log.lastId;
  // Every five seconds, at OANDA.
  connection.beat = () =>
    connection.say({ type: 'HEARTBEAT', lastTransactionID: String(log.lastId), time: instant(now()) });
  connection.follow(account, () =>
    // Once the request that led to it has written its own part of the log.
    queueMicrotask(() => {
      log.catchUp(now());
      for (const one of log.transactions.filter(({ id }) => id > told)) connection.tell(transactionShown(one, instant));
      told = log.lastId;
    }),
  );
}
