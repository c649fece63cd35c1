import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBarFile, sha256OfFile, writeBarFile } from '../../../adapters/files/bar-file.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { barAt, barsFromRows } from '../../../core/market/bars.ts';
import { recordedFound, recordedPath } from '../../core/market/recorded.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-bars-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const HEADER = 'timestamp,open,high,low,close,volume';

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const csv = (...lines: string[]): Promise<string> => file('bars.csv', `${lines.join('\n')}\n`);

/** What reading fails with. */
async function failure(path: string, options: Parameters<typeof readBarFile>[1] = {}): Promise<string> {
  const error = await readBarFile(path, options).then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(PlimsollError);
  const { code, sentence } = error as PlimsollError;
  expect(sentence).toMatch(/^\S.*\. \S.*\.$/);
  return `${code}: ${sentence}`;
}

describe('a CSV file', () => {
  it('becomes scaled columns in the decimals that its prices use', async () => {
    const path = await csv('Timestamp,OPEN,High,low,close,Volume', '60000,1.5,2.25,1,2.0,10', '120000,2,2,1.125,2,0.5');
    const { bars, priceDecimals, timeframes, provenance } = await readBarFile(path, { symbol: 'X' });
    expect(barAt(bars.get('X')!, 1)).toEqual({
      timestamp: 120_000,
      open: 2_000,
      high: 2_000,
      low: 1_125,
      close: 2_000,
      volume: 0.5,
    });
    expect([priceDecimals.get('X'), timeframes.get('X')]).toEqual([3, '1m']);
    expect(provenance).toEqual({ source: 'recorded', file: 'bars.csv', sha256: await sha256OfFile(path), rows: 2 });
  });

  it('is read with quotes, Windows line ends, a byte order mark, ISO times and packed', async () => {
    const text = `\ufeff${HEADER},symbol,note\r\n"2024-02-07T22:03:00Z",1,1,1,"1",5,"a ""b"", c","x\r\ny"\r\n\r\n2024-02-07 22:04,1,1,1,1,6,"a ""b"", c",\r\n`;
    for (const path of [await file('quoted.csv', text), await file('quoted.csv.gz', gzipSync(text))]) {
      const bars = (await readBarFile(path, { symbol: 'a "b", c' })).bars.get('a "b", c')!;
      expect([...bars.timestamp]).toEqual([Date.UTC(2024, 1, 7, 22, 3), Date.UTC(2024, 1, 7, 22, 4)]);
      expect([...bars.volume]).toEqual([5, 6]);
    }
  });

  it('is read the same wherever its stream is cut', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => `Ü™/€,${i * 60_000},"${1 + (i % 9)}.5",9.5,1,2,${i}`);
    // Unpacked, it comes in pieces of 16 kB, which cut fields, quotes and characters.
    const path = await file('pieces.csv.gz', gzipSync([`symbol,${HEADER}`, ...rows].join('\n')));
    const bars = (await readBarFile(path)).bars.get('Ü™/€')!;
    expect([bars.length, bars.volume[59_999], bars.open[30_001]]).toEqual([
      60_000,
      59_999,
      10 * (1 + (30_001 % 9)) + 5,
    ]);
  });

  it('gives the symbol that is asked for, within the span that is asked for', async () => {
    const path = await csv(
      `symbol,${HEADER}`,
      'A,60000,1,1,1,1,1',
      'B,60000,2,2,2,2,2',
      'A,120000,1,1,1,1,1',
      'A,180000,3,3,3,3,3',
    );
    const { bars } = await readBarFile(path, { symbol: 'A', from: 120_000, to: 180_000 });
    expect([...bars.keys()]).toEqual(['A']);
    expect([...bars.get('A')!.timestamp]).toEqual([120_000]);
    expect([...(await readBarFile(path, { symbols: 'all' })).bars.keys()]).toEqual(['A', 'B']);
  });
});

