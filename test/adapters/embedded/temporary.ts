import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Embedded, type EmbeddedOptions, openEmbedded } from '../../../adapters/embedded/embedded.ts';
import type { Json } from '../../../core/json.ts';
import type { CommitOutcome, LedgerPort } from '../../../core/ports/ledger.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A directory that goes when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  return directory;
}

/** Opens a data directory that is closed when the test ends. */
export function openTemporary(options: Partial<EmbeddedOptions> = {}): Embedded {
  const embedded = openEmbedded({ directory: temporaryDirectory(), ...options });
  cleanups.push(() => embedded.close());
  return embedded;
}

/** Appends one event and counts it in a document, atomically. */
export async function append(ledger: LedgerPort, stream: string, event: Json): Promise<CommitOutcome> {
  const expected = await ledger.head(stream);
  return ledger.commit({
    stream,
    expected,
    events: [event],
    hash: `h${expected.commit + 1}`,
    documents: [{ key: 'count', value: expected.commit + 1, expectedVersion: 'any' }],
    guards: [],
  });
}

/** Every commit of a stream, in pages. */
export async function readAll(ledger: LedgerPort, stream: string) {
  const commits = [];
  for (let page = await ledger.read(stream, 0, 1000); page.length > 0; ) {
    commits.push(...page);
    page = await ledger.read(stream, page[page.length - 1].number, 1000);
  }
  return commits;
}

/** Whether the file system may refuse this process what its permission bits say; it refuses root nothing. */
export const isRoot = process.getuid?.() === 0;
