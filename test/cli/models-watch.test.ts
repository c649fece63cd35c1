/** A model that is watched from the command line: what is seen, what is asked for, and what is refused. */
import { afterAll, describe, expect, test } from 'vitest';
import { hasRecordedData, recorded } from '../parity/recorded.ts';
import { Workplace } from './plimsoll.ts';

const PATIENCE = 120_000;
const place = new Workplace();
afterAll(() => place.remove());
const hours = recorded('crypto/binance_spot_1h_2024.parquet');

describe.skipIf(!hasRecordedData)('models watch', () => {
  test(
    'sees the rows since the training of a shipped desk, writes down who decides, and asks for nothing without a reason',
    async () => {
      const given = ['crypto-hourly', '--bars', hours, '--symbol', 'BTC/USDT', '--json'];
      const look = JSON.parse((await place.run('models', 'watch', ...given)).out);
      expect(look.transitions).toMatchObject([{ kind: 'champion-seen', version: '47efd9431b7a398a' }]);
      expect(look.state).toMatchObject({ stage: { name: 'observing' }, champion: '47efd9431b7a398a' });
      expect(look.figures).toMatchObject({ version: '47efd9431b7a398a', refused: 0 });
      expect(look.figures.outcomes).toBeGreaterThan(1_500);
      expect((await place.run('models', 'queue', '--json')).out).toBe('{"trainings":[],"jobs":[]}\n');
    },
    PATIENCE,
  );

  test.each([
    [
      'a model that is not there',
      ['gold-hourley', '--bars', hours],
      /There is no model "gold-hourley"\. Use gold-hourly/,
    ],
    ['bars of another timeframe', ['crypto-5m', '--bars', hours, '--symbol', 'BTC/USDT'], /learned from 5m bars/],
    ['a file of several series', ['crypto-hourly', '--bars', hours], /holds 25 series.*--symbol/s],
    [
      'an account without an instrument',
      ['crypto-hourly', '--bars', hours, '--account', 'quick'],
      /--account needs the instrument/,
    ],
    [
      'limits that are none',
      ['crypto-hourly', '--bars', hours, '--symbol', 'BTC/USDT', '--limits', 'limits.json'],
      /limits\.json are not valid \(mostShare/,
    ],
  ])(
    'bad input: %s is refused with the way out',
    async (_, given, sentence) => {
      place.write('limits.json', '{"mostShare": 2}');
      const { code, err } = await place.run('models', 'watch', ...given);
      expect(err).toMatch(sentence);
      expect(code).toBe(err.startsWith('There is no model') ? 1 : 2);
    },
    PATIENCE,
  );

  test('bad input: an order that is not there has no way back to bars', async () => {
    const { code, err } = await place.run('models', 'show', 'gold-hourly', '--order', '1', '--data', 'nowhere');
    expect([code, err]).toEqual([1, expect.stringMatching(/nowhere/)]);
  });
});
