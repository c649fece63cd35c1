/** The kill switch on one account: what is stopped or let go on, in one commit, once for its key, beside whatever its cycle is at. */

import { haltInstrument, pauseStrategy } from '../../core/engine/bookkeeping.ts';
import type { Engine } from '../../core/engine/engine.ts';
import type { MarketState } from '../../core/engine/market-state.ts';
import { PlimsollError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { formatDecimal } from '../../core/numbers.ts';
import { type Flattening, flatten } from '../../core/risk/flatten.ts';
import { halt, haltMarket, haltStrategy, reduceUnlessHalted, resume } from '../../core/risk/kill-switch.ts';
import type { TradingState } from '../../core/risk/trading-state.ts';
import { type CommandOrigin, runCommand, strategyIndex } from './commands.ts';
import type { StepPorts } from './ports.ts';

/** What is stopped of an account: all of it, one strategy, or one instrument by its symbol. */
export type StopScope =
  | { readonly of: 'account' }
  | { readonly of: 'strategy'; readonly strategy: string }
  | { readonly of: 'instrument'; readonly symbol: string };

export interface StopRequest {
  readonly scope: StopScope;
  /** Of a whole account: Reducing keeps protection, and does not loosen a halt. Strategies and instruments are halted. */
  readonly state: Exclude<TradingState, 'Active'>;
  /** Closes the positions in scope with market orders, in every trading state. */
  readonly flatten: boolean;
  /** Why, as the person said it. */
  readonly reason: string;
  /** What the person named where that was more than this account: "venue exchange". */
  readonly as?: string;
}

/** A position that is flattened. Quantities are decimal text; `held` is negative for a short. */
export type FlattenedPosition = {
  readonly strategy: string;
  readonly symbol: string;
  readonly held: string;
  /** What the market order closes. */
  readonly closes: string;
  readonly order: number | null;
  /** Why risk refused the order. */
  readonly denial: string | null;
};

/** An account after a stop. */
export type StoppedAccount = {
  readonly state: TradingState;
  /** Working orders and intents that it ended. */
  readonly canceled: number;
  /** Orders in scope whose cancel only the venue can confirm, and has not: until then they may still fill. */
  readonly pending: number;
  /** Positions in scope that stay open, with nothing at work that closes them. */
  readonly left: number;
  readonly positions: readonly FlattenedPosition[];
};

/** Stops, cancels, and where asked flattens. Throws `STRATEGY_UNKNOWN`, `SYMBOL_UNKNOWN` and what {@link runCommand} throws. */
export function stop(
  ports: StepPorts,
  stream: string,
  request: StopRequest,
  origin: CommandOrigin,
): Promise<StoppedAccount> {
  return runCommand(ports, stream, 'trading-state.halt', origin, (engine) => {
    const before = engine.workingOrders;
    const reason = reasonOf(request, origin);
    const covers = throwSwitch(engine, request, reason);
    const canceled = before - engine.workingOrders;
    const open = openIn(engine, covers);
    const flattened = request.flatten ? flatten(engine, reasonOf(request, origin, 'flattened: '), covers) : [];
    return {
      state: engine.tradingState,
      canceled,
      pending: pendingIn(engine, covers),
      left: open - flattened.filter(({ order }) => order > 0).length,
      positions: flattened.map((position) => positionText(engine, position)),
    };
  });
}

/** Lets what was stopped go on; what was canceled stays so. */
export function letGoOn(
  ports: StepPorts,
  stream: string,
  request: Pick<StopRequest, 'scope' | 'reason' | 'as'>,
  origin: CommandOrigin,
): Promise<{ readonly state: TradingState }> {
  return runCommand(ports, stream, 'trading-state.resume', origin, (engine) => {
    const { scope } = request;
    const reason = reasonOf(request, origin);
    if (scope.of === 'account') resume(engine, reason);
    else if (scope.of === 'strategy') {
      const strategy = strategyIndex(engine, scope.strategy);
      if (engine.paused[strategy]) pauseStrategy(engine, strategy, false, reason);
    } else {
      const market = marketOf(engine, scope.symbol);
      if (market.halted) haltInstrument(engine, market, false, reason);
    }
    return { state: engine.tradingState };
  });
}

type Covers = (strategy: number, market: MarketState) => boolean;

/** Throws the switch; answers which positions it is about. */
function throwSwitch(engine: Engine, { scope, state }: StopRequest, reason: string): Covers {
  if (scope.of === 'strategy') {
    const halted = strategyIndex(engine, scope.strategy);
    haltStrategy(engine, halted, reason);
    return (strategy) => strategy === halted;
  }
  if (scope.of === 'instrument') {
    const halted = marketOf(engine, scope.symbol);
    haltMarket(engine, halted, reason);
    return (_, market) => market === halted;
  }
  if (state === 'Halted') halt(engine, reason);
  else reduceUnlessHalted(engine, reason);
  return () => true;
}

function pendingIn({ markets }: Engine, covers: Covers): number {
  return markets
    .flatMap((market) => [...market.orders, ...market.held].filter(({ strategy }) => covers(strategy, market)))
    .filter(({ state }) => state === 'PendingCancel').length;
}

function openIn(engine: Engine, covers: Covers): number {
  return engine.markets
    .map((market) =>
      engine.positionsIn(market.index).filter(({ quantity }, strategy) => quantity !== 0 && covers(strategy, market)),
    )
    .reduce((count, { length }) => count + length, 0);
}

function marketOf({ markets }: Engine, symbol: string): MarketState {
  const market = markets.find(({ instrument }) => instrument.symbol === symbol);
  if (market) return market;
  const known = markets.map(({ instrument }) => instrument.symbol);
  throw new PlimsollError('SYMBOL_UNKNOWN', `${symbol} is not in the universe`, `use ${nearest(symbol, known)}`);
}

function positionText(engine: Engine, { strategy, instrument, held, order, closes, denial }: Flattening) {
  const { symbol, quantityDecimals } = engine.markets[instrument].instrument;
  return {
    strategy: engine.runners[strategy].running.id,
    symbol,
    held: formatDecimal(held, quantityDecimals),
    closes: formatDecimal(closes, quantityDecimals),
    order: order > 0 ? order : null,
    denial: denial ?? null,
  };
}

/** Characters that the ledger keeps of a text. */
const TEXT_MAX = 240;

/** Why and who, cut so that who is never lost. */
function reasonOf({ reason, as }: Pick<StopRequest, 'reason' | 'as'>, { principal }: CommandOrigin, verb = ''): string {
  const who = ` (${principal.name}${as === undefined ? '' : `, ${as}`})`.slice(-TEXT_MAX / 2);
  return `${verb}${reason}`.slice(0, TEXT_MAX - who.length) + who;
}
