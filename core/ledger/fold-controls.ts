/** Who may trade: the trading state, paused strategies, halted instruments, and the strategies and proposals that were turned away. */
import type { Purpose } from '../execution/order.ts';
import type { TradingState } from '../risk/trading-state.ts';
import type { LedgerEvent } from './events.ts';
import { FoldedBody } from './fold-body.ts';
import type { FoldedOrder, FoldState } from './fold-state.ts';

export function changeTradingState(state: FoldState, event: LedgerEvent): void {
  state.equal('from', state.account.tradingState, event.from);
  state.text(event.reason);
  state.account.tradingState = event.to as TradingState;
}

export function pauseStrategy(state: FoldState, event: LedgerEvent): void {
  if (state.known(event)) state.account.strategies[event.strategy as number].paused = event.paused as boolean;
  state.text(event.reason);
}

export function haltInstrument(state: FoldState, event: LedgerEvent): void {
  const instrument = state.account.instruments[event.instrument as number];
  const count = state.account.instruments.length;
  state.check(instrument !== undefined, 'instrument', `below ${count}`, event.instrument);
  state.text(event.reason);
  if (!instrument) return;
  state.equal('halted', String(!instrument.halted), event.halted);
  instrument.halted = event.halted as boolean;
}

/** What may begin while trading is halted: what a person or the venue closes. Sent is only what was meant for a halt. */
const BEGUN_IN_HALT: readonly Purpose[] = ['manual', 'flatten', 'liquidation'];
const SENT_IN_HALT: readonly Purpose[] = ['flatten', 'liquidation'];

/** Holds an intent, or with `sent` its submission, against the stops that stand. */
export function checkStops(state: FoldState, order: FoldedOrder, sent: boolean): void {
  const { tradingState, instruments } = state.account;
  const { purpose, reduceOnly } = order;
  if (tradingState === 'Halted') {
    const allowed = sent ? SENT_IN_HALT : BEGUN_IN_HALT;
    state.check(allowed.includes(purpose), 'purpose', `while halted one of ${allowed.join(', ')}`, purpose);
  }
  if (tradingState === 'Reducing')
    state.check(reduceOnly, 'reduceOnly', 'true while trading is reducing', String(reduceOnly));
  if (instruments[order.instrument]?.halted)
    state.check(reduceOnly, 'reduceOnly', 'true in a halted instrument', String(reduceOnly));
}

/** A proposal that was denied, or a strategy that failed: the account stays as it is. */
export function turnAway(state: FoldState, event: LedgerEvent): void {
  state.known(event, event.instrument);
  state.text(event.reason);
}

/** A cycle that was given up, under its own time: what it had decided and not sent is over. */
export function closeGap(state: FoldState, event: LedgerEvent): void {
  const body = FoldedBody.of(state, event);
  const step = body.text('step');
  state.equal('cycle', event.cycle, body.count('cycle'));
  state.check((STEPS as readonly string[]).includes(step), 'step', `one of ${STEPS.join(', ')}`, step);
  body.count('attempts', { least: 1 });
  const waiting = state.account.orders.find((order) => order.state === 'Initialized');
  state.check(waiting === undefined, 'order', 'no intent that waits to be sent', waiting?.id);
}

const STEPS = ['reconcile', 'signal', 'risk', 'execute'] as const;
