import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import type { Json } from '../../core/json.ts';
import { Journal } from '../../core/ledger/journal.ts';
import { everyKind } from '../core/ledger/every-kind.ts';
import { Workplace } from './plimsoll.ts';

const STREAM = 'local/hand';
const PER_COMMIT = 20;
const events = everyKind();
const at = events.findIndex(({ kind }) => kind === 'LimitsApplied');

let place: Workplace;
let data: string;
const places: Workplace[] = [];
afterAll(() => {
  for (const each of places) each.remove();
});

beforeEach(async () => {
  place = new Workplace();
  places.push(place);
  data = join(place.directory, 'data');
  const embedded = openEmbedded({ directory: data });
  const journal = new Journal();
  for (let first = 0; first < events.length; first += PER_COMMIT) {
    const batch = events.slice(first, first + PER_COMMIT);
    for (const event of batch) journal.append(event);
    const outcome = await embedded.ledger.commit({
      stream: STREAM,
      expected: { commit: first / PER_COMMIT, sequence: first },
      events: batch as unknown as Json[],
      hash: journal.head(),
      documents: [],
      guards: [],
    });
    expect(outcome.kind).toBe('committed');
  }
  await embedded.close();
});

/** What stands in a commit of the file, changed by other hands. */
function damage(commit: number, change: (stored: string) => string): void {
  const db = new DatabaseSync(join(data, 'plimsoll.db'));
  const { events: stored } = db.prepare('SELECT events FROM commits WHERE number = ?').get(commit) ?? {};
  expect(change(stored as string)).not.toBe(stored);
  db.prepare('UPDATE commits SET events = ? WHERE number = ?').run(change(stored as string), commit);
  db.close();
}

const verify = (...more: string[]) => place.run('ledger', 'verify', '--data', data, ...more);

describe('plimsoll ledger verify', () => {
  test('says that a ledger of every kind of event holds', async () => {
    expect(await verify()).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(
        `^${STREAM}: holds, ${events.length} events in ${Math.ceil(events.length / PER_COMMIT)} commits`,
      ),
    });
  });

  test('names the event whose body was damaged, with the way out', async () => {
    damage(1, (stored) => stored.replace(/"changes":\[\{[^\]]*"tightens"[^\]]*\]/, '"changes":null'));
    expect(await verify()).toEqual({
      code: 1,
      err: '',
      out: `${STREAM}: does not hold at event ${at + 1} (LimitsApplied): changes should be a list and is null. Keep the files as they are and restore a backup beside them.\n`,
    });
    const { code, out } = await verify('--json');
    expect([code, JSON.parse(out)]).toMatchObject([
      1,
      {
        holds: false,
        streams: [{ holds: false, fault: { sequence: at + 1, kind: 'LimitsApplied', what: 'changes' } }],
      },
    ]);
  });

  test('names the commit whose text is no list of events, after what stands before it', async () => {
    damage(2, (stored) => stored.slice(0, -1));
    const { code, out, err } = await verify();
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(`Commit 2 of ${STREAM} is damaged: the events from ${PER_COMMIT + 1} on cannot be read.`);
    expect(err).toContain('restore a backup');
    damage(2, () => '7');
    expect((await verify()).err).toContain(`Commit 2 of ${STREAM} is damaged`);
    damage(1, (stored) => stored.replace('"tightens"', '"x"'));
    expect((await verify()).out).toContain(`does not hold at event ${at + 1} (LimitsApplied)`);
  });
});
