import type * as z from 'zod/mini';
import type { Engine } from '../../core/engine/engine.ts';
import type { MarketState } from '../../core/engine/market-state.ts';
import { bookedValue } from '../../core/engine/measure.ts';
import type { Position } from '../../core/engine/position.ts';
import type { OperationContext } from '../operation.ts';
import type { position } from '../schemas.ts';
import { viewIfOpen } from '../support/account.ts';
import { moneyText, orNull, priceText, quantityText } from '../support/decimals.ts';

type PositionView = z.output<typeof position>;

export default async function list(context: OperationContext, input: { account?: string | undefined }) {
  const view = await viewIfOpen(context, input.account);
  if (!view) return { positions: [] };
  const { engine } = view;
  const positions = engine.definition.strategies.flatMap(({ id }, strategy) =>
    engine.markets.flatMap((market) => {
      const held = engine.position(strategy, market.index);
      return wasTraded(held) ? [positionView(engine, market, id, held)] : [];
    }),
  );
  return { positions };
}

const wasTraded = ({ quantity, realised, fees }: Position): boolean => quantity !== 0 || realised !== 0 || fees !== 0;

function positionView(engine: Engine, market: MarketState, strategy: string, held: Position): PositionView {
  const money = (scaled: number): string => moneyText(engine, scaled);
  const value = bookedValue(market, held.quantity);
  return {
    strategy,
    symbol: market.instrument.symbol,
    quantity: quantityText(market, held.quantity),
    entryPrice: entryPrice(market, held),
    lastPrice: orNull((scaled) => priceText(market, scaled), market.lastPrice),
    value: money(value),
    unrealised: money(held.quantity === 0 ? 0 : value - held.cost),
    realised: money(held.realised),
    fees: money(held.fees),
    funding: money(held.funding),
    openedAt: held.openedAt === 0 ? null : held.openedAt,
  };
}

/** What was paid for a unit on average, rounded to the price's decimals. */
function entryPrice(market: MarketState, { quantity, cost }: Position): string | null {
  if (quantity === 0) return null;
  return priceText(market, Math.round((cost / quantity) * market.valueDivisor));
}
