/** Scaled integers as the decimal text that the API speaks. */
import type { Engine } from '../../core/engine/engine.ts';
import type { MarketState } from '../../core/engine/market-state.ts';
import { formatDecimal } from '../../core/numbers.ts';

export const moneyText = (engine: Engine, scaled: number): string =>
  formatDecimal(scaled, engine.definition.moneyDecimals);

export const priceText = ({ instrument }: MarketState, scaled: number): string =>
  formatDecimal(scaled, instrument.priceDecimals);

export const quantityText = ({ instrument }: MarketState, scaled: number): string =>
  formatDecimal(scaled, instrument.quantityDecimals);

/** 0 stands for "none" in prices and budgets. */
export const orNull = (text: (scaled: number) => string, scaled: number): string | null =>
  scaled === 0 ? null : text(scaled);
