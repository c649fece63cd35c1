import type { Engine } from '../../core/engine/engine.ts';
import type { LedgerEvent } from '../../core/ledger/events.ts';

const WORDS: Partial<Record<LedgerEvent['kind'], readonly [one: string, many: string]>> = {
  OrderInitialized: ['intent', 'intents'],
  OrderDenied: ['denial', 'denials'],
  OrderSubmitted: ['submitted', 'submitted'],
  OrderFilled: ['fill', 'fills'],
  OrderFilledAtVenue: ['fill', 'fills'],
  ExternalFilled: ['fill of another', 'fills of others'],
  ParentFilled: ['worked to its end', 'worked to their end'],
  OrderCanceled: ['canceled', 'canceled'],
  OrderRejected: ['rejected', 'rejected'],
  OrderExpired: ['expired', 'expired'],
  OrderUnresolved: ['unresolved', 'unresolved'],
  OrderLost: ['lost', 'lost'],
  OrderTriggered: ['stop triggered', 'stops triggered'],
  FundingSettled: ['funding payment', 'funding payments'],
  BorrowCharged: ['borrow charge', 'borrow charges'],
  TradingStateChanged: ['change of trading state', 'changes of trading state'],
  VenueAlert: ['alert', 'alerts'],
  StrategyFailed: ['strategy failed', 'strategies failed'],
};

/** What happened since a sequence, in a few words for people: "2 fills, 1 canceled". */
export function countEvents(engine: Engine, since: number, nothing: string): string {
  const counts = new Map<LedgerEvent['kind'], number>();
  for (const kind of engine.journal.kindsSince(since)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const parts = [...counts].flatMap(([kind, count]) => {
    const words = WORDS[kind];
    return words ? [`${count} ${count === 1 ? words[0] : words[1]}`] : [];
  });
  return parts.length > 0 ? parts.join(', ') : nothing;
}
