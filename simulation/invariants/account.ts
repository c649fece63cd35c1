/** What must hold in one account, checked with every commit of its stream. Each returns what does not hold, or nothing. */

import { EXTERNAL } from '../../core/execution/live/account.ts';
import type { Side } from '../../core/execution/order.ts';
import type { LedgerEvent } from '../../core/ledger/events.ts';
import type { LedgerFold } from '../../core/ledger/fold.ts';
import type { FoldedOrder } from '../../core/ledger/fold-state.ts';
import type { Limits } from '../../core/risk/limits.ts';
import type { AccountState, Cursor } from '../../functions/steps/account-state.ts';
import { STEPS } from '../../functions/steps/account-state.ts';

export type Finding = string | undefined;

/** Units of money by which exposures may be beside each other, since each is rounded once an order and a market. */
const ROUNDING_UNITS = 64n;

/** A cycle is decided once: steps follow each other in order, each left once, and cycles ascend. */
export function decidedOnce(before: Cursor, after: Cursor): Finding {
  if (after.cycle === before.cycle) {
    if (after.next === before.next) return undefined;
    const [from, to] = [placeOf(before.next), placeOf(after.next)];
    return to > from ? undefined : `cycle ${after.cycle} went from ${before.next} back to ${after.next}`;
  }
  if (after.cycle < before.cycle) return `cycle ${after.cycle} was worked on after cycle ${before.cycle}`;
  return before.next === 'settled'
    ? undefined
    : `cycle ${after.cycle} began while ${before.cycle} was at ${before.next}`;
}

const placeOf = (next: Cursor['next']): number => (next === 'settled' ? STEPS.length : STEPS.indexOf(next));

/** The account document says what its events say: cash, positions, orders, reservations, the trading state, the end of the stream. */
export function foldsToAccount({ account, ...fold }: FoldView, state: AccountState): Finding {
  const { engine } = state;
  const differ = (what: string, ledger: unknown, document: unknown): Finding =>
    String(ledger) === String(document)
      ? undefined
      : `${what} is ${document} in the account and ${ledger} by its ledger`;
  const orders = [...engine.markets.flatMap((market) => [...market.orders, ...market.held]), ...engine.intents];
  const reserved = orders.reduce((sum, order) => sum + BigInt(order.reserved as number), 0n);
  const ids = (list: readonly { readonly id?: unknown }[]): string =>
    list
      .map(({ id }) => Number(id))
      .sort((a, b) => a - b)
      .join(' ');
  return (
    differ('sequence', account.sequence, engine.journal.sequence) ??
    differ('cash', account.cash, engine.cash) ??
    differ('trading state', account.tradingState, engine.tradingState) ??
    differ('the list of orders', ids(fold.working), ids(orders)) ??
    differ('reserved cash', account.reservedCash, reserved) ??
    differ('the next order', account.orders.length + 1, engine.nextOrder) ??
    positionsDiffer({ account, ...fold }, state)
  );
}

/** A fold with what is asked of it often. */
export interface FoldView extends Pick<LedgerFold, 'account'> {
  readonly fold: LedgerFold;
  readonly working: ReturnType<LedgerFold['workingOrders']>;
}

function positionsDiffer({ fold, account }: FoldView, { engine }: AccountState): Finding {
  const count = account.instruments.length;
  for (const { slot, ...held } of engine.positions) {
    const folded = fold.position(Math.floor(slot / count), slot % count);
    for (const field of ['quantity', 'cost', 'realised', 'fees', 'funding'] as const)
      if (BigInt(held[field]) !== folded[field])
        return `${field} of position ${slot} is ${held[field]} in the account and ${folded[field]} by its ledger`;
  }
  return undefined;
}

/** Cash, positions and fees conserve to the last unit: what is there is what was brought, earned and paid, less what is held. */
export function conserves({ fold, account }: FoldView, deposited: bigint): Finding {
  let expected = deposited;
  // Others may have traded in a live account: what they hold is nobody's.
  const owners = [...account.strategies.keys(), EXTERNAL];
  account.instruments.forEach((listed, instrument) => {
    for (const owner of owners) {
      const held = fold.position(owner, instrument);
      expected += held.realised - held.fees + held.funding - (listed.isPerpetual ? 0n : held.cost);
    }
  });
  return expected === account.cash ? undefined : `cash is ${account.cash}, and what moved comes to ${expected}`;
}

/**
 * What a commit opens keeps positions, reservations and working orders together within the limits on exposure. Prices may have
 * carried an account past one; then what is opened must not carry it further.
 */
