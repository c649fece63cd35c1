/** What must hold between a live account's ledger and the exchange it trades at. */
import { EXTERNAL } from '../../core/execution/live/account.ts';
import type { LedgerEvent } from '../../core/ledger/events.ts';
import type { LedgerFold } from '../../core/ledger/fold.ts';
import type { AccountState } from '../../functions/steps/account-state.ts';
import { EXCHANGE_HOLDS } from '../live.ts';
import type { Placed, SimulatedExchange } from '../ports/exchange.ts';
import { type Finding, type FoldView, isForcedClose } from './account.ts';

/** Decimals in which the exchange counts. */
const UNITS = 12n;

/** Follows one live account's events and the orders that come to exist at the exchange. */
export class ExchangeWatch {
  readonly #texts = new Map<number, string>();
  /** Of an intent that was marked as about to be sent, by client order id. */
  readonly #intents = new Map<string, number>();
  readonly #placed = new Set<number>();

  take(events: readonly LedgerEvent[]): void {
    for (const event of events) {
      const body = event.body as { index?: number; text?: string } | undefined;
      if (event.kind === 'TextDefined') this.#texts.set(Number(body?.index), String(body?.text));
      if (event.kind === 'OrderPrepared')
        this.#intents.set(this.#texts.get(Number(event.clientOrderId)) ?? '', Number(event.order));
    }
  }

