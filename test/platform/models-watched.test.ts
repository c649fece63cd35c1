/** A platform that watches its models by itself: as people run it, killed in the midst, and beside the command that does the same. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WatchOutput } from '../../operations/models/schema.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { until, Workplace } from '../cli/plimsoll.ts';
import { walk } from '../core/models/walk.ts';
import { csvOf } from './models/bars-file.ts';
import { registered } from './models/versions.ts';

const PATIENCE = 240_000;
const BARS = walk(3_600);
const place = new Workplace();
let version: string;
beforeAll(async () => {
  const registry = modelsIn(join(place.directory, 'plimsoll-data'));
  const period = { from: BARS.timestamp[50], to: BARS.timestamp[3_100] };
  version = await registered(registry, { weights: [-1, 0], period });
  await registry.act('gold', 'promoted', version, { at: period.to, by: 'a test', reason: 'the first' });
  place.write('gold.csv', csvOf(BARS));
  place.write('watch.yaml', 'models:\n  gold: { bars: gold.csv, everyMinutes: 0.01 }\n');
});
afterAll(() => place.remove());

const watched = async (): Promise<WatchOutput['models'][number]> =>
  (JSON.parse((await place.run('op', 'models.watch')).out) as WatchOutput).models[0];

test(
  'looks beside the cycles, goes on after it was killed, lets no other look meanwhile, and leaves nothing when it stops',
  async () => {
    const first = place.start('start');
    await first.printed(/gold {2}champion-seen: it decides/);
    await first.printed(/filled .* for sma-cross/);
    await until(watched, (sighting) => sighting?.stage === 'observing');
    expect(await watched()).toMatchObject({ champion: version, problem: null, figures: { rows: 500 } });
    const beside = await place.run('models', 'watch', 'gold', '--bars', 'gold.csv');
    expect([beside.code, beside.err]).toEqual([1, expect.stringMatching(/"gold" is watched by another process/)]);
    await first.kill('SIGKILL');
    const { lookedAt } = await watched();
    const second = place.start('start');
    await second.printed(/Dashboard and API/);
    await until(watched, (sighting) => sighting.lookedAt !== lookedAt);
    const { code, out } = await second.kill('SIGTERM');
    expect(code).toBe(0);
    // What was seen before the kill is not told again.
    expect(out).not.toMatch(/champion-seen/);
    // Nobody holds the model any more.
    const alone = await place.run('models', 'watch', 'gold', '--bars', 'gold.csv', '--json');
    expect(JSON.parse(alone.out)).toMatchObject({ transitions: [], state: { champion: version } });
    expect((await place.run('ledger', 'verify')).code).toBe(0);
  },
  PATIENCE,
);

test(
  'bad input: with a watch.yaml that is wrong it does not start, and says where',
  async () => {
    place.write('watch.yaml', 'models:\n  gold: { bars: gold.csv, evryMinutes: 1 }\n');
    const { code, err } = await place.run('start');
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/watch\.yaml:2 there is no key "evryMinutes".*everyMinutes/),
    ]);
  },
  PATIENCE,
);

test(
  'bad input: a model that is watched and is not there is told of, and everything else goes on',
  async () => {
    place.write('watch.yaml', 'models:\n  godl: { bars: gold.csv }\n');
    const platform = place.start('start');
    await platform.printed(/godl is not watched: There is no model "godl"\. Use gold/);
    await platform.printed(/filled .* for sma-cross/);
    expect((await platform.kill('SIGTERM')).code).toBe(0);
  },
  PATIENCE,
);
