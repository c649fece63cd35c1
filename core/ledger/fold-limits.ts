/** Changes of an account's limits: numbered without a gap, and none loosens anything that did not wait for approval. */
import type { LedgerEvent } from './events.ts';
import { FoldedBody } from './fold-body.ts';
import type { FoldState } from './fold-state.ts';

export function applyLimits(state: FoldState, event: LedgerEvent): void {
  const { limits } = state.account;
  const body = FoldedBody.of(state, event);
  const version = body.count('version');
  const effects = body.objects('changes').map((change) => change.text('effect'));
  if (limits.held !== 0) {
    state.equal('version', limits.held, version);
    limits.held = 0;
    return;
  }
  state.equal('version', limits.version + 1, version);
  const loosens = effects.some((effect) => effect !== 'tightens');
  state.check(!loosens, 'effect', 'tightens, where nothing waited for approval', 'loosens');
  limits.version = version;
}

/** What tightens of the same change came just before. */
export function holdLimits(state: FoldState, event: LedgerEvent): void {
  const { limits } = state.account;
  const version = FoldedBody.of(state, event).count('version');
  state.equal('held', 0, limits.held);
  const isNext = version === limits.version || version === limits.version + 1;
  state.check(isNext && version !== 0, 'version', `${limits.version} or the next`, version);
  limits.version = version;
  limits.held = version;
}

export function dropLimits(state: FoldState, event: LedgerEvent): void {
  const { limits } = state.account;
  state.check(limits.held !== 0, 'held', 'a change that waits', 'none');
  state.equal('version', limits.held, FoldedBody.of(state, event).count('version'));
  limits.held = 0;
}
