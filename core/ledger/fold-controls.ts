/** Who may trade: the trading state, paused strategies, and the strategies and proposals that were turned away. */
import type { TradingState } from '../risk/trading-state.ts';
import type { LedgerEvent } from './events.ts';
import type { FoldState } from './fold-state.ts';

export function changeTradingState(state: FoldState, event: LedgerEvent): void {
  state.equal('from', state.account.tradingState, event.from);
  state.text(event.reason);
  state.account.tradingState = event.to as TradingState;
}

export function pauseStrategy(state: FoldState, event: LedgerEvent): void {
  if (state.known(event)) state.account.strategies[event.strategy as number].paused = event.paused as boolean;
  state.text(event.reason);
}

/** A proposal that was denied, or a strategy that failed: the account stays as it is. */
export function turnAway(state: FoldState, event: LedgerEvent): void {
  state.known(event, event.instrument);
  state.text(event.reason);
}

/** A cycle that was given up, under its own time: what it had decided and not sent is over. */
export function closeGap(state: FoldState, event: LedgerEvent): void {
  const { cycle, step, attempts } = event.body as Readonly<Record<string, unknown>>;
  state.equal('cycle', event.cycle, cycle);
  state.check((STEPS as readonly unknown[]).includes(step), 'step', `one of ${STEPS.join(', ')}`, step);
  state.check(Number.isSafeInteger(attempts) && Number(attempts) > 0, 'attempts', 'at least one', attempts);
  const waiting = state.account.orders.find((order) => order.state === 'Initialized');
  state.check(waiting === undefined, 'order', 'no intent that waits to be sent', waiting?.id);
}

const STEPS = ['reconcile', 'signal', 'risk', 'execute'] as const;
