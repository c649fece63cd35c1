import type {
  AccountSummary,
  Cycle,
  EquityPoint,
  LedgerEvent,
  Order,
  Position,
  Proposal,
  RunningStrategy,
  Updates,
} from '../api/types.ts';

/** What the page knows of an account: whole lists, replaced and never changed in place. */
export interface AccountView {
  readonly account: AccountSummary;
  /** The last ones, in order of their sequence, without a gap. */
  readonly events: readonly LedgerEvent[];
  /** Newest first. */
  readonly cycles: readonly Cycle[];
  /** Oldest first. */
  readonly equity: readonly EquityPoint[];
  readonly positions: readonly Position[];
  /** Working ones and those that ended lately. */
  readonly orders: readonly Order[];
  /** Newest first. */
  readonly proposals: readonly Proposal[];
  readonly strategies: readonly RunningStrategy[];
  /** Sequence of the last event that is in the view. */
  readonly sequence: number;
  /** Hash of the ledger's chain, and the sequence that it covers. */
  readonly chain: { readonly sequence: number; readonly hash: string };
}

/** What a page keeps, so that one left open for weeks stays as light as it was. */
export const KEPT = { events: 1_000, cycles: 100, equity: 1_000 } as const;

/** True where the updates leave a gap after what the view has. */
export function leavesGap(sequence: number, updates: Updates): boolean {
  const next = updates.events.find((event) => event.sequence > sequence);
  return next ? next.sequence !== sequence + 1 : updates.sequence > sequence;
}

/** The view with the updates in it: each event once, whatever was sent twice. */
export function withUpdates(view: AccountView, updates: Updates): AccountView {
  const fresh = updates.events.filter((event) => event.sequence > view.sequence);
  return {
    ...view,
    account: isOlder(updates.account, view.account) ? view.account : updates.account,
    events: fresh.length > 0 ? [...view.events, ...fresh].slice(-KEPT.events) : view.events,
    cycles: mergeCycles(view.cycles, updates.cycles),
    equity: mergeEquity(view.equity, updates.cycles),
    sequence: fresh.at(-1)?.sequence ?? view.sequence,
  };
}

/** A cycle can pass without an event. */
function isOlder(a: AccountSummary, b: AccountSummary): boolean {
  return a.sequence < b.sequence || (a.sequence === b.sequence && (a.cycle ?? 0) < (b.cycle ?? 0));
}

function mergeCycles(known: readonly Cycle[], updated: readonly Cycle[]): readonly Cycle[] {
  if (updated.length === 0) return known;
  const byTime = new Map([...known, ...updated].map((cycle) => [cycle.cycle, cycle]));
  return [...byTime.values()].sort((a, b) => b.cycle - a.cycle).slice(0, KEPT.cycles);
}

function mergeEquity(known: readonly EquityPoint[], updated: readonly Cycle[]): readonly EquityPoint[] {
  const points = updated.flatMap((cycle) =>
    cycle.equity === null ? [] : [{ time: cycle.cycle, equity: Number(cycle.equity) }],
  );
  if (points.length === 0) return known;
  const byTime = new Map([...known, ...points].map((point) => [point.time, point]));
  return [...byTime.values()].sort((a, b) => a.time - b.time).slice(-KEPT.equity);
}
