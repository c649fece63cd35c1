/** Events of a stream by sequence: the ledger port reads by commit, people ask by sequence. */
import type { LedgerEvent } from '../../core/ledger/events.ts';
import { upcast } from '../../core/ledger/upcasters.ts';
import type { Commit, LedgerPort } from '../../core/ports/ledger.ts';

export interface SequencedEvent {
  readonly sequence: number;
  /** Number of the commit that it came with. */
  readonly commit: number;
  readonly event: LedgerEvent;
}

/** Commits that one request reads. */
const PAGE_COMMITS = 200;

/** The events after a sequence, in order, at most `limit`. */
export async function eventsAfter(
  ledger: LedgerPort,
  stream: string,
  after: number,
  limit: number,
): Promise<SequencedEvent[]> {
  const found: SequencedEvent[] = [];
  let commit = (await commitHolding(ledger, stream, after + 1)) - 1;
  while (found.length < limit) {
    const commits = await ledger.read(stream, commit, Math.min(PAGE_COMMITS, limit - found.length + 1));
    if (commits.length === 0) break;
    for (const each of commits) found.push(...eventsOf(each).filter(({ sequence }) => sequence > after));
    commit = commits[commits.length - 1].number;
  }
  return found.slice(0, limit);
}

/** The events of one cycle, in order, at most `limit`: found by halves, since cycles only go up. */
export async function eventsOfCycle(
  ledger: LedgerPort,
  stream: string,
  cycle: number,
  limit: number,
): Promise<SequencedEvent[]> {
  const found: SequencedEvent[] = [];
  let after = (await firstCommitUpTo(ledger, stream, cycle)) - 1;
  while (found.length < limit) {
    const commits = await ledger.read(stream, after, PAGE_COMMITS);
    const events = commits.flatMap(eventsOf);
    found.push(...events.filter(({ event }) => event.cycle === cycle));
    if (commits.length < PAGE_COMMITS || events.some(({ event }) => event.cycle > cycle)) break;
    after = commits[commits.length - 1].number;
  }
  return found.slice(0, limit);
}

/** Number of the first commit that ends at a cycle or after it; one past the last where none does. */
async function firstCommitUpTo(ledger: LedgerPort, stream: string, cycle: number): Promise<number> {
  let low = 1;
  let high = (await ledger.head(stream)).commit + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [commit] = await ledger.read(stream, middle - 1, 1);
    if (upcast(commit.events[commit.events.length - 1]).cycle >= cycle) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Windows of the past that are looked through before giving up: about 10,000 commits. */
const PAST_WINDOWS = 50;

/** The events before a commit, newest first, as far back as is looked. */
export async function* eventsBefore(
  ledger: LedgerPort,
  stream: string,
  commit: number,
  windows: number = PAST_WINDOWS,
): AsyncGenerator<SequencedEvent> {
  let before = commit;
  for (let window = 0; window < windows && before > 1; window++) {
    const after = Math.max(0, before - 1 - PAGE_COMMITS);
    const commits = await ledger.read(stream, after, before - 1 - after);
    for (const each of commits.reverse()) yield* eventsOf(each).reverse();
    before = after + 1;
  }
}

function eventsOf({ number, firstSequence, events }: Commit): SequencedEvent[] {
  return events.map((event, k) => ({ sequence: firstSequence + k, commit: number, event: upcast(event) }));
}

/** Number of the commit that holds a sequence; one past the last where it is not written yet. */
async function commitHolding(ledger: LedgerPort, stream: string, sequence: number): Promise<number> {
  const head = await ledger.head(stream);
  if (sequence > head.sequence) return head.commit + 1;
  // A commit has at least one event, so that the commit cannot be further from either end than the sequence is.
  let low = Math.max(1, head.commit - (head.sequence - sequence));
  let high = Math.min(head.commit, sequence);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const [commit] = await ledger.read(stream, middle - 1, 1);
    if (commit.firstSequence <= sequence) low = middle;
    else high = middle - 1;
  }
  return low;
}
