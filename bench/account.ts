/** The account that is measured: the full engine with every limit of risk in force, fees of 10 basis points, no slippage. */
import type { EngineDefinition } from '../core/engine/engine.ts';
import { executionModelSchema } from '../core/execution/model.ts';
import { instrument } from '../core/market/instrument.ts';
import { limitsSchema } from '../core/risk/limits.ts';
import rsiReversion from '../core/strategies/built-in/rsi-reversion.ts';
import smaCross from '../core/strategies/built-in/sma-cross.ts';
import type { AnyStrategy } from '../core/strategies/runner.ts';
import type { BenchStrategy } from './bars.ts';

export const CASH = 1_000_000;
export const FEE_BPS = 10;
const MONEY_DECIMALS = 8;

const STRATEGIES: Record<BenchStrategy, AnyStrategy> = { 'sma-cross': smaCross, 'rsi-reversion': rsiReversion };

/** Every control is on; those that would end the trading of a losing strategy are set where they are checked but do not bite. */
const LIMITS = limitsSchema.parse({
  maxOrderNotional: 1e7,
  maxPositionNotional: 1e7,
  staleAfterMs: 60_000,
  maxDailyLoss: 1,
  maxDrawdown: 1,
});

export function accountOf(
  name: BenchStrategy,
  symbols: readonly string[],
  {
    priceDecimals,
    openedAt,
    params = {},
  }: { priceDecimals: number; openedAt: number; params?: Record<string, unknown> },
): EngineDefinition {
  const definition = STRATEGIES[name];
  return {
    stream: 'bench/account',
    provenance: 'simulated',
    currency: 'USDT',
    moneyDecimals: MONEY_DECIMALS,
    cash: CASH * 10 ** MONEY_DECIMALS,
    openedAt,
    timeframe: '1m',
    instruments: symbols.map((symbol) =>
      instrument({
        symbol,
        venue: 'bench',
        base: symbol.split('/')[0],
        quote: 'USDT',
        settlement: 'USDT',
        priceDecimals,
        moneyDecimals: MONEY_DECIMALS,
        takerFeeBps: FEE_BPS,
        makerFeeBps: FEE_BPS,
      }),
    ),
    strategies: [
      {
        id: name,
        definition,
        params: definition.params.parse(params) as Record<string, unknown>,
        codeHash: '0'.repeat(64),
        instruments: symbols,
        timeframe: '1m',
        allocation: 1,
      },
    ],
    limits: LIMITS,
    execution: executionModelSchema.parse({}),
    configurationHash: '0'.repeat(64),
  };
}

/** Scaled money in plain units. */
export const plainMoney = (scaled: number): number => scaled / 10 ** MONEY_DECIMALS;
