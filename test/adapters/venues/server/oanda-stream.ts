/** OANDA's stream of transactions: developer.oanda.com/rest-live-v20/transaction-ep. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Feed, Listener } from './feed.ts';
import { FORBIDDEN, instantFor, isAdmitted, type OandaSide, transactionShown, UNAUTHORIZED } from './oanda-private.ts';

const instant = instantFor({ 'accept-datetime-format': 'UNIX' });

/** Answers with what has no end, or with why not. */
export function listenToOanda(feed: Feed, side: OandaSide, request: IncomingMessage, response: ServerResponse): void {
  feed.connections++;
  const refusal = feed.refusals.shift();
  if (refusal === 'cut') response.destroy();
  if (refusal === 'silence' || refusal === 'cut') return;
  const headers = { authorization: request.headers.authorization };
  const denied = isAdmitted(side, headers) && refusal === undefined ? undefined : UNAUTHORIZED;
  const answer = denied ?? (side.key.reads ? undefined : FORBIDDEN);
  if (answer) {
    response.writeHead(answer.status!, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    return;
  }
  response.writeHead(200, { 'content-type': 'application/octet-stream' }).flushHeaders();
  let isSilent = false;
  const listener: Listener = {
    send: (text) => void (isSilent || response.write(`${text}\n`)),
    fallSilent: () => {
      isSilent = true;
    },
    cut: () => void response.destroy(),
  };
  feed.listeners.add(listener);
  response.on('close', () => feed.listeners.delete(listener));
}

export const heartbeat = ({ log }: OandaSide, now: number): object => ({
  type: 'HEARTBEAT',
  lastTransactionID: String(log.lastId),
  time: instant(now),
});

export const transactionsAfter = ({ log }: OandaSide, id: number): object[] =>
  log.transactions.filter((one) => one.id > id).map((one) => transactionShown(one, instant));
