/**
 * Implementation shortfall: what it cost to turn decisions into positions, beside a paper portfolio that trades at once, at the
 * price of the decision, and for nothing. Split as by André Perold ("The Implementation Shortfall: Paper versus Reality", Journal of
 * Portfolio Management 14 (3), 1988) into the cost of execution and that of opportunity, and the former by when it arose:
 *
 *     delay        filled × (price when it was sent − price of the decision)
 *     execution    filled × (price of the fill − price when it was sent)
 *     fees
 *     opportunity  not filled × (price at the end − price of the decision)
 *
 * each from the side of the order: positive is a cost. Read from the events alone. An order that an algorithm works counts with its
 * parts, each of which was sent at the price that its own record has; any other was sent when it was decided. The price at the end is
 * the last one of the instrument that the ledger has then: recorded where an algorithm stops, else that of a fill, a decision, or a
 * payment of funding.
 */

import type { LedgerEvent } from '../ledger/events.ts';
import { ceilDivide, floorDivide } from '../ledger/fold-numbers.ts';
import type { AlgorithmKind } from './algorithms/algorithm.ts';
import type { Purpose, Side } from './order.ts';

/** How money follows from a quantity and a price, all scaled: `quantity × price × numerator / divisor`. */
export interface Valued {
  readonly numerator: number;
  readonly divisor: number;
  /** Millionths of the notional. */
  readonly takerFee: number;
  readonly lot: number;
}

/** Money, prices and quantities are scaled integers. */
export interface Shortfall {
  readonly order: number;
  readonly strategy: number;
  readonly instrument: number;
  readonly side: Side;
  /** Null where it was sent as it is. */
  readonly algorithm: AlgorithmKind | null;
  /** Cycles (ms UTC); null while it is at work. */
  readonly decidedAt: number;
  readonly endedAt: number | null;
  /** Of a budget, what it would have bought at the decision's price. */
  readonly wanted: bigint;
  readonly filled: bigint;
  readonly decisionPrice: bigint;
  readonly endPrice: bigint;
  /** `wanted` at the decision's price: what basis points are of. */
  readonly notional: bigint;
  readonly delay: bigint;
  readonly execution: bigint;
  readonly fees: bigint;
  readonly opportunity: bigint;
  readonly total: bigint;
}

export const SHORTFALL_PARTS = ['delay', 'execution', 'fees', 'opportunity', 'total'] as const;
export type ShortfallPart = (typeof SHORTFALL_PARTS)[number];

/** What strategies and people decide; what protects, and what a venue does, decides no price. */
const DECIDED: readonly Purpose[] = ['entry', 'exit', 'manual', 'flatten'];
const MILLION = 1_000_000n;

/** One order as it was sent: an order by itself, or a part of one. */
interface Sent {
  /** Number of the order that was decided. */
  readonly of: number;
  readonly reference: bigint;
  filled: bigint;
}

interface Decided {
  readonly id: number;
  readonly strategy: number;
  readonly instrument: number;
  readonly side: Side;
  readonly quantity: bigint;
  readonly budget: bigint;
  readonly decisionPrice: bigint;
  readonly decidedAt: number;
  readonly parts: Sent[];
  algorithm: AlgorithmKind | null;
  paid: bigint;
  fees: bigint;
}

const ENDS: readonly LedgerEvent['kind'][] = [
  'OrderCanceled',
  'OrderExpired',
  'OrderRejected',
  'OrderLost',
  'ParentFilled',
];

/** The fold from events, in order, to the shortfall of each order; those that began before the first event are left out. */
export class ShortfallFold {
  readonly #markets: readonly Valued[];
  readonly #sent = new Map<number, Sent>();
  readonly #decided = new Map<number, Decided>();
  readonly #lastPrices = new Map<number, bigint>();

  constructor(markets: readonly Valued[]) {
    this.#markets = markets;
  }

  /** Takes the next event; returns the shortfall of the order that it ends. */
  take(event: LedgerEvent): Shortfall | undefined {
    this.#notePrice(event);
    switch (event.kind) {
      case 'OrderInitialized':
        this.#begin(event);
        return undefined;
      case 'AlgorithmSet': {
        const { order, algorithm } = event.body as { order: number; algorithm: { kind: AlgorithmKind } };
        const decided = this.#decided.get(order);
        if (decided) decided.algorithm = algorithm.kind;
        return undefined;
      }
      case 'ChildCarved':
        this.#carve(event);
        return undefined;
      case 'OrderFilled':
      case 'OrderFilledAtVenue':
        this.#fill(event);
        return event.complete ? this.#end(event) : undefined;
      default:
        return ENDS.includes(event.kind) ? this.#end(event) : undefined;
    }
  }

  /** Of the orders that are at work, as if they ended now. */
  working(): Shortfall[] {
    return [...this.#decided.values()].map((decided) => this.#shortfallOf(decided, null));
  }

  #notePrice(event: LedgerEvent): void {
    const price = event.price ?? event.mark;
    const isMarkets = event.kind !== 'OrderInitialized' && event.kind !== 'OrderActivated';
    const instrument =
      event.instrument ?? this.#decided.get(this.#sent.get(event.order as number)?.of ?? 0)?.instrument;
    if (typeof instrument !== 'number') return;
    if (event.kind === 'OrderInitialized' && DECIDED.includes(event.purpose as Purpose))
      this.#lastPrices.set(instrument, integer(event.reference));
    else if (price !== undefined && isMarkets && integer(price) > 0n) this.#lastPrices.set(instrument, integer(price));
  }