describe('a bad file is refused in one sentence', () => {
  it('that is not there, empty or not Parquet', async () => {
    expect(await failure(join(folder, 'none.parquet'))).toContain('FILE_NOT_FOUND: There is no file');
    expect(await failure(folder)).toContain('FILE_NOT_FOUND');
    expect(await failure(await file('empty.parquet', ''))).toContain('FILE_EMPTY');
    expect(await failure(await csv(HEADER))).toContain('FILE_EMPTY');
    expect(await failure(await file('text.parquet', 'hello, I am no Parquet file'))).toContain('FILE_NOT_PARQUET');
    expect(await failure(await file('broken.csv.gz', 'not packed'))).toContain('FILE_UNREADABLE');
  });

  it('that lacks a column, naming what is there', async () => {
    expect(await failure(await csv('time,open,high,low,close,volume', '0,1,1,1,1,1'))).toContain(
      'COLUMN_MISSING: The file bars.csv has no column timestamp; it has time, open',
    );
  });

  const cases: [what: string, lines: string[], expected: string][] = [
    [
      'a malformed number',
      ['0,1,1,1,1,1', '60000,1,1,abc,1,1'],
      'NUMBER_MALFORMED: In bars.csv, line 3: the low "abc"',
    ],
    [
      'a number with more digits than a double holds',
      ['0,1,1,1,1.0000000000000000001,1'],
      'NUMBER_MALFORMED: In bars.csv, line 2: the close',
    ],
    ['a price that is not finite', ['0,1,1,1,NaN,1'], 'NUMBER_MALFORMED: In bars.csv, line 2: the close "NaN"'],
    ['a price of zero', ['0,1,1,0,1,1'], 'BAR_PRICE_INVALID: In bars.csv, line 2: the low is 0'],
    ['a time that is none', ['soon,1,1,1,1,1'], 'TIMESTAMP_INVALID: In bars.csv, line 2: "soon"'],
    ['nanoseconds', ['1700000000000000000,1,1,1,1,1'], 'TIMESTAMP_INVALID: In bars.csv, line 2: the timestamp'],
    [
      'wrong order',
      ['60000,1,1,1,1,1', '0,1,1,1,1,1'],
      'TIMESTAMP_OUT_OF_ORDER: In bars.csv, line 3 (1970-01-01T00:00:00Z) comes after line 2',
    ],
    [
      'a duplicate',
      ['0,1,1,1,1,1', '0,1,1,1,1,1'],
      'TIMESTAMP_DUPLICATE: In bars.csv, line 2 and line 3 both are the bar of 1970-01-01T00:00:00Z',
    ],
    ['a high below the close', ['0,1,1.5,1,2,1'], 'BAR_OHLC_VIOLATED: In bars.csv, line 2: high 1.5'],
    ['a negative volume', ['0,1,1,1,1,-5'], 'BAR_VOLUME_INVALID: In bars.csv, line 2: the volume is -5'],
    ['a field too few', ['0,1,1,1,1'], 'CSV_MALFORMED: In bars.csv, line 2: 5 fields where the header has 6'],
    ['an open quote', ['0,1,1,1,1,"1'], 'CSV_MALFORMED: In bars.csv, line 2: has a quote that is never closed'],
    ['too fine a price', ['0,0.12345678901234567,1,0.1,1,1'], 'PRICE_RANGE_EXCEEDED: In bars.csv, line 2: the open'],
  ];
  it.each(cases)('with %s, naming the line', async (_, lines, expected) => {
    expect(await failure(await csv(HEADER, ...lines))).toContain(expected);
  });

  it('whose prices need more decimals than were allowed, naming the first such row', async () => {
    const path = await csv(HEADER, '0,1.5,2,1,1,1', '60000,1.25,2,1,1,1', '120000,1.125,2,1,1,1');
    expect(await failure(path, { priceDecimals: 1 })).toContain(
      'PRICE_DECIMALS_EXCEEDED: In bars.csv, line 3: the open 1.25 does not fit in 1 decimals',
    );
    expect((await readBarFile(path, { priceDecimals: 5 })).priceDecimals.get('bars')).toBe(5);
  });

  it('that holds several symbols and nobody said which, or not the one asked for', async () => {
    const path = await csv(`symbol,${HEADER}`, 'A,0,1,1,1,1,1', 'B,0,1,1,1,1,1');
    expect(await failure(path)).toContain('SYMBOL_REQUIRED: The file bars.csv holds 2 symbols: A, B. Say which');
    expect(await failure(path, { symbols: ['A', 'C'] })).toContain(
      'SYMBOL_NOT_IN_FILE: The file bars.csv does not hold C; it holds A, B',
    );
    expect(await failure(path, { symbol: 'A', from: 1 })).toContain('FILE_EMPTY: None of the 2 rows');
  });

  it('that holds a symbol of two venues', async () => {
    const path = await csv(`venue,symbol,${HEADER}`, 'v,A,0,1,1,1,1,1', 'w,A,0,2,2,2,2,2');
    expect(await failure(path)).toContain('VENUE_REQUIRED: The file bars.csv holds A of v and of w');
    expect((await readBarFile(path, { venue: 'w' })).bars.get('A')!.open[0]).toBe(2);
  });
});

