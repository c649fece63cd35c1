/** Limits loosened in the file of a laptop: a restart does not let them through, a person does. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { LimitsChangesOutput } from '../../operations/limits/schema.ts';
import { until, Workplace } from '../cli/plimsoll.ts';

const PATIENCE = 180_000;
const places: Workplace[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

const started = /Dashboard and API: /;
const settingOf = async (place: Workplace, limit: string): Promise<unknown> => {
  const { out } = await place.run('risk', 'limits', '--json');
  return (JSON.parse(out) as { limits: { name: string; setting: unknown }[] }).limits.find(({ name }) => name === limit)
    ?.setting;
};
const changesOf = async (place: Workplace): Promise<LimitsChangesOutput> =>
  JSON.parse((await place.run('limits', 'changes', '--json')).out);

function edit(place: Workplace, from: string, to: string): void {
  const file = join(place.directory, 'plimsoll.yaml');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

test(
  'a limit that is loosened in the file is held back over restarts, seen everywhere, and holds once it is approved by name',
  async () => {
    const place = new Workplace({ more: '' });
    places.push(place);
    edit(place, 'id: quick, universe: one,', 'id: quick, universe: one, limits: { maxOrderNotional: 900 },');
    let platform = place.start('start');
    await platform.printed(/filled /);
    await platform.kill('SIGINT');

    edit(place, 'maxOrderNotional: 900', 'maxOrderNotional: 5000, maxDrawdown: 0.3');
    platform = place.start('start');
    await platform.printed(/held back until it is approved \(version 1\): maxOrderNotional 900 → 5000/);
    await platform.printed(started);
    expect([await settingOf(place, 'maxOrderNotional'), await settingOf(place, 'maxDrawdown')]).toEqual([900, 0.3]);
    expect((await place.run('status')).out).toMatch(
      /Limits +version 1 waits for approval.*maxOrderNotional 900 → 5000/,
    );
    await platform.kill('SIGINT');

    platform = place.start('start');
    await platform.printed(started);
    expect(await settingOf(place, 'maxOrderNotional')).toBe(900);
    const asked = await place.run('limits', 'approve', '1', '--reason', 'seen');
    expect(asked).toMatchObject({ code: 1, err: expect.stringMatching(/typed.*Confirm it with quick/) });
    const approved = await place.run('limits', 'approve', '1', '--reason', 'seen', '--confirm', 'quick');
    expect(approved).toMatchObject({ code: 0, out: expect.stringContaining('loosens maxOrderNotional 900 → 5000') });
    await until(
      () => settingOf(place, 'maxOrderNotional'),
      (setting) => setting === 5_000,
    );
    await platform.printed(/limits +version 1 is in force \(local owner: seen\)/);
    await platform.kill('SIGINT');

    expect(await changesOf(place)).toMatchObject({
      version: 1,
      held: null,
      changes: [{ outcome: 'applied', by: 'local owner' }, { outcome: 'held' }, { outcome: 'applied' }],
    });
    expect((await place.run('limits', 'reject', '1', '--reason', 'late')).err).toMatch(/No change of limits waits/);
    expect(await place.run('ledger', 'verify')).toMatchObject({ code: 0 });
  },
  PATIENCE,
);
