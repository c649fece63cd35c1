/**
 * What Binance's spot and USD-M interfaces share: its requests, its errors, its clock and its status.
 * Sources: github.com/binance/binance-spot-api-docs (rest-api.md, errors.md, enums.md) and
 * developers.binance.com/docs/derivatives/usds-margined-futures (general-info, error-code, trade).
 */
import type { MarketState, VenueStatus } from '../../../../core/ports/execution-venue.ts';
import { type Complaint, NotThere } from '../../http/failures.ts';
import { type Fields, fieldsOf, listOf, Numeral, wholeIn, wordIn, wrong } from '../../http/json.ts';
import type { Ask, Call, Listing } from './protocol.ts';

/** rest-api.md, Timing security: a request is refused once it is older than this when it is forwarded to the matching engine. */
export const RECEIVE_WINDOW_MS = 5_000;
/**
 * From the window's end until nothing more can come of a request: the interface waits 10 seconds for the matching engine, and
 * answers -1007 then, whatever came of it (rest-api.md, General API Information).
 */
export const ENGINE_TIMEOUT_MS = 10_000;

/** `{"code":-1121,"msg":"Invalid symbol."}`, under a status of 4xx or 5xx. */
export function binanceComplaint(status: number, body: unknown): Complaint | undefined {
  if (status < 400) return undefined;
  if (typeof body !== 'object' || body === null) return undefined;
  const { code, msg } = body as Fields;
  if (!(code instanceof Numeral) || typeof msg !== 'string') return undefined;
  return { status, code: code.text, message: msg, body };
}

/** errors.md, "Unknown order sent." under -2011; -2013 for queries. */
export const saysUnknown = ({ code, message }: Complaint): boolean =>
  code === '-2013' || (code === '-2011' && /unknown order/i.test(message));

/**
 * errors.md: refused before the matching engine. Not among them: -1000 (unknown), -1001 (internal error), -1006 and -1007
 * ("execution status unknown"), -1008 (busy), -1016 (shutting down).
 */
const REFUSED_BEFORE = new Set(['-1002', '-1013', '-1014', '-1020', '-1022', '-2010', '-2014', '-2015']);
/** errors.md, 11xx: issues with the request itself. */
const isRequestIssue = (code: string): boolean => /^-11\d\d$/.test(code);

export const isRefusal = (code: string): boolean => REFUSED_BEFORE.has(code) || isRequestIssue(code);

/** errors.md: -1003 too many requests, -1015 too many new orders; nothing was carried out. */
export const isRateLimit = (code: string): boolean => code === '-1003' || code === '-1015';
/** errors.md: outside of the recvWindow, or ahead of the server's time. */
export const isTiming = (code: string): boolean => code === '-1021';

/** A call of Binance's, its request valid for {@link RECEIVE_WINDOW_MS} where it is signed. */
export function binanceCall(
  section: string,
  method: Call['method'],
  path: string,
  parameters: Record<string, string>,
  weight: number,
  orders = 0,
): Call {
  const isPublic = section.endsWith('ublic') || section === 'sapi';
  const timed = isPublic ? parameters : { recvWindow: String(RECEIVE_WINDOW_MS), ...parameters };
  return { section, path, method, parameters: timed, cost: { weight, orders } };
}

/** rest-api.md, Check server time. */
export const serverTime = (body: unknown): number => wholeIn(fieldsOf(body, 'the time'), 'serverTime');

/** enums.md, symbol status; Common Definition of USD-M, contract status. */
const MARKET_STATES: Readonly<Record<string, MarketState>> = {
  TRADING: 'open',
  PRE_TRADING: 'halted',
  POST_TRADING: 'halted',
  END_OF_DAY: 'halted',
  HALT: 'halted',
  BREAK: 'halted',
  AUCTION_MATCH: 'halted',
  PENDING_TRADING: 'halted',
  PRE_SETTLE: 'halted',
  SETTLING: 'halted',
  PRE_DELIVERING: 'halted',
  DELIVERING: 'halted',
  DELIVERED: 'delisted',
  CLOSE: 'delisted',
};

/** System Status: 0 normal, 1 maintenance. `symbols` gives the descriptions of markets, by what they are called. */
export async function binanceStatus(
  ask: Ask,
  listings: readonly Listing[],
  symbols: ReadonlyMap<string, Fields>,
): Promise<VenueStatus> {
  const whole = await systemStatus(ask);
  const markets = listings.map(({ id, instrument: { symbol } }) => {
    const described = symbols.get(id);
    if (described === undefined) return { symbol, state: 'delisted', text: 'not listed' } as const;
    const word = wordIn(described, 'status');
    const state = Object.hasOwn(MARKET_STATES, word) ? MARKET_STATES[word] : 'unrecognised';
    return { symbol, state, text: word };
  });
  return { ...whole, markets };
}

/** The test networks have no such page: there, what is said of the markets is all that is said. */
async function systemStatus(ask: Ask): Promise<Pick<VenueStatus, 'state' | 'text'>> {
  let answer: unknown;
  try {
    answer = await ask(binanceCall('sapi', 'GET', 'system/status', {}, 1));
  } catch (error) {
    if (error instanceof NotThere) return { state: 'open', text: 'this host says nothing of the whole' };
    throw error;
  }
  const system = fieldsOf(answer, 'the status');
  const [status, text] = [wholeIn(system, 'status'), wordIn(system, 'msg')];
  if (status !== 0 && status !== 1) throw wrong('status', system.status);
  return { state: status === 0 ? 'open' : 'halted', text };
}

/** The descriptions in the answer to Exchange Information, by symbol. */
export function symbolsIn(body: unknown): ReadonlyMap<string, Fields> {
  const list = listOf(fieldsOf(body, 'the exchange').symbols, 'the symbols').map((one) => fieldsOf(one, 'a symbol'));
  return new Map(list.map((one) => [wordIn(one, 'symbol'), one]));
}
