/** Models on a running platform: what is promoted is taken over, what is rolled back too, and what is damaged leaves the cycle going. */
import { appendFileSync, cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { lifecycleList } from '../../adapters/models/monitoring/lifecycle-list.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { registerCareful, trialOf } from '../adapters/models/careful.ts';
import { root, Workplace } from '../cli/plimsoll.ts';

const PATIENCE = 120_000;
const places: Workplace[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

function workplace(): Workplace {
  const place = new Workplace({
    strategies:
      '[{ strategy: model-opinion, allocation: 0.4 }, { strategy: sma-cross, params: { fast: 2, slow: 3 }, allocation: 0.4 }]',
  });
  places.push(place);
  return place;
}

test(
  'a version that is promoted while the platform runs decides from then on, and the one before again where it is rolled back',
  async () => {
    const place = workplace();
    const platform = place.start('start');
    await platform.printed(/filled .* for sma-cross/);
    const careful = await registerCareful(modelsIn(join(place.directory, 'plimsoll-data')), 'crypto-5m');
    const promoted = await place.run('models', 'promote', 'crypto-5m', careful, '--reason', 'it doubts sooner');
    expect(promoted.code).toBe(0);
    await platform.printed(/Another version of a model decides from now on/);
    await platform.printed(/configuration of "quick" changed and is taken over: model-opinion/);
    expect((await place.run('op', 'strategies.list')).out).toContain(`"models":{"crypto-5m":"${careful}"}`);
    expect((await place.run('models', 'rollback', 'crypto-5m', '--reason', 'it doubts too soon')).code).toBe(0);
    await platform.printed(/Another version[\s\S]*Another version[\s\S]*taken over: model-opinion/);
    expect((await platform.kill('SIGINT')).code).toBe(0);
    expect((await place.run('ledger', 'verify')).code).toBe(0);
  },
  PATIENCE,
);

test(
  'a version on trial decides over its share of the capital beside the champion, and a decision of both is made again',
  async () => {
    const place = workplace();
    const directory = join(place.directory, 'plimsoll-data');
    const platform = place.start('start');
    await platform.printed(/filled .* for sma-cross/);
    const models = modelsIn(directory);
    const careful = await registerCareful(models, 'crypto-5m');
    const { champion } = await models.standing('crypto-5m');
    const list = lifecycleList(new EmbeddedObjectStore(join(directory, 'objects')), 'crypto-5m');
    for (const step of trialOf(champion!, careful, 0.2)) await list.append(() => step);
    await platform.printed(/Another version of a model decides from now on/);
    await platform.printed(/taken over: model-opinion/);
    expect((await place.run('op', 'strategies.list')).out).toContain(
      `"models":{"crypto-5m":"${champion}","crypto-5m/trial":"${careful}@0.2"}`,
    );
    await platform.printed(/taken over: model-opinion[\s\S]*filled/);
    expect((await platform.kill('SIGINT')).code).toBe(0);
    const { code, out, err } = await place.run('replay', 'latest');
    expect([code, code === 0 ? '' : out + err]).toEqual([0, '']);
    expect(out).toMatch(/desk[\s\S]*trial/);
  },
  PATIENCE,
);

test(
  'bad input: a model whose file was tampered with is not asked, the ledger says why, and the other strategies trade on',
  async () => {
    const place = workplace();
    const objects = join(place.directory, 'plimsoll-data/objects');
    cpSync(join(root, 'desks/models/crypto-5m'), join(objects, 'models/crypto-5m'), { recursive: true });
    const [version] = readdirSync(join(objects, 'models/crypto-5m')).filter((name) => name !== 'history');
    appendFileSync(join(objects, 'models/crypto-5m', version, 'lightgbm.model'), 'x');
    const platform = place.start('start');
    await platform.printed(
      /the model "crypto-5m" cannot be used: .*lightgbm\.model is not the one that was registered/,
    );
    await platform.printed(/filled .* for sma-cross/);
    expect((await platform.kill('SIGINT')).code).toBe(0);
    expect((await place.run('ledger', 'verify')).code).toBe(0);
  },
  PATIENCE,
);
