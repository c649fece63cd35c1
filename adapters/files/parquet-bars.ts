/** Bars from a Parquet file: which rows are wanted first, then one column after the other into arrays of the right size. */
import { PlimsollError } from '../../core/errors.ts';
import { openParquetFile, type ParquetSource } from './parquet.ts';
import { BAR_FIELDS, locateColumns, type RawFile, type RawSeries, type Selection, SeriesSelector } from './raw-bars.ts';

export async function readParquetBars(path: string, name: string, selection: Selection): Promise<RawFile> {
  const source = await openParquetFile(path);
  try {
    return await readSource(source, name, selection);
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause;
    throw new PlimsollError(
      'FILE_UNREADABLE',
      `the file ${name} is damaged (${(cause as Error).message})`,
      'fetch the file again',
      { cause },
    );
  } finally {
    await source.close();
  }
}

async function readSource(source: ParquetSource, name: string, selection: Selection): Promise<RawFile> {
  const columns = new Map([...locateColumns(name, source.columns)].map(([key, index]) => [key, source.columns[index]]));
  const selector = new SeriesSelector(name, selection);
  const slots = await slotsOfRows(source, columns, selector, selection);
  selector.assertFound();
  const series = selector.names.map((_, slot) => emptySeries(selector.nameOf(slot), slot, slots));
  for (const field of BAR_FIELDS) {
    const next = new Uint32Array(series.length);
    await source.readColumn(columns.get(field)!, (values, row) => {
      for (let i = 0; i < values.length; i++) {
        const slot = slots[row + i];
        if (slot >= 0) series[slot][field][next[slot]++] = toNumber(values[i]);
      }
    });
  }
  return { series, rows: source.rows, symbols: selector.symbols };
}

/** The series of each row, or -1 for a row that is left out. */
async function slotsOfRows(
  source: ParquetSource,
  columns: ReadonlyMap<string, string>,
  selector: SeriesSelector,
  selection: Selection,
): Promise<Int16Array> {
  const slots = new Int16Array(source.rows);
  const symbols = columns.get('symbol');
  const venues = columns.get('venue');
  if (venues !== undefined) await selectVenues(source, venues, symbols, selector, slots);
  else if (symbols !== undefined) {
    await source.readColumn(symbols, (values, row) => {
      for (let i = 0; i < values.length; i++) slots[row + i] = selector.slotOf(String(values[i] ?? ''), '');
    });
  } else if (source.rows > 0) selector.slotOf('', '');
  if (selection.from > Number.NEGATIVE_INFINITY || selection.to < Number.POSITIVE_INFINITY) {
    await source.readColumn(columns.get('timestamp')!, (values, row) => {
      for (let i = 0; i < values.length; i++) {
        const time = toNumber(values[i]);
        if (time < selection.from || time >= selection.to) slots[row + i] = -1;
      }
    });
  }
  return slots;
}

async function selectVenues(
  source: ParquetSource,
  venues: string,
  symbols: string | undefined,
  selector: SeriesSelector,
  slots: Int16Array,
): Promise<void> {
  const venueOfRow = new Uint16Array(source.rows);
  const names: string[] = [];
  const indexes = new Map<string, number>();
  await source.readColumn(venues, (values, row) => {
    for (let i = 0; i < values.length; i++) {
      const name = String(values[i] ?? '');
      let index = indexes.get(name);
      if (index === undefined) {
        index = names.push(name) - 1;
        indexes.set(name, index);
      }
      venueOfRow[row + i] = index;
    }
  });
  if (symbols === undefined) {
    for (let row = 0; row < slots.length; row++) slots[row] = selector.slotOf('', names[venueOfRow[row]]);
    return;
  }
  await source.readColumn(symbols, (values, row) => {
    for (let i = 0; i < values.length; i++)
      slots[row + i] = selector.slotOf(String(values[i] ?? ''), names[venueOfRow[row + i]]);
  });
}

function emptySeries(symbol: string, slot: number, slots: Int16Array): RawSeries {
  let length = 0;
  for (let row = 0; row < slots.length; row++) if (slots[row] === slot) length++;
  const column = (): Float64Array => new Float64Array(length);
  return {
    symbol,
    length,
    timestamp: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
    place: (index) => `row ${rowOf(slots, slot, index) + 1}`,
  };
}

/** The row of a series' bar: looked for only when there is something to say about it. */
function rowOf(slots: Int16Array, slot: number, index: number): number {
  let left = index;
  for (let row = 0; row < slots.length; row++) {
    if (slots[row] === slot && left-- === 0) return row;
  }
  return slots.length;
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return Number.NaN;
}
