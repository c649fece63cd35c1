import { PlimsollError } from '../errors.ts';
import { type Commit, LEDGER_BOUNDS } from '../ports/ledger.ts';
import { DOCUMENT_EVENTS, type LedgerEvent, NUMERIC_EVENTS } from './events.ts';
import { LedgerFold } from './fold.ts';
import { Journal } from './journal.ts';
import { shown } from './shown.ts';
import { upcast } from './upcasters.ts';

export type Verification =
  | {
      readonly holds: true;
      readonly commits: number;
      readonly sequence: number;
      /** Hash of the chain after the last event, hex; to compare with what is anchored elsewhere. */
      readonly head: string;
      readonly fold: LedgerFold;
    }
  | LedgerFault;

/** The first event that does not hold. */
export interface LedgerFault {
  readonly holds: false;
  /** Of the event; where a whole commit is wrong, of its first (number, sequence) or last (hash) one. */
  readonly sequence: number;
  readonly commit: number;
  readonly kind: string;
  /** The field or the rule. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * Checks a stream from its first commit: numbers and sequences without a gap, the hash chain, and every state and amount that an
 * event claims, worked out anew (fold.ts). Stops at the first event that does not hold, and throws at none. A tail that was cut off is seen only by
 * comparing `head` with a hash that was kept elsewhere.
 */
export function verifyLedger(commits: Iterable<Commit>): Verification {
  const verifier = new LedgerVerifier();
  for (const commit of commits) {
    const fault = verifier.add(commit);
    if (fault) return fault;
  }
  return verifier.result();
}

/** The same, commit by commit, for streams that are read in pages. */
export class LedgerVerifier {
  readonly fold = new LedgerFold();
  readonly #journal = new Journal();
  #commits = 0;

  /** Takes the next commit; returns what does not hold in it. */
  add(commit: Commit): LedgerFault | undefined {
    const sequence = this.#journal.sequence;
    const at = (what: string, expected: unknown, found: unknown): LedgerFault =>
      fault(commit, sequence + 1, commit.events[0], what, expected, found);
    if (commit.number !== this.#commits + 1) return at('commit', this.#commits + 1, commit.number);
    if (commit.firstSequence !== sequence + 1) return at('firstSequence', sequence + 1, commit.firstSequence);
    if (commit.events.length === 0) return at('events', 'at least one', 'none');
    this.#commits++;
    for (let k = 0; k < commit.events.length; k++) {
      const wrong = this.#addEvent(commit, sequence + 1 + k, commit.events[k]);
      if (wrong) return wrong;
    }
    const head = this.#journal.head();
    const last = commit.events.length - 1;
    // A full commit without a hash is a part of a longer one: the commit that ends it has the hash of all.
    const isPart = commit.hash === '' && commit.events.length === LEDGER_BOUNDS.eventsPerCommit;
    if (commit.hash !== head && !isPart)
      return fault(commit, sequence + 1 + last, commit.events[last], 'hash', head, commit.hash);
    // What is hashed need not be held: memory stays at a block of events.
    this.#journal.forgetHashed();
    return undefined;
  }

  result(): Verification {
    const { fold } = this;
    return { holds: true, commits: this.#commits, sequence: fold.account.sequence, head: this.#journal.head(), fold };
  }

  #addEvent(commit: Commit, sequence: number, stored: unknown): LedgerFault | undefined {
    try {
      const event = upcast(stored);
      this.#journal.append(stored as LedgerEvent);
      const surplus = surplusField(event);
      if (surplus !== undefined) return fault(commit, sequence, event, surplus, 'no such field', event[surplus]);
      const wrong = this.fold.apply(event);
      return wrong && fault(commit, sequence, event, wrong.what, wrong.expected, wrong.found);
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      return fault(commit, sequence, stored, 'event', 'an event that can be read', error.message);
    }
  }
}

/** By kind, the fields that the record, and so the chain, covers. */
const COVERED: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ...Object.entries(NUMERIC_EVENTS).map(([kind, { packed, words }]) => {
    const fields: readonly (readonly [name: string, ...unknown[]])[] = [...packed, ...words];
    return [kind, new Set(['kind', 'version', 'cycle', ...fields.map(([name]) => name)])] as const;
  }),
  ...Object.keys(DOCUMENT_EVENTS).map((kind) => [kind, new Set(['kind', 'version', 'cycle', 'body'])] as const),
]);

/** A field that it does not cover. */
function surplusField(event: LedgerEvent): string | undefined {
  const covered = COVERED.get(event.kind);
  for (const name in event) if (!covered?.has(name)) return name;
  return undefined;
}

function fault(
  commit: Commit,
  sequence: number,
  event: unknown,
  what: string,
  expected: unknown,
  found: unknown,
): LedgerFault {
  const kind = (event as LedgerEvent | undefined)?.kind;
  return {
    holds: false,
    sequence,
    commit: commit.number,
    kind: shown(kind),
    what,
    expected: shown(expected),
    found: shown(found),
  };
}
