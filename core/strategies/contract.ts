import * as z from 'zod';
import { PlimsollError } from '../errors.ts';
import type { Algorithm } from '../execution/algorithms/algorithm.ts';
import type { IndicatorSpec } from '../indicators/indicator.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { Condition, SeriesName } from './condition.ts';

/**
 * The contract of a strategy: a user's whole file in `strategies/` is one call of {@link strategy}. It is declared with
 * parameters and indicators, and answers callbacks with proposals; it never touches an order, an account or a clock.
 */
export interface StrategyDefinition<
  Params extends Record<string, unknown> = Record<string, unknown>,
  Indicators extends Record<string, IndicatorSpec> = Record<string, IndicatorSpec>,
  State = unknown,
> {
  /** Lower case, digits and dashes; unique among the strategies at hand. */
  readonly name: string;
  /** A sentence for people. */
  readonly description?: string;
  /** What can be set, as a zod object whose every key has a default. Unknown keys are refused. */
  readonly params: z.ZodType<Params>;
  /** The indicators it reads, each computed for every instrument of its universe. */
  readonly indicators: (params: Params) => Indicators;
  /** Bars needed before the first decision, where more than the indicators' own. */
  readonly warmUp?: (params: Params) => number;
  /** Days of recorded volume (1 to 30) that its VWAP orders are spread by; without it, it can have none. */
  readonly volumeDays?: (params: Params) => number;
  /** The strategy's memory for one instrument, as plain data; it is checkpointed after every cycle. */
  readonly state?: (params: Params) => State;
  /**
   * The bars on which it has anything to say, where that can be told from its indicators: `crosses(fast, slow)`, or a list of
   * which any may hold. It is not asked on other bars, anywhere, which makes a backtest several times faster.
   */
  readonly when?: (indicators: SeriesNames<Indicators>, params: Params) => Condition | readonly Condition[];
  /** Called when a bar of the strategy's timeframe has closed, once for each instrument that has one. */
  readonly onBar: (context: StrategyContext<Params, Indicators, State>) => Decision;
}

/** Nothing, one proposal, or several that are handled in order. */
// biome-ignore lint/suspicious/noConfusingVoidType: a callback that never returns anything has the type void.
export type Decision = undefined | null | void | Proposal | readonly Proposal[];

/** Latest and previous value of one output, in plain units; NaN before its warm-up. `previous` is one bar of the strategy ago. */
export interface SeriesView {
  readonly value: number;
  readonly previous: number;
}

/** One output is a series itself; several are an object of series. */
export type IndicatorView<Spec> =
  Spec extends IndicatorSpec<infer Output>
    ? [Output] extends ['value']
      ? SeriesView
      : { readonly [Name in Output]: SeriesView }
    : never;

/** How `when` names the indicators' outputs. */
export type SeriesNames<Indicators extends Record<string, IndicatorSpec>> = {
  readonly [Name in keyof Indicators]: Indicators[Name] extends IndicatorSpec<infer Output>
    ? [Output] extends ['value']
      ? SeriesName
      : { readonly [Each in Output]: SeriesName }
    : never;
};

