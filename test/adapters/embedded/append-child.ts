/**
 * Run as a process of its own: appends commits, and prints the number of each once it is acknowledged, until it is
 * killed. With a third argument it races another writer, and goes on where that one is.
 */
import { writeSync } from 'node:fs';
import { openEmbedded } from '../../../adapters/embedded/embedded.ts';

const [directory, stream, retry] = process.argv.slice(2);
const { ledger } = openEmbedded({ directory });

for (let head = await ledger.head(stream); ; ) {
  const number = head.commit + 1;
  const outcome = await ledger.commit({
    stream,
    expected: head,
    events: [{ number, padding: 'x'.repeat(number % 400) }, { number }],
    hash: `h${number}`,
    documents: [
      { key: 'count', value: number, expectedVersion: 'any' },
      { key: `step/${number % 10}`, value: number, expectedVersion: 'any' },
    ],
    guards: [],
  });
  if (outcome.kind === 'conflict' && retry) {
    head = await ledger.head(stream);
    continue;
  }
  if (outcome.kind !== 'committed') throw new Error(outcome.kind);
  head = outcome.head;
  writeSync(1, `${number}\n`);
}
