/** What a stream names before it uses it: the account itself, instruments, strategies, configurations and texts. */
import type { LedgerEvent } from './events.ts';
import { instrumentOf, rateOf } from './fold-instrument.ts';
import type { FoldState } from './fold-state.ts';

type Body = Readonly<Record<string, unknown>>;

const bodyOf = (event: LedgerEvent): Body => event.body as Body;

export function openStream({ account }: FoldState, event: LedgerEvent): void {
  const { stream, currency, provenance } = bodyOf(event);
  account.stream = String(stream);
  account.currency = String(currency);
  account.provenance = String(provenance);
}

export function listInstrument(state: FoldState, event: LedgerEvent): void {
  const { index, instrument } = bodyOf(event);
  state.equal('index', state.account.instruments.length, index);
  state.account.instruments.push(instrumentOf(instrument as Record<string, unknown>));
}

/** Its rules and fees are others from here on; what gives its figures their meaning is not. */
export function relistInstrument(state: FoldState, event: LedgerEvent): void {
  const { index, instrument } = bodyOf(event);
  const { instruments } = state.account;
  const before = instruments[Number(index)];
  const now = instrumentOf(instrument as Record<string, unknown>);
  state.equal('symbol', before?.symbol, now.symbol);
  for (const field of ['isPerpetual', 'numerator', 'divisor'] as const)
    state.equal(field, String(before[field]), String(now[field]));
  instruments[Number(index)] = { ...now, halted: before.halted };
}

export function registerStrategy(state: FoldState, event: LedgerEvent): void {
  const { index, id } = bodyOf(event);
  state.equal('index', state.account.strategies.length, index);
  state.account.strategies.push({ id: String(id), paused: false });
}

export function applyConfiguration({ account }: FoldState, event: LedgerEvent): void {
  const { configurationHash, execution } = bodyOf(event);
  account.configurationHash = String(configurationHash);
  account.borrowBpsPerYear = rateOf((execution as Body).borrowBpsPerYear);
}

export function defineText(state: FoldState, event: LedgerEvent): void {
  const { index, text } = bodyOf(event);
  state.equal('index', state.account.texts.length, index);
  state.account.texts.push(String(text));
}
