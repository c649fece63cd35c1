import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lifecycleLimitsSchema } from '../../../../core/models/monitoring/limits.ts';
import { barsHashOf } from '../../../../core/research/trials.ts';
import { barsToBytes } from '../../../../functions/support/sweep/bars-object.ts';
import { carriedBars, type WatchedModel } from '../../../../functions/support/watch/watched-models.ts';
import { walk } from '../../../core/models/walk.ts';

const BARS = walk(100);
const NAMED = new Map([['A', BARS]]);
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-carried-'));
const code = pathToFileURL(join(folder, 'index.mjs')).href;
const written = gzipSync(barsToBytes(NAMED));
const model = (file: string, hash = barsHashOf(NAMED)): WatchedModel => ({
  ...{ name: 'gold', bars: { file: `./models/${file}`, hash }, period: { from: 0, to: 1 }, everyMinutes: 60 },
  series: { provenance: 'live', venue: 'kept', symbol: 'A', timeframe: '1h' },
  limits: lifecycleLimitsSchema.parse({}),
});

beforeAll(() => {
  mkdirSync(join(folder, 'models'));
  writeFileSync(join(folder, 'models/bars.gz'), written);
  writeFileSync(join(folder, 'models/short.gz'), written.subarray(0, written.length - 20));
  writeFileSync(join(folder, 'models/other.gz'), gzipSync(barsToBytes(new Map([['A', walk(100, 2)]]))));
  writeFileSync(join(folder, 'models/text.gz'), gzipSync('none'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('bars come with a deployment to the last bit', () => {
  expect(carriedBars(model('bars.gz'), code)).toEqual(BARS);
});

it.each([
  ['are not there', 'none.gz'],
  ['are cut short', 'short.gz'],
  ['are others', 'other.gz'],
  ['are none', 'text.gz'],
])('bad input: bars of a deployment that %s are refused', (_, file) => {
  expect(() => carriedBars(model(file), code)).toThrow(
    expect.objectContaining({ code: 'MODEL_WATCH_DAMAGED', remedy: 'deploy again', kept: 'it was not looked at' }),
  );
});
