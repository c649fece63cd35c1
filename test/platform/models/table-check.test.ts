/** Tables made again from their bars: what the platform would not compute itself is found, whatever it is. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFeatureTable } from '../../../adapters/files/feature-table.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { featureColumns, featureSet, STANDARD_FEATURES } from '../../../core/models/features/feature-set.ts';
import { type FeatureTable, labelSchema, type TableRows } from '../../../core/models/table.ts';
import { searchModels } from '../../../platform/models/search.ts';
import { assertMadeFromItsBars } from '../../../platform/models/table-check.ts';
import { train } from '../../../platform/models/training.ts';
import { type MadeTable, makeTrainingTable, writeTrainingTable } from '../../../platform/models/training-table.ts';
import { HOUR_MS, walk } from '../../core/models/walk.ts';

const LABELS = [
  labelSchema.parse({ kind: 'triple-barrier', bars: 24, width: 3 }),
  labelSchema.parse({ kind: 'meta', primary: 'above-sma-50', bars: 24, width: 3 }),
];
const BARS = walk(1_500);
const LOCKED_FROM = BARS.timestamp[1_400];
const DIFFERS = { code: 'TABLE_DIFFERS', kept: 'nothing was trained' };

const linesOf = (bars: BarColumns, symbol: string): string[] =>
  Array.from(bars.timestamp, (time, k) =>
    [
      symbol,
      time,
      ...[bars.open, bars.high, bars.low, bars.close].map((column) => column[k] / 100),
      bars.volume[k],
    ].join(','),
  );
const HEAD = 'symbol,timestamp,open,high,low,close,volume';
const csvOf = (...series: (readonly [BarColumns, string])[]): string =>
  `${[HEAD, ...series.flatMap(([bars, symbol]) => linesOf(bars, symbol))].join('\n')}\n`;

let root: string;
let bars: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-table-check-'));
  bars = join(root, 'walk.csv');
  writeFileSync(bars, csvOf([BARS, 'WALK']));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(LABELS)('a table of the label $kind', (label) => {
  const wanted = { features: STANDARD_FEATURES, label, lockedFrom: LOCKED_FROM };
  let folder: string;
  let made: MadeTable;

  beforeAll(async () => {
    folder = join(root, label.kind);
    await writeTrainingTable({ ...wanted, bars, out: folder });
    made = await makeTrainingTable({ ...wanted, bars });
  });

  /** A copy of the folder whose rows are others: its bars are those of the honest table. */
  async function changed(what: string, table: FeatureTable): Promise<string> {
    const copy = join(root, `${label.kind}-${what}`);
    cpSync(folder, copy, { recursive: true });
    const { timeframe, symbols, provenance } = made;
    const { file, sha256 } = provenance;
    const sources = [{ file, sha256, provenance: 'recorded' }];
    await writeFeatureTable(copy, table, { ...wanted, timeframe, symbols, sources });
    return copy;
  }
  const withRows = (rows: Partial<TableRows>): FeatureTable => ({
    ...made.table,
    rows: { ...made.table.rows, ...rows },
  });

  test('passes as it was written, and when it is written again', async () => {
    expect(await assertMadeFromItsBars(folder)).toEqual([]);
    expect(await assertMadeFromItsBars(await changed('same', made.table))).toEqual([]);
    expect(made.table.rows.label.length).toBeGreaterThan(1_000);
  });

  test.each(STANDARD_FEATURES.map((name, k) => [name, k] as const))(
    'is refused where %s comes a bar early',
    async (name, k) => {
      const early = featureColumns(featureSet([name]), BARS)[0].slice(1);
      const { rows } = made.table;
      const placeOf = new Map(Array.from(BARS.timestamp, (opened, bar) => [opened + HOUR_MS, bar]));
      const column = rows.known.map((known) => early[placeOf.get(known)!]);
      const features = rows.features.with(k, column);
      const copy = await changed(name, withRows({ features }));
      await expect(assertMadeFromItsBars(copy)).rejects.toMatchObject({
        ...DIFFERS,
        message: expect.stringMatching(new RegExp(`the feature "${name}" in row \\d+ \\(WALK, known at 2020-`)),
        remedy: expect.stringContaining('plimsoll models table'),
      });
    },
  );

  describe('bad input', () => {
    test.each<[string, string, (rows: TableRows) => Partial<TableRows>]>([
      [
        'label',
        'the label in row 700',
        ({ label: of }) => ({ label: of.map((one, k) => (k === 700 ? 1 - one : one)) }),
      ],
      [
        'close',
        'the close in row 3',
        ({ close }) => ({ close: close.map((price, k) => (k === 3 ? price + 0.01 : price)) }),
      ],
      ['weight', 'the weight in row 0', ({ weight }) => ({ weight: weight.map((one) => one * 1.5) })],
      ['end', 'the time at which the label is known', ({ end }) => ({ end: end.map((time) => time - HOUR_MS) })],
      ['time', 'the time in row 0', ({ known }) => ({ known: known.map((time) => time + HOUR_MS) })],
      ['symbol', 'the symbol in row 9', ({ symbol }) => ({ symbol: symbol.with(9, 'OTHER') })],
    ])('a changed %s is refused', async (what, message, change) => {
      const copy = await changed(what, withRows(change(made.table.rows)));
      await expect(assertMadeFromItsBars(copy)).rejects.toMatchObject({
        ...DIFFERS,
        message: expect.stringContaining(message),
      });
    });

    test('a row that is left out is refused, the last one too', async () => {
      const without = (row: number): Partial<TableRows> => {
        const of = (column: Float64Array): Float64Array => column.filter((_, k) => k !== row);
        const { symbol, features, known, end, close, label: labels, weight } = made.table.rows;
        return {
          ...{ symbol: symbol.toSpliced(row, 1), features: features.map(of) },
          ...{ known: of(known), end: of(end), close: of(close), label: of(labels), weight: of(weight) },
        };
      };
      const last = made.table.rows.label.length - 1;
      await expect(assertMadeFromItsBars(await changed('left', withRows(without(5))))).rejects.toMatchObject({
        ...DIFFERS,
        message: expect.stringContaining('the time in row 5'),
      });
      await expect(assertMadeFromItsBars(await changed('short', withRows(without(last))))).rejects.toMatchObject({
        ...DIFFERS,
        message: expect.stringContaining(`it has ${last} rows, and its bars give ${last + 1}`),
      });
    });

    test('rows without a column, or cut short, are refused', async () => {
      const few = STANDARD_FEATURES.slice(1);
      const copy = await changed('without', made.table);
      const about = join(copy, 'train', 'table.json');
      const text = readFileSync(about, 'utf8');
      await writeFeatureTable(copy, withRows({ features: made.table.rows.features.slice(1) }), {
        ...wanted,
        features: few,
        timeframe: '1h',
        symbols: ['WALK'],
        sources: [],
      });
      writeFileSync(about, text);
      await expect(assertMadeFromItsBars(copy)).rejects.toMatchObject({
        code: 'TABLE_INVALID',
        message: expect.stringContaining('the column return-1 is missing'),
      });
      truncateSync(join(copy, 'train', 'rows.parquet'), 100);
      await expect(assertMadeFromItsBars(copy)).rejects.toMatchObject({ code: 'TABLE_INVALID' });
      rmSync(join(copy, 'train', 'rows.parquet'));
      await expect(assertMadeFromItsBars(copy)).rejects.toMatchObject({ code: 'TABLE_INVALID' });
    });

    test('bars that are not those which it names are refused, and so are none', async () => {
      const copy = await changed('bars', made.table);
      const [hash] = readdirSync(join(copy, 'bars'));
      const kept = join(copy, 'bars', hash, 'walk.csv');
      const refused = { code: 'TABLE_BARS_CHANGED', message: expect.stringContaining(made.provenance.sha256) };
      writeFileSync(kept, csvOf([walk(1_500, 2), 'WALK']));
      await expect(assertMadeFromItsBars(copy)).rejects.toMatchObject(refused);
      rmSync(kept);
      await expect(assertMadeFromItsBars(copy)).rejects.toMatchObject(refused);
    });

    test('a description that says nothing, or names a file elsewhere, is refused', async () => {
      const copy = await changed('about', made.table);
      const about = join(copy, 'train', 'table.json');
      const told = JSON.parse(readFileSync(about, 'utf8'));
      const write = (more: object): void => writeFileSync(about, JSON.stringify({ ...told, ...more }));
      write({ sources: [{ ...told.sources[0], file: '../../../walk.csv' }] });
      expect(await assertMadeFromItsBars(copy)).toEqual([]);
      write({ sources: [{ ...told.sources[0], sha256: '../'.repeat(21) }] });
      await expect(assertMadeFromItsBars(copy)).rejects.toMatchObject({ code: 'TABLE_INVALID' });
      write({ label: { kind: 'oracle' } });
      await expect(assertMadeFromItsBars(copy)).rejects.toMatchObject({ code: 'TABLE_INVALID' });
      write({ features: [...STANDARD_FEATURES, 'oracle-1'] });
      await expect(assertMadeFromItsBars(copy)).rejects.toMatchObject({ code: 'FEATURE_UNKNOWN' });
      rmSync(about);
      await expect(assertMadeFromItsBars(copy)).rejects.toMatchObject({ code: 'TABLE_MISSING' });
    });

    test('nothing is trained or searched on it, and no Python is asked for', async () => {
      const { rows } = made.table;
      const place = STANDARD_FEATURES.indexOf('hour-sin');
      const copy = await changed(
        'job',
        withRows({ features: rows.features.with(place, rows.features[place].toReversed()) }),
      );
      const directory = join(root, `${label.kind}-data`);
      const common = { directory, hyperparameters: {}, environment: {} };
      const deed = { by: 'a test', reason: 'to see it', withinMs: 1, now: () => 0 };
      await expect(train({ ...common, ...deed, name: 'model', table: copy })).rejects.toMatchObject(DIFFERS);
      const budget = { trials: 1, minutes: 1, seed: 0 };
      await expect(searchModels({ ...common, ...budget, tables: [folder, copy] })).rejects.toMatchObject(DIFFERS);
      expect(existsSync(join(directory, 'python'))).toBe(false);
      expect(existsSync(join(directory, 'training'))).toBe(false);
    });
  });
});

