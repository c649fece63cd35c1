/** Bars from a CSV file. */
import { PlimsollError } from '../../core/errors.ts';
import { parseInstant } from '../../core/market/civil.ts';
import { readCsv } from './csv.ts';
import {
  BAR_FIELDS,
  type BarField,
  locateColumns,
  PRICE_FIELDS,
  type RawFile,
  type RawSeries,
  type Selection,
  SeriesSelector,
} from './raw-bars.ts';

export async function readCsvBars(path: string, name: string, selection: Selection): Promise<RawFile> {
  const reader = new CsvBarReader(name, selection);
  await readCsv(path, (fields, line) => reader.record(fields, line));
  return reader.finish();
}

class CsvBarReader {
  readonly #name: string;
  readonly #selection: Selection;
  readonly #selector: SeriesSelector;
  readonly #columns: ColumnBuffers[] = [];
  #header: Map<string, number> | undefined;
  #width = 0;
  #rows = 0;

  constructor(name: string, selection: Selection) {
    this.#name = name;
    this.#selection = selection;
    this.#selector = new SeriesSelector(name, selection);
  }

  record(fields: string[], line: number): void {
    if (!this.#header) {
      this.#header = locateColumns(this.#name, fields);
      this.#width = fields.length;
      return;
    }
    if (fields.length !== this.#width) {
      throw new PlimsollError(
        'CSV_MALFORMED',
        `in ${this.#name}, line ${line}: ${fields.length} fields where the header has ${this.#width}`,
        'correct that line',
      );
    }
    this.#rows++;
    const slot = this.#selector.slotOf(this.#text(fields, 'symbol'), this.#text(fields, 'venue'));
    if (slot < 0) return;
    const time = this.#time(fields, line);
    if (time < this.#selection.from || time >= this.#selection.to) return;
    this.#columns[slot] ??= new ColumnBuffers();
    const target = this.#columns[slot];
    target.begin(time, line);
    for (const field of PRICE_FIELDS) target.set(field, this.#number(fields, field, line));
    target.set('volume', this.#number(fields, 'volume', line));
  }

  #text(fields: string[], column: string): string {
    const index = this.#header!.get(column);
    return index === undefined ? '' : fields[index].trim();
  }

  #time(fields: string[], line: number): number {
    const text = fields[this.#header!.get('timestamp')!].trim();
    const time = /^-?\d+$/.test(text) ? Number(text) : parseInstant(text);
    if (time !== undefined) return time;
    throw new PlimsollError(
      'TIMESTAMP_INVALID',
      `in ${this.#name}, line ${line}: "${text}" is no time`,
      'write milliseconds UTC or an ISO date',
    );
  }

  #number(fields: string[], field: BarField, line: number): number {
    const text = fields[this.#header!.get(field)!].trim();
    if (NUMBER.test(text) && (text.length <= MOST_DIGITS || significantDigits(text) <= MOST_DIGITS))
      return Number(text);
    throw new PlimsollError(
      'NUMBER_MALFORMED',
      `in ${this.#name}, line ${line}: the ${field} "${text}" is not a number of at most ${MOST_DIGITS} digits`,
      'write plain digits with a decimal point',
    );
  }

  finish(): RawFile {
    if (!this.#header) {
      throw new PlimsollError(
        'FILE_EMPTY',
        `the file ${this.#name} is empty`,
        'give a file with a header and at least one bar',
      );
    }
    this.#selector.assertFound();
    const series = this.#selector.names.map((_, slot) =>
      (this.#columns[slot] ?? new ColumnBuffers()).toSeries(this.#selector.nameOf(slot)),
    );
    return { series, rows: this.#rows, symbols: this.#selector.symbols };
  }
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** No double needs more digits to be told from its neighbours; a text that has more would be rounded unseen. */
const MOST_DIGITS = 17;

const significantDigits = (text: string): number =>
  text
    .replace(/[eE].*$/, '')
    .replace(/[^\d]/g, '')
    .replace(/^0+|0+$/g, '').length;

const CHUNK_BARS = 65_536;

/** Columns that grow by whole chunks, so that growth copies nothing. */
class ColumnBuffers {
  readonly #chunks: Record<BarField, Float64Array[]> = {
    timestamp: [],
    open: [],
    high: [],
    low: [],
    close: [],
    volume: [],
  };
  readonly #lines: Uint32Array[] = [];
  #length = 0;
  #at = CHUNK_BARS - 1;

  begin(time: number, line: number): void {
    if (++this.#at === CHUNK_BARS) {
      this.#at = 0;
      for (const field of BAR_FIELDS) this.#chunks[field].push(new Float64Array(CHUNK_BARS));
      this.#lines.push(new Uint32Array(CHUNK_BARS));
    }
    this.#length++;
    this.#lines[this.#lines.length - 1][this.#at] = line;
    this.set('timestamp', time);
  }

  set(field: BarField, value: number): void {
    const chunks = this.#chunks[field];
    chunks[chunks.length - 1][this.#at] = value;
  }

  /** Joins the chunks, letting go of each column's before the next is joined. */
  toSeries(symbol: string): RawSeries {
    const join = (field: BarField): Float64Array => {
      const joined = new Float64Array(this.#length);
      const chunks = this.#chunks[field].splice(0);
      chunks.forEach((chunk, k) => {
        joined.set(chunk.subarray(0, Math.min(CHUNK_BARS, this.#length - k * CHUNK_BARS)), k * CHUNK_BARS);
      });
      return joined;
    };
    const lines = this.#lines;
    return {
      symbol,
      length: this.#length,
      timestamp: join('timestamp'),
      open: join('open'),
      high: join('high'),
      low: join('low'),
      close: join('close'),
      volume: join('volume'),
      place: (index) => `line ${lines[Math.floor(index / CHUNK_BARS)][index % CHUNK_BARS]}`,
    };
  }
}