  /** No intent becomes two orders, and no order is of no intent. */
  placed({ isOurs, request: { clientOrderId } }: Placed): Finding {
    if (!isOurs) return undefined;
    const intent = this.#intents.get(clientOrderId);
    if (intent === undefined) return `the exchange has an order ${clientOrderId} of which the ledger has no intent`;
    if (this.#placed.has(intent)) return `order ${intent} exists twice at the exchange`;
    this.#placed.add(intent);
    return undefined;
  }

  /** Nothing is sent by who has not looked whether trading goes on, or has seen that it is halted. */
  submits(clientOrderId: string, seen: string | undefined, fold: LedgerFold): Finding {
    const order = fold.account.orders[(this.#intents.get(clientOrderId) ?? 0) - 1];
    if (seen === undefined) return `order ${order?.id} was sent without a look at the account`;
    if (seen !== 'Halted' || order === undefined || isForcedClose(order)) return undefined;
    return `order ${order.id} was sent by a process that had seen the halt`;
  }

  /** What works at the exchange works in the ledger, with no less than what is left of it counted. */
  covered({ working }: FoldView, exchange: SimulatedExchange): Finding {
    for (const { isOurs, status, request, filled } of exchange.placed) {
      if (!isOurs || status !== 'working') continue;
      const number = this.#intents.get(request.clientOrderId);
      const order = working.find(({ id }) => id === number);
      if (!order) return `order ${number} works at the exchange and not in the ledger`;
      const { quantityDecimals, priceDecimals } = request.instrument;
      const opens = !order.reduceOnly && request.side === 'buy' && request.price > 0;
      const left = BigInt(request.quantity - filled) * BigInt(request.price);
      const money = (left * MONEY_UNITS) / 10n ** BigInt(quantityDecimals + priceDecimals);
      if (opens && order.exposure < money)
        return `order ${number} may come to ${money} at the exchange, and to ${order.exposure} in the ledger`;
    }
    return undefined;
  }
}

/** One unit of the accounts' currency; they count money in four decimals. */
const MONEY_UNITS = 10_000n;

/** Once a halt has had its time: nothing of ours works, nothing is unknown, and the figures are equal to the last unit. */
export function equalsExchange(
  view: FoldView,
  { engine }: AccountState,
  exchange: SimulatedExchange,
  deposited: bigint,
  symbols: readonly string[],
): { readonly order?: Finding; readonly figures?: Finding } {
  const left = exchange.placed.find(({ isOurs, status }) => isOurs && status === 'working');
  if (left) return { order: `${left.request.clientOrderId} still works at the exchange` };
  const open = view.working.find(
    ({ id, state, isParent }) =>
      (isParent && state === 'PendingCancel') ||
      engine.live?.orders.some(({ order, phase }) => order === id && phase !== 'prepared'),
  );
  if (open) return { order: `order ${open.id} is still ${open.state} in the ledger` };
  return { figures: exchangeConserves(exchange) ?? figuresDiffer(view, exchange, deposited, symbols) };
}

/** The exchange's balances are what it held at first and what its fills moved. */
function exchangeConserves(exchange: SimulatedExchange): Finding {
  const moved = new Map<string, bigint>();
  const add = (asset: string, units: bigint): unknown => moved.set(asset, (moved.get(asset) ?? 0n) + units);
  for (const fill of exchange.executed) {
    const { base, quote, quantity, notional } = exactly(exchange, fill);
    const sign = fill.side === 'buy' ? 1n : -1n;
    add(base, sign * quantity);
    add(quote, -sign * notional);
    add(fill.feeAsset, -unitsOf(fill.fee));
  }
  for (const [asset, held] of Object.entries(EXCHANGE_HOLDS)) {
    const expected = BigInt(held) * 10n ** UNITS + (moved.get(asset) ?? 0n);
    if (exchange.balanceOf(asset) !== expected)
      return `the exchange holds ${exchange.balanceOf(asset)} ${asset}, and its fills come to ${expected}`;
  }
  return undefined;
}

/** Every fill of the exchange is in the ledger once, rounded against us in units of the ledger's money and quantities. */
function figuresDiffer(
  { fold, account }: FoldView,
  exchange: SimulatedExchange,
  deposited: bigint,
  symbols: readonly string[],
): Finding {
  let cash = deposited;
  const held = account.instruments.map(() => 0n);
  for (const fill of exchange.executed) {
    const { notional, quantity, quantityUnit } = exactly(exchange, fill);
    const index = symbols.indexOf(fill.symbol);
    const buys = fill.side === 'buy';
    const isInMoney = fill.feeAsset === 'USD';
    const fee = unitsOf(fill.fee);
    cash += buys ? -ceil(notional, MONEY_UNIT) : floor(notional, MONEY_UNIT);
    if (isInMoney) cash -= ceil(fee, MONEY_UNIT);
    held[index] += (buys ? 1n : -1n) * (quantity / quantityUnit) - (isInMoney ? 0n : ceil(fee, quantityUnit));
  }
  if (cash !== account.cash) return `cash is ${account.cash}, and the exchange's fills come to ${cash}`;
  for (const [index, expected] of held.entries()) {
    const owners = [...account.strategies.keys(), EXTERNAL];
    const there = owners.reduce((sum, owner) => sum + fold.position(owner, index).quantity, 0n);
    if (there !== expected) return `${there} of instrument ${index} are held, and ${expected} at the exchange`;
  }
  return undefined;
}

const MONEY_UNIT = 10n ** (UNITS - 4n);
const floor = (units: bigint, unit: bigint): bigint => units / unit;
const ceil = (units: bigint, unit: bigint): bigint => (units + unit - 1n) / unit;

/** A decimal of at most twelve places as a count of its last one. */
function unitsOf(text: string): bigint {
  const [whole, decimals = ''] = text.split('.');
  return BigInt(whole + decimals.padEnd(Number(UNITS), '0'));
}

function exactly(exchange: SimulatedExchange, { symbol, quantity, price }: SimulatedExchange['executed'][number]) {
  const { instrument } = exchange.placed.find(({ request }) => request.instrument.symbol === symbol)!.request;
  const { base, quote, quantityDecimals, priceDecimals } = instrument;
  const quantityUnit = 10n ** (UNITS - BigInt(quantityDecimals));
  return {
    base,
    quote,
    quantityUnit,
    quantity: BigInt(quantity) * quantityUnit,
    notional: BigInt(quantity) * BigInt(price) * 10n ** (UNITS - BigInt(quantityDecimals + priceDecimals)),
  };
}