describe('a table', () => {
  const label = LABELS[0];
  const features = ['return-1', 'hour-sin'];

  test('of one of several symbols, or of all of them, passes', async () => {
    const several = join(root, 'several.csv');
    writeFileSync(several, csvOf([BARS, 'ONE'], [walk(1_500, 3), 'TWO'], [walk(1_500, 4), 'THREE']));
    for (const symbols of [['TWO'], ['THREE', 'ONE'], undefined]) {
      const out = join(root, `of-${symbols?.join() ?? 'all'}`);
      await writeTrainingTable({ bars: several, features, label, out, ...(symbols ? { symbols } : {}) });
      expect(await assertMadeFromItsBars(out)).toEqual([]);
    }
  });

  test('of a file that names no symbol passes, as one in which bars of another table lie beside it', async () => {
    const nameless = join(root, 'nameless.csv');
    const out = join(root, 'nameless');
    writeFileSync(nameless, csvOf([BARS, 'X']).replaceAll(/^[^,]+,/gm, ''));
    await writeTrainingTable({ bars, features, label, out });
    await writeTrainingTable({ bars: nameless, features, label, out });
    expect(readdirSync(join(out, 'bars'))).toHaveLength(2);
    expect(await assertMadeFromItsBars(out)).toEqual([]);
  });

  test('that has no bars beside it is trained on with a note', async () => {
    const out = join(root, 'without');
    await writeTrainingTable({ bars, features, label, out, keepsBars: false });
    expect(readdirSync(out)).toEqual(['train']);
    for (const folder of [out, join(root, 'nowhere')])
      expect(await assertMadeFromItsBars(folder)).toEqual([expect.stringContaining('no bars beside it')]);
  });

  test('bad input: a folder in which bars cannot be kept is said', async () => {
    const out = join(root, 'blocked');
    await writeTrainingTable({ bars, features, label, out, keepsBars: false });
    writeFileSync(join(out, 'bars'), 'in the way');
    await expect(writeTrainingTable({ bars, features, label, out })).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
  });
});
