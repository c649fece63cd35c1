/** What stands against a live account, as a list: what a person should look at, and since when. */
import type { LiveStanding } from '../api/types.ts';

export interface Concern {
  /** The code of an alert, or what it is in two words. */
  readonly head: string;
  readonly what: string;
  /** ms UTC; undefined where it is not known. */
  readonly since: number | undefined;
}

/** An older release kept that an alert stands, and not which. */
const UNNAMED: Pick<Concern, 'head' | 'what'> = {
  head: 'Alert',
  what: 'An older release told it; the ledger’s VenueAlert events say what.',
};

/** Codes of alerts whose facts the account tells in full elsewhere. */
const NOT_OPEN = 'MARKET_NOT_OPEN';
const UNEXPLAINED = 'BALANCE_UNEXPLAINED';

/** Nothing where all is well; what holds back everything comes first. */
export function concernsOf(shown: LiveStanding): Concern[] {
  return [
    ...unreconciled(shown),
    ...alerts(shown),
    ...difference(shown),
    ...notOpen(shown),
    ...orders(shown),
    ...unheard(shown),
  ];
}

function unreconciled({ reconciled }: LiveStanding): Concern[] {
  const what = 'Nothing new is opened until the venue has said everything and it is found in order.';
  return reconciled ? [] : [{ head: 'Not reconciled', what, since: undefined }];
}

function alerts({ alerts: standing, difference: found, notOpen: closed }: LiveStanding): Concern[] {
  const isToldBelow = (code: string): boolean =>
    (code === NOT_OPEN && closed.length > 0) || (code === UNEXPLAINED && found !== null);
  return standing
    .filter(({ code }) => !isToldBelow(code))
    .map(({ code, what, since }) => ({ ...(code ? { head: code, what } : UNNAMED), since: since || undefined }));
}

/** It becomes an alert once it halts the account. */
function difference({ difference: found, alerts: standing }: LiveStanding): Concern[] {
  if (!found) return [];
  const isAlert = standing.some(({ code }) => code === UNEXPLAINED);
  const times = found.comparisons === 1 ? 'in one comparison' : `in ${found.comparisons} comparisons in a row`;
  const what = `The venue’s figures and the ledger’s are apart by ${found.what}, ${times}. Once you know why, plimsoll live accept takes the venue’s.`;
  return [{ head: isAlert ? UNEXPLAINED : 'Balances differ', what, since: found.since }];
}

const notOpen = ({ notOpen: closed }: LiveStanding): Concern[] =>
  closed.map(({ what, state, text, since }) => ({ head: NOT_OPEN, what: `${what} is ${state} (${text})`, since }));

function unheard({ streamAway }: LiveStanding): Concern[] {
  if (!streamAway) return [];
  const what = `The venue does not tell of changes by itself: ${streamAway.reason}. The account is reconciled in each cycle, and not sooner.`;
  return [{ head: 'Not listened to', what, since: streamAway.since }];
}

function orders({ orders: sent, lost }: LiveStanding): Concern[] {
  const missing = sent
    .filter(({ phase }) => phase === 'unclear')
    .map(({ order, side, quantity, symbol }) => ({
      head: 'Answer missing',
      what: `Order ${order}, ${side} ${quantity} ${symbol}: the venue has not said what became of it. It is asked for by its id, and keeps its reservation.`,
      since: undefined,
    }));
  if (lost === 0) return missing;
  const many = lost === 1 ? 'One order counts as lost and is' : `${lost} orders count as lost and are`;
  return [...missing, { head: 'Lost', what: `${many} still looked for at the venue.`, since: undefined }];
}
