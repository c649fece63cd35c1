/** That nobody can listen to a live account's venue, kept for those who ask from elsewhere. Nothing is decided from it. */
import type { Json } from '../../core/json.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import { KEYS } from './account-state.ts';

/** Since when (ms UTC, this machine's), and why. */
export interface StreamAway {
  readonly since: number;
  readonly reason: string;
}

/** Writers that it yields to; what cannot be kept then is kept the next time. */
const MAX_CONFLICTS = 10;

/** Undefined: the stream is back, or nobody listens any more. Writes nothing where that is what is kept. */
export async function noteStreamAway(ledger: LedgerPort, stream: string, away: StreamAway | undefined): Promise<void> {
  if (away === undefined && (await streamAway(ledger, stream)) === undefined) return;
  const value = (away ?? null) as unknown as Json;
  const documents = [{ key: KEYS.streamAway, value, expectedVersion: 'any' as const }];
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const expected = await ledger.head(stream);
    if (expected.sequence === 0) return;
    const outcome = await ledger.commit({ stream, expected, events: [], hash: '', documents, guards: [] });
    if (outcome.kind !== 'conflict') return;
  }
}

export async function streamAway(ledger: LedgerPort, stream: string): Promise<StreamAway | undefined> {
  const kept = await ledger.document(stream, KEYS.streamAway);
  return (kept?.value as StreamAway | null | undefined) ?? undefined;
}
