/** A ledger in memory that keeps the port's promises; commits take a turn of the event loop, so that writers can meet. */
import { canonicalJson } from '../../../../core/json.ts';
import type {
  Commit,
  CommitOutcome,
  CommitRequest,
  DocumentQuery,
  LedgerDocument,
  LedgerHead,
  LedgerPort,
} from '../../../../core/ports/ledger.ts';

export class MemoryLedger implements LedgerPort {
  readonly commits: Commit[] = [];
  readonly #documents = new Map<string, LedgerDocument>();

  async head(): Promise<LedgerHead> {
    const last = this.commits.at(-1);
    return last
      ? { commit: last.number, sequence: last.firstSequence + last.events.length - 1 }
      : { commit: 0, sequence: 0 };
  }

  async commit({ stream, expected, events, hash, documents, guards }: CommitRequest): Promise<CommitOutcome> {
    const head = await this.head();
    if (head.commit !== expected.commit || head.sequence !== expected.sequence) return { kind: 'conflict' };
    const versionOf = (key: string): number => this.#documents.get(key)?.version ?? 0;
    const broken = [...guards.map(({ key, version }) => ({ key, expectedVersion: version })), ...documents].find(
      ({ key, expectedVersion }) => expectedVersion !== 'any' && versionOf(key) !== expectedVersion,
    );
    if (broken) return { kind: 'guarded', key: broken.key };
    for (const { key, value } of documents)
      this.#documents.set(key, { key, version: versionOf(key) + 1, value: JSON.parse(canonicalJson(value)) });
    if (events.length > 0) {
      const stored = JSON.parse(JSON.stringify(events));
      this.commits.push({ stream, number: head.commit + 1, firstSequence: head.sequence + 1, events: stored, hash });
    }
    return { kind: 'committed', head: await this.head() };
  }

  async read(_stream: string, after: number, limit: number): Promise<Commit[]> {
    return this.commits.slice(after, after + limit);
  }

  async document(_stream: string, key: string): Promise<LedgerDocument | undefined> {
    return this.#documents.get(key);
  }

  async documents(_stream: string, { prefix, after, reverse, limit }: DocumentQuery): Promise<LedgerDocument[]> {
    const keys = [...this.#documents.keys()].filter((key) => key.startsWith(prefix)).sort();
    if (reverse) keys.reverse();
    const isBehind = (key: string): boolean => after === undefined || (reverse ? key < after : key > after);
    return keys
      .filter(isBehind)
      .slice(0, limit)
      .map((key) => this.#documents.get(key) as LedgerDocument);
  }

  async streams(): Promise<string[]> {
    return [...new Set(this.commits.map(({ stream }) => stream))];
  }
}
