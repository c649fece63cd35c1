/** Models are found, shown and compared: those of the catalogue beside a version that was registered here. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { ModelRegistry } from '../../adapters/models/registry.ts';
import type { Listed } from '../../operations/models/listed.ts';
import { catalogueAtHand } from '../../platform/models/catalogue-at-hand.ts';
import { FROM, TO, versionFiles } from '../operations/model-version.ts';
import { Workplace } from './plimsoll.ts';

describe('plimsoll models', () => {
  const place = new Workplace();
  const data = join(place.directory, 'data');
  const models = async (...args: string[]) => {
    const { code, out, err } = await place.run('models', ...args, '--data', data);
    return { code, out, err };
  };
  const json = async <Answer>(...args: string[]): Promise<Answer> =>
    JSON.parse((await models(...args, '--json')).out) as Answer;
  let first: string;
  let second: string;

  beforeAll(async () => {
    const registry = new ModelRegistry(new EmbeddedObjectStore(join(data, 'objects')));
    const deed = { at: FROM, by: 'a test', reason: 'to be listed' };
    ({ version: first } = await registry.register('mine', versionFiles(0.71, [-0.02, -0.01]), {}, deed));
    ({ version: second } = await registry.register('mine', versionFiles(0.6, [0.05, 0.15]), {}, deed));
    await registry.act('mine', 'promoted', second, deed);
  });
  afterAll(() => place.remove());

  test('list as JSON is an array of every entry of the catalogue and of what was trained, the largest gain first', async () => {
    const listed = await json<(Listed & { readonly gain: number })[]>('list');
    const catalogue = catalogueAtHand();
    expect(listed.filter(({ source }) => source === 'catalogue')).toHaveLength(catalogue.entries.length);
    for (const model of listed)
      expect(model).toMatchObject({
        name: expect.any(String),
        task: expect.any(String),
        served: expect.any(String),
        score: expect.any(Number),
        baseline: expect.any(Number),
        fittedOn: { rows: expect.any(Number), from: expect.any(Number), to: expect.any(Number) },
      });
    const gains = listed.map(({ gain }) => gain);
    expect(gains).toEqual([...gains].sort((a, b) => b - a));
    expect(listed.find(({ name }) => name === 'mine')).toMatchObject({
      source: 'trained',
      version: second,
      champion: second,
      status: 'champion',
      versions: 2,
      score: 0.6,
      baseline: 0.7,
      verdict: 'beats',
      fittedOn: { rows: 5_000, from: FROM, to: TO },
    });
  });

  test('list finds by task, regime, source and certainty, and says what there is where nothing is named so', async () => {
    const volatile = await json<Listed[]>('list', '--task', 'volatility', '--regime', 'turbulent', '--beats-baseline');
    for (const model of volatile)
      expect(model).toMatchObject({ task: 'volatility', verdict: 'beats', regimes: { turbulent: expect.anything() } });
    const { out } = await models('list', '--source', 'trained');
    expect(out).toMatch(
      new RegExp(`mine ${second} \\(champion, 2 versions\\) +classification +native +logLoss +0.6 +0.7 +14.3 % +beats`),
    );
    expect(out).not.toContain('garch');
    expect(await models('list', '--served', 'onx')).toMatchObject({
      code: 2,
      err: expect.stringContaining('No model has the way of being served "onx". Use "onnx"'),
    });
    expect((await models('list', '--regime', 'calmer')).err).toContain('Use "calm"');
  });

  test('show says of an entry how it is served, scored and turned, and of a version what it did before', async () => {
    const { out } = await models('show', 'garch');
    expect(out).toMatch(/^garch \(arch\.univariate\.GARCH, NCSA\)\n/);
    expect(out).toMatch(/qlike of variance [\d.-]+, baseline [\d.-]+; gained/);
    expect(out).toContain('to be turned: distribution normal|t|skewt|ged; p 1..3; q 1..3');
    expect(await json<Listed>('show', 'garch')).toMatchObject({
      source: 'catalogue',
      licence: 'NCSA',
      space: { p: { kind: 'whole' } },
    });
    const trained = await models('show', 'mine', first);
    expect(trained.out).toContain(`mine ${first} (candidate)`);
    expect(trained.out).toContain('It does not beat the baseline');
    expect(await models('show', 'garhc')).toMatchObject({ code: 1, err: expect.stringContaining('Use garch') });
  });

  test('compare puts models side by side, and tells two apart on the same rows alone', async () => {
    const { models: compared, pairs } = await json<{ models: Listed[]; pairs: unknown[] }>(
      'compare',
      'garch',
      'exponential-garch',
      `mine@${first}`,
    );
    expect(compared.map(({ name }) => name)).toEqual(['garch', 'exponential-garch', 'mine']);
    expect(pairs).toEqual([
      {
        first: 'garch',
        second: 'exponential-garch',
        difference: {
          gained: expect.any(Number),
          interval: [expect.any(Number), expect.any(Number)],
          pValue: expect.any(Number),
        },
      },
      { first: 'garch', second: `mine@${first}`, difference: null },
    ]);
    const { out } = await models('compare', 'garch', 'mine');
    expect(out).toMatch(/source +catalogue +trained\n/);
    expect(out).toContain(`garch and mine@${second} were not judged by one metric on the same rows`);
    expect(await models('compare', 'garch')).toMatchObject({ code: 2, err: expect.stringContaining('Name 2 to 10') });
    expect((await models('compare', 'garch', 'oracle')).err).toContain('There is no model "oracle"');
  });
});