export function withinLimits(
  view: FoldView,
  state: AccountState,
  limits: Limits,
  moneyScale: number,
  opened: ReadonlySet<number>,
): Finding {
  const equity = state.engine.markets.reduce((sum, { mark }) => sum + mark, state.engine.cash);
  const share = (limit: number): bigint => BigInt(Math.floor(equity * limit)) + ROUNDING_UNITS;
  const [before, after] = [exposuresOf(view, state, opened), exposuresOf(view, state, new Set())];
  const exceeds = (what: keyof Exposures, limit: number): Finding =>
    after[what] > share(limit) && after[what] > before[what]
      ? `${what} exposure is ${after[what]}, ${before[what]} before, and ${share(limit)} are allowed`
      : undefined;
  const { maxGrossExposure, maxNetExposure, maxOrderNotional } = limits;
  const largest = maxOrderNotional === undefined ? undefined : BigInt(Math.floor(maxOrderNotional * moneyScale));
  const tooLarge = view.working.find(
    ({ id, exposure }) => opened.has(id) && largest !== undefined && exposure > largest,
  );
  return (
    exceeds('gross', maxGrossExposure) ??
    exceeds('long', maxNetExposure) ??
    exceeds('short', maxNetExposure) ??
    (tooLarge && `order ${tooLarge.id} may come to ${tooLarge.exposure}, and ${largest} are allowed`)
  );
}

interface Exposures {
  readonly gross: bigint;
  /** Net, should every buy fill and no sell, and the other way round. */
  readonly long: bigint;
  readonly short: bigint;
}

/** From the ledger's positions and working orders, without some of those, at the account's prices. */
function exposuresOf(
  { fold, account, working }: FoldView,
  { engine }: AccountState,
  without: ReadonlySet<number>,
): Exposures {
  let [gross, long, short] = [0n, 0n, 0n];
  engine.markets.forEach(({ lastPrice }, market) => {
    const { numerator, divisor } = account.instruments[market];
    const value = (quantity: bigint): bigint => (quantity * BigInt(lastPrice) * numerator) / divisor;
    // What others hold in the account counts too: the limits are those of the account.
    const holders = [...account.strategies.keys(), EXTERNAL];
    const held = holders.map((strategy) => fold.position(strategy, market).quantity);
    const sum = (quantities: readonly bigint[]): bigint => quantities.reduce((total, quantity) => total + quantity, 0n);
    const may = (side: Side): bigint =>
      sum(
        working
          .filter((order) => order.instrument === market && order.side === side && !without.has(order.id))
          .map(({ exposure }) => exposure),
      );
    const [buys, sells] = [may('buy'), may('sell')];
    const sides = [
      value(sum(held.filter((quantity) => quantity > 0n))) + buys,
      value(-sum(held.filter((quantity) => quantity < 0n))) + sells,
    ];
    gross += sides[0] > sides[1] ? sides[0] : sides[1];
    long += value(sum(held)) + buys;
    short += sells - value(sum(held));
  });
  return { gross, long, short };
}

/** What closes a position whatever the trading state: a venue that liquidates, a person who closes or flattens. No strategy's order does. */
export const isForcedClose = ({ purpose, reduceOnly }: FoldedOrder): boolean =>
  reduceOnly && (purpose === 'liquidation' || purpose === 'manual' || String(purpose) === 'flatten');

/** After a halt no order is sent, until somebody lets trading go on; while trading only reduces, none that may open. */
export function nothingSentAfterHalt(events: readonly LedgerEvent[], before: string, fold: LedgerFold): Finding {
  let state = before;
  for (const event of events) {
    if (event.kind === 'TradingStateChanged') state = String(event.to);
    if (event.kind !== 'OrderSubmitted' && event.kind !== 'OrderPrepared') continue;
    const order = fold.account.orders[(event.order as number) - 1];
    if (isForcedClose(order)) continue;
    if (state === 'Halted') return `order ${order.id} was sent while trading was halted`;
    if (state === 'Reducing' && !order.reduceOnly) return `order ${order.id} was sent while trading only reduced`;
  }
  return undefined;
}

/** While trading is halted nothing works, from the very commit on; what was decided and not sent ends with its cycle. */
export function haltEndsOrders({ account, working }: FoldView, state: AccountState): Finding {
  const { tradingState } = account;
  if (tradingState === 'Active') return undefined;
  const isForbidden = (order: FoldedOrder): boolean =>
    !isForcedClose(order) && (tradingState === 'Halted' || !order.reduceOnly);
  // What a venue may have ends by the venue's word alone, and is called back until then.
  // An order that is worked in parts ends in the cycle after the last of them.
  const wasAsked = (parent: number): boolean =>
    account.orders.some(({ carvedFrom, asked }) => carvedFrom === parent && asked > 0n);
  const isCalledBack = ({ id, state, asked, isParent }: FoldedOrder): boolean =>
    state === 'PendingCancel' && (asked > 0n || (isParent && wasAsked(id)));
  const left = working.find(
    (order) =>
      isForbidden(order) && !isCalledBack(order) && (order.state !== 'Initialized' || state.cursor.next === 'settled'),
  );
  return left && `order ${left.id} is ${left.state} while trading is ${tradingState}`;
}
