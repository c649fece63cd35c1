import type * as z from 'zod/mini';
import type { Engine } from '../../core/engine/engine.ts';
import {
  averagesOf,
  inBpsOf,
  SHORTFALL_PARTS,
  type Shortfall,
  ShortfallFold,
  type ShortfallPart,
} from '../../core/execution/shortfall.ts';
import { formatDecimal } from '../../core/numbers.ts';
import type { OperationContext } from '../operation.ts';
import { viewIfOpen } from '../support/account.ts';
import { eventsAfter } from '../support/ledger-events.ts';
import type { shortfallOutput } from './schema.ts';

/** Events at the end of the ledger in which orders are looked for: some 1,000 orders. */
const EVENTS_LOOKED_AT = 5_000;

type Output = z.output<typeof shortfallOutput>;

export default async function shortfall(
  context: OperationContext,
  input: { account?: string | undefined; limit: number },
): Promise<Output> {
  const view = await viewIfOpen(context, input.account);
  if (!view) return { orders: [], averages: [] };
  const { engine, stream } = view;
  const after = Math.max(0, engine.journal.sequence - EVENTS_LOOKED_AT);
  const fold = new ShortfallFold(engine.markets);
  const ended: Shortfall[] = [];
  for (const { event } of await eventsAfter(context.steps.ledger, stream, after, EVENTS_LOOKED_AT)) {
    const one = fold.take(event);
    if (one) ended.push(one);
  }
  const orders = [...ended, ...fold.working()].sort((a, b) => b.order - a.order).slice(0, input.limit);
  return {
    orders: orders.map((one) => orderText(engine, one)),
    averages: averagesOf(ended).map(({ algorithm, orders: count, notional, money, bps }) => ({
      algorithm,
      orders: count,
      notional: inMoney(engine, notional),
      money: moneyOf(engine, money),
      bps,
    })),
  };
}

function orderText(engine: Engine, one: Shortfall): Output['orders'][number] {
  const { instrument } = engine.markets[one.instrument];
  const { order, side, algorithm, decidedAt, endedAt, notional } = one;
  const price = (scaled: bigint): string => formatDecimal(scaled, instrument.priceDecimals);
  const quantity = (scaled: bigint): string => formatDecimal(scaled, instrument.quantityDecimals);
  return {
    ...{ order, side, algorithm, decidedAt, endedAt },
    strategy: engine.definition.strategies[one.strategy].id,
    symbol: instrument.symbol,
    wanted: quantity(one.wanted),
    filled: quantity(one.filled),
    decisionPrice: price(one.decisionPrice),
    endPrice: price(one.endPrice),
    notional: inMoney(engine, notional),
    money: moneyOf(engine, one),
    bps: inBpsOf(one, notional),
  };
}

const inMoney = ({ definition }: Engine, scaled: bigint): string => formatDecimal(scaled, definition.moneyDecimals);

function moneyOf(engine: Engine, money: Readonly<Record<ShortfallPart, bigint>>): Output['averages'][number]['money'] {
  return Object.fromEntries(SHORTFALL_PARTS.map((part) => [part, inMoney(engine, money[part])])) as never;
}
