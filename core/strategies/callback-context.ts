import type { Engine } from '../engine/engine.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { CancelProposal, OrderProposal, StrategyContext, TargetProposal } from './contract.ts';
import type { InstrumentContext } from './instrument-context.ts';
import type { StrategyRunner } from './runner.ts';
import type { Track } from './track.ts';
import { HeldPosition, LatestBar } from './views.ts';

/**
 * What a callback gets; the indicators are added under their names. All of one strategy have one shape (what differs from
 * one to the next is in fields, what is computed is on the class), so that a callback is compiled once for all instruments.
 */
export class CallbackContext {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly params: Record<string, unknown>;
  readonly bar: LatestBar;
  readonly position: HeldPosition;
  readonly on: (symbol: string) => StrategyContext | undefined;
  readonly target: (exposure: number, reason: string, options?: Partial<TargetProposal>) => TargetProposal;
  readonly order: (order: Omit<OrderProposal, 'kind'>) => OrderProposal;
  readonly cancel: (reason: string) => CancelProposal;
  readonly #engine: Engine;
  readonly #context: InstrumentContext;

  constructor(runner: StrategyRunner, engine: Engine, context: InstrumentContext, own: Track) {
    const { market, symbol } = context;
    this.symbol = symbol;
    this.timeframe = runner.running.timeframe;
    this.params = runner.running.params;
    this.bar = new LatestBar(market, own);
    this.position = new HeldPosition(engine.position(runner.index, market.index), market, engine.moneyScale);
    this.on = (other) => {
      const found = runner.context(other);
      if (found) engine.behind?.catchUp(found.market);

      return found?.hasBar ? found.view : undefined;
    };
    this.target = (exposure, reason, options) =>
      options === undefined
        ? { kind: 'target', exposure, reason, symbol }
        : { ...options, kind: 'target', exposure, reason, symbol };
    this.order = (order) => ({ ...order, kind: 'order', symbol: order.symbol ?? symbol });
    this.cancel = (reason) => ({ kind: 'cancel', reason, symbol });
    this.#engine = engine;
    this.#context = context;
  }

  get time(): number {
    return this.#engine.time;
  }

  get state(): unknown {
    return this.#context.state;
  }
}
