/** What a stream names before it uses it: the account itself, instruments, strategies, configurations and texts. */
import type { LedgerEvent } from './events.ts';
import { FoldedBody } from './fold-body.ts';
import { instrumentOf, rateOf } from './fold-instrument.ts';
import type { FoldState } from './fold-state.ts';

export function openStream(state: FoldState, event: LedgerEvent): void {
  const body = FoldedBody.of(state, event);
  state.account.stream = body.text('stream');
  state.account.currency = body.text('currency');
  state.account.provenance = body.text('provenance');
}

export function listInstrument(state: FoldState, event: LedgerEvent): void {
  const body = FoldedBody.of(state, event);
  state.equal('index', state.account.instruments.length, body.count('index'));
  state.account.instruments.push(instrumentOf(body.object('instrument')));
}

/** Its rules and fees are others from here on; what gives its figures their meaning is not. */
export function relistInstrument(state: FoldState, event: LedgerEvent): void {
  const body = FoldedBody.of(state, event);
  const index = body.count('index');
  const { instruments } = state.account;
  const before = instruments[index];
  state.check(before !== undefined, 'index', `below ${instruments.length}`, index);
  const now = instrumentOf(body.object('instrument'));
  if (state.wrong) return;
  state.equal('symbol', before.symbol, now.symbol);
  for (const field of ['isPerpetual', 'numerator', 'divisor'] as const)
    state.equal(field, String(before[field]), String(now[field]));
  instruments[index] = { ...now, halted: before.halted };
}

export function registerStrategy(state: FoldState, event: LedgerEvent): void {
  const body = FoldedBody.of(state, event);
  state.equal('index', state.account.strategies.length, body.count('index'));
  state.account.strategies.push({ id: body.text('id'), paused: false });
}

export function applyConfiguration(state: FoldState, event: LedgerEvent): void {
  const body = FoldedBody.of(state, event);
  state.account.configurationHash = body.text('configurationHash');
  state.account.borrowBpsPerYear = rateOf(body.object('execution').ratio('borrowBpsPerYear'));
}

export function defineText(state: FoldState, event: LedgerEvent): void {
  const body = FoldedBody.of(state, event);
  state.equal('index', state.account.texts.length, body.count('index'));
  state.account.texts.push(body.text('text'));
}