/** The bar that has just closed, in plain units. */
export interface BarView {
  /** ms UTC of its open. */
  readonly timestamp: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** The strategy's own position in the instrument, in plain units. */
export interface PositionView {
  readonly isLong: boolean;
  readonly isShort: boolean;
  readonly isFlat: boolean;
  /** Base units, negative when short. */
  readonly quantity: number;
  /** Average entry price; NaN when flat. */
  readonly entryPrice: number;
  /** Money, before the fees of closing; 0 when flat. */
  readonly unrealised: number;
}

/** Protection that goes to work when the entry fills: one cancels the other. */
export interface Protection {
  /** As a fraction of the fill price (0.02 is 2 %), or a price. */
  readonly stopLoss?: number | { readonly price: number };
  readonly takeProfit?: number | { readonly price: number };
  /** Distance of a trailing stop as a fraction of the price. Instead of `stopLoss`, not beside it. */
  readonly trailingStop?: number;
  /** Beside `stopLoss`: it moves to the entry's price and its costs once the price has gone by this fraction in favour. */
  readonly breakEven?: number;
  /**
   * How long the position is held at most, from the open of the bar in which it is opened: in bars of the strategy's timeframe, or ms.
   * When a bar closes and it is over, the position is closed at the next open. A later entry cannot make it longer.
   */
  readonly timeStop?: { readonly bars: number } | { readonly ms: number };
}

/** Hold this share of what the strategy may use in this instrument: 1 all of it, 0 nothing, -1 all of it short. */
export interface TargetProposal extends Protection {
  readonly kind: 'target';
  readonly exposure: number;
  readonly reason: string;
  /** How the way to it is executed, where it is not sent as one market order (docs/strategies.md). */
  readonly algorithm?: Algorithm;
  /** Restore the share even when the same target was given before and only prices have moved. */
  readonly rebalance?: boolean;
  /** Another instrument of the universe; the context's own when left out. */
  readonly symbol?: string;
}

/** What a target may say besides its share and its reason. */
export type TargetOptions = Protection & Pick<TargetProposal, 'rebalance' | 'algorithm'>;

/** An order of a kind and price of one's own. */
export interface OrderProposal extends Protection {
  readonly kind: 'order';
  readonly side: 'buy' | 'sell';
  readonly type: 'market' | 'limit' | 'stop' | 'stop-limit' | 'trailing-stop';
  /** Base units; or leave it out and give `exposure`. */
  readonly quantity?: number;
  /** Share of what the strategy may use, as in a target. */
  readonly exposure?: number;
  readonly price?: number;
  readonly trigger?: number;
  /** Distance of a trailing stop as a fraction of the price. */
  readonly trailing?: number;
  readonly timeInForce?: 'gtc' | 'ioc' | 'fok' | 'day';
  readonly postOnly?: boolean;
  readonly reduceOnly?: boolean;
  /** Has it sent in parts; its type is then `market`, and its limit the algorithm's (docs/strategies.md). */
  readonly algorithm?: Algorithm;
  /** Orders of one answer with the same word, in the same instrument, cancel each other when one fills. */
  readonly oneCancelsOther?: string;
  readonly reason: string;
  readonly symbol?: string;
}

/** Cancel the strategy's working orders in the instrument. */
export interface CancelProposal {
  readonly kind: 'cancel';
  readonly reason: string;
  readonly symbol?: string;
}

export type Proposal = TargetProposal | OrderProposal | CancelProposal;

/** What a callback sees. Indicators are there under the names they were declared with. */
export type StrategyContext<
  Params = Record<string, unknown>,
  Indicators = Record<string, IndicatorSpec>,
  State = unknown,
> = StrategyBase<Params, State> & { readonly [Name in keyof Indicators]: IndicatorView<Indicators[Name]> };

export interface StrategyBase<Params, State> {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly params: Params;
  /** ms UTC of the cycle: when the bar closed. The only clock there is. */
  readonly time: number;
  readonly bar: BarView;
  readonly position: PositionView;
  /** Plain data that is yours to change; kept from bar to bar. */
  readonly state: State;
  /** What another instrument of the universe shows now, or undefined before its first bar. */
  on(symbol: string): StrategyContext | undefined;
  target(exposure: number, reason: string, options?: TargetOptions): TargetProposal;
  order(order: Omit<OrderProposal, 'kind'>): OrderProposal;
  cancel(reason: string): CancelProposal;
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
/** Declares a strategy. Throws `STRATEGY_MALFORMED` when the declaration cannot work, at once and not in a trade. */
export function strategy<
  const Params extends Record<string, unknown>,
  const Indicators extends Record<string, IndicatorSpec>,
  State = undefined,
>(definition: StrategyDefinition<Params, Indicators, State>): StrategyDefinition<Params, Indicators, State> {
  if (!definition || typeof definition.name !== 'string' || !NAME.test(definition.name)) {
    throw malformed(
      String(definition?.name),
      'its name is not lower-case letters, digits and dashes',
      'name it as in "sma-cross"',
    );
  }
  if (typeof definition.onBar !== 'function') {
    throw malformed(definition.name, 'it has no onBar', 'give it an onBar that returns a target, an order or nothing');
  }
  if (typeof definition.indicators !== 'function') {
    throw malformed(
      definition.name,
      'its indicators are not a function',
      'write indicators: (params) => ({ … }), or () => ({})',
    );
  }
  if (definition.when !== undefined && typeof definition.when !== 'function') {
    throw malformed(
      definition.name,
      'its when is not a function',
      'write when: ({ fast, slow }) => crosses(fast, slow), or leave it out',
    );
  }
  if (!(definition.params instanceof z.ZodObject)) {
    throw malformed(
      definition.name,
      'its params are not a zod object',
      'write params: z.object({ … }), or z.object({})',
    );
  }
  return definition;
}

function malformed(name: string, what: string, remedy: string): PlimsollError {
  return new PlimsollError('STRATEGY_MALFORMED', `the strategy "${name}" cannot be used: ${what}`, remedy);
}

/** The fast series crossed above the slow one (or a level) with this bar. */
export function crossedAbove(fast: SeriesView, slow: SeriesView | number): boolean {
  if (typeof slow === 'number') return fast.value > slow && fast.previous <= slow;
  return fast.value > slow.value && fast.previous <= slow.previous;
}

/** The fast series crossed below the slow one (or a level) with this bar. */
export function crossedBelow(fast: SeriesView, slow: SeriesView | number): boolean {
  if (typeof slow === 'number') return fast.value < slow && fast.previous >= slow;
  return fast.value < slow.value && fast.previous >= slow.previous;
}