  #begin(event: LedgerEvent): void {
    if (!DECIDED.includes(event.purpose as Purpose)) return;
    const id = event.order as number;
    const own: Sent = { of: id, reference: integer(event.reference), filled: 0n };
    const decided: Decided = {
      id,
      strategy: event.strategy as number,
      instrument: event.instrument as number,
      side: event.side as Side,
      quantity: integer(event.quantity),
      budget: integer(event.budget),
      decisionPrice: own.reference,
      decidedAt: event.cycle,
      parts: [own],
      algorithm: null,
      paid: 0n,
      fees: 0n,
    };
    this.#decided.set(id, decided);
    this.#sent.set(id, own);
  }

  /** What looked like a decision of its own is a part of another. */
  #carve({ order, parent }: LedgerEvent): void {
    const id = order as number;
    const part = this.#sent.get(id);
    const whole = this.#decided.get(parent as number);
    this.#decided.delete(id);
    this.#sent.delete(id);
    if (!part || !whole) return;
    const sent: Sent = { of: whole.id, reference: part.reference, filled: 0n };
    whole.parts.push(sent);
    this.#sent.set(id, sent);
  }

  #fill(event: LedgerEvent): void {
    const sent = this.#sent.get(event.order as number);
    const order = sent && this.#decided.get(sent.of);
    if (!sent || !order) return;
    const quantity = integer(event.quantity);
    const price = integer(event.price);
    const buys = order.side === 'buy';
    sent.filled += quantity;
    order.paid += this.#value(order.instrument, quantity * price, buys);
    order.fees += integer(event.fee);
    // Taken out of what was bought: worth what was paid for it.
    const feeQuantity = event.feeQuantity === undefined ? 0n : integer(event.feeQuantity);
    order.fees += this.#value(order.instrument, feeQuantity * price, true);
  }

  #end(event: LedgerEvent): Shortfall | undefined {
    const id = event.order as number;
    const decided = this.#decided.get(id);
    this.#sent.delete(id);
    this.#decided.delete(id);
    return decided && this.#shortfallOf(decided, event.cycle);
  }

  #shortfallOf(decided: Decided, endedAt: number | null): Shortfall {
    const { id, strategy, instrument, side, algorithm, decidedAt, decisionPrice, fees, parts } = decided;
    const sign = side === 'buy' ? 1n : -1n;
    const wanted = this.#wantedOf(decided);
    const filled = parts.reduce((sum, part) => sum + part.filled, 0n);
    const missing = wanted > filled ? wanted - filled : 0n;
    const endPrice = this.#lastPrices.get(instrument) ?? decisionPrice;
    const worth = (quantity: bigint, price: bigint): bigint => this.#value(instrument, quantity * price, false);
    const decidedWorth = worth(filled, decisionPrice);
    const sentWorth = parts.reduce((sum, part) => sum + worth(part.filled, part.reference), 0n);
    const delay = sign * (sentWorth - decidedWorth);
    const execution = sign * (decided.paid - sentWorth);
    const opportunity = sign * (worth(missing, endPrice) - worth(missing, decisionPrice));
    return {
      ...{ order: id, strategy, instrument, side, algorithm, decidedAt, endedAt },
      ...{ wanted, filled, decisionPrice, endPrice, notional: worth(wanted, decisionPrice) },
      ...{ delay, execution, fees, opportunity, total: delay + execution + fees + opportunity },
    };
  }

  #wantedOf({ instrument, quantity, budget, decisionPrice }: Decided): bigint {
    if (budget === 0n) return quantity;
    const { numerator, divisor, takerFee, lot } = this.#markets[instrument];
    const net = (budget * MILLION) / (MILLION + BigInt(Math.max(0, takerFee)));
    const raw = (net * BigInt(divisor)) / (decisionPrice * BigInt(numerator));
    return raw - (raw % BigInt(lot));
  }

  #value(instrument: number, scaled: bigint, up: boolean): bigint {
    const { numerator, divisor } = this.#markets[instrument];
    return (up ? ceilDivide : floorDivide)(scaled * BigInt(numerator), BigInt(divisor));
  }
}

/** Of all orders of one kind: sums, and each part in basis points of the notional, so that a large order counts for more. */
export interface ShortfallAverage {
  /** Null: sent as they were. */
  readonly algorithm: AlgorithmKind | null;
  readonly orders: number;
  readonly notional: bigint;
  readonly money: Readonly<Record<ShortfallPart, bigint>>;
  readonly bps: Readonly<Record<ShortfallPart, number>>;
}

/** Per algorithm, in the order in which they came. */
export function averagesOf(shortfalls: Iterable<Shortfall>): ShortfallAverage[] {
  const sums = new Map<
    AlgorithmKind | null,
    { orders: number; notional: bigint; money: Record<ShortfallPart, bigint> }
  >();
  for (const shortfall of shortfalls) {
    const { algorithm, notional } = shortfall;
    const sum = sums.get(algorithm) ?? {
      orders: 0,
      notional: 0n,
      money: { delay: 0n, execution: 0n, fees: 0n, opportunity: 0n, total: 0n },
    };
    sums.set(algorithm, sum);
    sum.orders++;
    sum.notional += notional;
    for (const part of SHORTFALL_PARTS) sum.money[part] += shortfall[part];
  }
  return [...sums].map(([algorithm, sum]) => ({ algorithm, ...sum, bps: inBpsOf(sum.money, sum.notional) }));
}

/** Each part in basis points of a notional; 0 of nothing. */
export function inBpsOf(
  money: Readonly<Record<ShortfallPart, bigint>>,
  notional: bigint,
): Record<ShortfallPart, number> {
  const bps = (part: ShortfallPart): number =>
    notional === 0n ? 0 : (Number(money[part]) / Number(notional)) * 10_000;
  return {
    delay: bps('delay'),
    execution: bps('execution'),
    fees: bps('fees'),
    opportunity: bps('opportunity'),
    total: bps('total'),
  };
}

const integer = (value: unknown): bigint => BigInt(String(value));
