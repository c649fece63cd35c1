/** What an account took over last: from the document of the last change, or else from its events. */
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { LedgerEvent } from '../../core/ledger/events.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import type { Thresholds } from '../../core/risk/limit-changes.ts';
import type { Limits } from '../../core/risk/limits.ts';
import { KEYS } from './account-state.ts';
import { type Applied, strategyHash } from './runs-under.ts';

/** With the limits that the configuration had then, whatever of them was in force. */
export interface AppliedBefore extends Applied {
  readonly thresholds: Thresholds;
  /** Whom the configuration named as the author of its limits. */
  readonly limitsChange?: { readonly by: string; readonly reason: string };
}

/** Throws `ACCOUNT_NOT_OPEN`. */
export async function appliedBefore(ledger: LedgerPort, stream: string): Promise<AppliedBefore> {
  const document = await ledger.document(stream, KEYS.configuration);
  const kept = document?.value as unknown as (Applied & Partial<AppliedBefore>) | undefined;
  if (kept?.thresholds) return { ...kept, thresholds: kept.thresholds };
  // Documents of older releases do not have the limits: then the last event has them, and else the first.
  const recorded = await recordedIn(ledger, stream, kept !== undefined);
  return { ...recorded, ...kept };
}

interface Registered {
  readonly id: string;
  readonly allocation: number;
}

async function recordedIn(ledger: LedgerPort, stream: string, isLast: boolean): Promise<AppliedBefore> {
  const strategies: Record<string, Json>[] = [];
  let found: AppliedBefore | undefined;
  for (let after = 0; ; ) {
    const commits = await ledger.read(stream, after, isLast ? PAGE : 1);
    for (const event of commits.flatMap(({ events }) => events as unknown as LedgerEvent[])) {
      const body = event.body as Record<string, Json>;
      if (event.kind === 'StrategyRegistered') strategies.push(body);
      if (event.kind === 'ConfigurationApplied') found = appliedIn(body, strategies);
    }
    if (found && !isLast) return found;
    if (commits.length > 0) after = commits[commits.length - 1].number;
    else if (found) return found;
    else
      throw new PlimsollError(
        'ACCOUNT_NOT_OPEN',
        `the account ${stream} has no ledger yet`,
        'start the platform once so that its first cycle opens it',
      );
  }
}

const PAGE = 500;

function appliedIn(body: Record<string, Json>, registered: readonly Record<string, Json>[]): AppliedBefore {
  const strategies = (body.strategies as unknown as readonly Record<string, Json>[] | undefined) ?? registered;
  return {
    configurationHash: String(body.configurationHash),
    strategies: strategies.map((strategy) => ({ id: String(strategy.id), contentHash: strategyHash(strategy) })),
    thresholds: {
      limits: body.limits as unknown as Limits,
      allocations: Object.fromEntries(
        (strategies as unknown as readonly Registered[]).map(({ id, allocation }) => [id, allocation]),
      ),
    },
  };
}