describe('a Parquet file', () => {
  const rows = [0, 1, 2].map((i) => ({
    timestamp: i * 60_000,
    open: 105 + i,
    high: 200,
    low: 100,
    close: 110,
    volume: i / 4,
  }));

  it('comes back as it was written, one series or several', async () => {
    const path = join(folder, 'written.parquet');
    const one = barsFromRows(rows, 1);
    const { sha256 } = await writeBarFile(path, one);
    expect((await readBarFile(path, { priceDecimals: 1 })).bars.get('written')).toEqual(one);
    expect((await readBarFile(path)).provenance.sha256).toBe(sha256);
    const several = new Map([
      ['A/B', one],
      ['C/D', barsFromRows(rows, 3)],
    ]);
    await writeBarFile(path, several);
    const back = await readBarFile(path, { symbols: 'all', priceDecimals: 3 });
    expect([...back.bars.keys()]).toEqual(['A/B', 'C/D']);
    expect(back.bars.get('C/D')).toEqual(several.get('C/D'));
    expect(barAt(back.bars.get('A/B')!, 0).open).toBe(10_500);
  });

  it('gives the span that is asked for, its start in and its end out', async () => {
    const path = join(folder, 'span.parquet');
    await writeBarFile(path, barsFromRows(rows, 1));
    const { bars, provenance } = await readBarFile(path, { from: 60_000, to: 120_000 });
    expect([...bars.get('span')!.timestamp]).toEqual([60_000]);
    expect(provenance.rows).toBe(3);
  });

  it('comes back exactly for any scaled prices', async () => {
    const path = join(folder, 'property.parquet');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 2 ** 49 - 1 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 0, max: 12 }),
        async (prices, decimals) => {
          const bars = barsFromRows(
            prices.map((price, i) => ({
              timestamp: i * 1_000,
              open: price,
              high: price,
              low: price,
              close: price,
              volume: 0,
            })),
            decimals,
          );
          await writeBarFile(path, bars);
          expect((await readBarFile(path, { priceDecimals: decimals })).bars.get('property')).toEqual(bars);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is read in snappy, with integer volumes, missing values refused by row', async () => {
    const columns = (close: (number | null)[]) => [
      { name: 'timestamp', data: [0n, 60_000n], type: 'INT64' as const },
      ...['open', 'high', 'low'].map((name) => ({ name, data: [1, 1], type: 'DOUBLE' as const })),
      { name: 'close', data: close, type: 'DOUBLE' as const, nullable: true },
      { name: 'volume', data: [5n, 6n], type: 'INT64' as const },
    ];
    const good = await file('snappy.parquet', new Uint8Array(parquetWriteBuffer({ columnData: columns([1, 1]) })));
    expect([...(await readBarFile(good)).bars.get('snappy')!.volume]).toEqual([5, 6]);
    const bad = await file('null.parquet', new Uint8Array(parquetWriteBuffer({ columnData: columns([1, null]) })));
    expect(await failure(bad)).toContain('BAR_PRICE_INVALID: In null.parquet, row 2: the close is NaN');
  });

  it('names the row of a fault within one of several symbols, across row groups', async () => {
    const names = ['A', 'B', 'A', 'B', 'A', 'A'];
    const times = [0n, 0n, 1_000n, 1_000n, 3_000n, 2_000n];
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'symbol', data: names },
        { name: 'timestamp', data: times, type: 'INT64' },
        ...['open', 'high', 'low', 'close', 'volume'].map((name) => ({
          name,
          data: times.map(() => 1),
          type: 'DOUBLE' as const,
        })),
      ],
      rowGroupSize: 2,
    });
    const path = await file('groups.parquet', new Uint8Array(bytes));
    expect(await failure(path, { symbol: 'A' })).toContain('row 6 (1970-01-01T00:00:02Z) comes after row 5');
    expect((await readBarFile(path, { symbol: 'B' })).bars.get('B')!.length).toBe(2);
  });

  it('that was cut short is refused', async () => {
    const path = join(folder, 'cut.parquet');
    await writeBarFile(path, barsFromRows(rows, 1));
    await writeFile(path, (await readFile(path)).subarray(0, 200));
    expect(await failure(path)).toContain('FILE_NOT_PARQUET');
  });

  it('is not written where it cannot be, and leaves nothing behind', async () => {
    await expect(writeBarFile(join(folder, 'no', 'such', 'x.parquet'), barsFromRows(rows, 1))).rejects.toThrowError(
      /cannot be written/,
    );
    await expect(writeBarFile(join(folder, 'x.parquet'), barsFromRows([], 1))).rejects.toThrowError(/no bar to write/);
  });
});

describe.skipIf(!recordedFound)('recorded files', () => {
  it('are read with their decimals, float noise of other programs taken for the decimal it is', async () => {
    const spot = await readBarFile(recordedPath('crypto/binance_spot_5m_2024.parquet'), { symbols: 'all' });
    expect(spot.provenance).toMatchObject({
      rows: 215_566,
      sha256: 'bb86bf518fdb81c1cd85f9eb7d21e40338f4d4af2af3a7b5311077cdfdae484d',
    });
    expect(spot.priceDecimals.get('BTC/USDT')).toBe(2);
    const noisy = await readBarFile(recordedPath('crypto/altbtc_5m_2018_01.parquet'), { symbols: 'all' });
    expect(new Set(noisy.priceDecimals.values())).toEqual(new Set([8]));
  });

  it('that run newest first are refused with the rows and the way to sort them', async () => {
    const told = await failure(recordedPath('equity/spx_1d_1950_2012.parquet'));
    expect(told).toContain('row 2 (2012-11-14T00:00:00Z) comes after row 1 (2012-11-15T00:00:00Z)');
    expect(told).toContain('ORDER BY timestamp');
  });

  it('report their gaps', async () => {
    const { findings } = await readBarFile(recordedPath('crypto/unittest_btc_1m_2017_11.parquet'), { symbol: 'U' });
    expect(findings.get('U')).toMatchObject({ missingBars: 717, counts: { gap: 538 } });
  });
});
