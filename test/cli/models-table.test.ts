/** What a table is told to hold: `plimsoll models table --label`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { walk } from '../core/models/walk.ts';
import { Workplace } from './plimsoll.ts';

const place = new Workplace();
afterAll(() => place.remove());
const bars = walk(300);
const file = place.write(
  'bars.csv',
  `timestamp,open,high,low,close,volume\n${Array.from(bars.timestamp, (time, k) =>
    [time, bars.open[k], bars.high[k], bars.low[k], bars.close[k], 1].join(','),
  ).join('\n')}\n`,
);
const LABEL = JSON.stringify({ kind: 'fixed-horizon', bars: 1 });
const table = (label: string, ...more: string[]) =>
  place.run(
    'models',
    'table',
    '--bars',
    file,
    '--features',
    'return-3,above-sma-20',
    '--out',
    'out',
    '--label',
    label,
    ...more,
  );

describe('plimsoll models table', () => {
  test.each([
    [
      'trends, with what was left open',
      { kind: 'trend-scanning', bars: 12, leastT: 2 },
      { kind: 'trend-scanning', bars: 12, leastT: 2, minBars: 5, stepBars: 1 },
    ],
    [
      'whether a rule is right, with what was left open',
      { kind: 'meta', primary: 'above-sma-20', bars: 12, width: 2 },
      { kind: 'meta', primary: 'above-sma-20', bars: 12, width: 2, volatilityBars: 100 },
    ],
  ])('labels by %s', async (_, given, label) => {
    const { code, out } = await table(JSON.stringify(given), '--json');
    const { rows, sha256 } = JSON.parse(out) as { rows: number; sha256: string };
    expect(code).toBe(0);
    expect(rows).toBeGreaterThan(100);
    const about = JSON.parse(readFileSync(join(place.directory, 'out', 'train', 'table.json'), 'utf8')) as object;
    expect(about).toMatchObject({ label, rows, sha256 });
  });

  test('locks a period away from an ISO date or from milliseconds on, which are the same', async () => {
    const from = new Date(bars.timestamp[200]);
    const locked = async (time: string): Promise<unknown> =>
      JSON.parse((await table(LABEL, '--locked-from', time, '--json')).out);
    const byDate = await locked(from.toISOString());
    expect(byDate).toMatchObject({ locked: { rows: expect.any(Number) } });
    expect(await locked(String(from.getTime()))).toEqual(byDate);
  });

  test('bad input: a period from no time on is refused with the way out', async () => {
    const { code, err } = await table(LABEL, '--locked-from', '20240207');
    expect([code, err]).toEqual([2, expect.stringMatching(/It is no time: write 2024-02-07, .*or milliseconds/)]);
  });

  test.each([
    ['of an unknown kind', '{"kind":"trends","bars":12}', 2, /kind: .*'trend-scanning' \| 'meta'/],
    ['by lines of two closes', '{"kind":"trend-scanning","bars":12,"minBars":2}', 2, /minBars: /],
    ['by barriers of no width', '{"kind":"meta","primary":"return-3","bars":12,"width":0}', 2, /width: /],
    ['that is no JSON', '{kind:meta}', 2, /--label is not JSON/],
    [
      'of a primary that is no feature of the table',
      '{"kind":"meta","primary":"above-sma-50","bars":12,"width":2}',
      1,
      /The primary "above-sma-50" of the label is not among the features\. .*"above-sma-20"/,
    ],
    ['that no row has', '{"kind":"trend-scanning","bars":12,"leastT":999}', 1, /or a label that more rows have/],
  ])('bad input: a label %s is refused with the way out', async (_, label, code, message) => {
    const ended = await table(label);
    expect(ended.code).toBe(code);
    expect(ended.err).toMatch(message);
  });
});
