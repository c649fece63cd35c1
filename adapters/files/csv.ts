/** Comma-separated values as RFC 4180 has them, read as a stream. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { PlimsollError } from '../../core/errors.ts';

/** A quote that is never closed must not swallow a whole file. */
const MAX_RECORD_CHARACTERS = 1_000_000;

/**
 * Calls back with each record and the line (from 1) on which it starts; empty lines are skipped. Files that end in `.gz`
 * are unpacked. The array of fields is used again for the next record. Throws `CSV_MALFORMED`.
 */
export async function readCsv(path: string, onRecord: (fields: string[], line: number) => void): Promise<void> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const input = path.toLowerCase().endsWith('.gz') ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => input.destroy(error));
  const decoder = new TextDecoder('utf-8');
  const splitter = new RecordSplitter(basename(path), onRecord);
  try {
    for await (const chunk of input) splitter.push(decoder.decode(chunk as Uint8Array, { stream: true }));
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause;
    throw new PlimsollError(
      'FILE_UNREADABLE',
      `the file ${path} cannot be read (${(cause as Error).message})`,
      'check that the file is whole',
      { cause },
    );
  } finally {
    file.destroy();
  }
  splitter.push(decoder.decode());
  splitter.end();
}

class RecordSplitter {
  readonly #name: string;
  readonly #onRecord: (fields: string[], line: number) => void;
  readonly #fields: string[] = [];
  #rest = '';
  #line = 1;

  constructor(name: string, onRecord: (fields: string[], line: number) => void) {
    this.#name = name;
    this.#onRecord = onRecord;
  }

  push(text: string): void {
    let data = this.#rest + text;
    if (this.#line === 1 && data.charCodeAt(0) === 0xfeff) data = data.slice(1);
    let start = 0;
    let quote = data.indexOf('"');
    for (;;) {
      // Looked for again only when passed: a search in a text without quotes would run to its end for every record.
      if (quote >= 0 && quote < start) quote = data.indexOf('"', start);
      const end = endOfRecord(data, start, quote);
      if (end < 0) break;
      this.#record(data.slice(start, end));
      start = end + 1;
    }
    this.#rest = data.slice(start);
    if (this.#rest.length > MAX_RECORD_CHARACTERS)
      throw this.#malformed('has a record of more than a million characters');
  }

  end(): void {
    if (this.#rest.length === 0) return;
    if (endOfRecord(`${this.#rest}\n`, 0, this.#rest.indexOf('"')) < 0)
      throw this.#malformed('has a quote that is never closed');
    this.#record(this.#rest);
  }

  #record(raw: string): void {
    const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const line = this.#line;
    if (text.includes('"')) {
      this.#splitQuoted(text);
      this.#line += 1 + (text.split('\n').length - 1);
    } else {
      this.#splitPlain(text);
      this.#line++;
    }
    if (text !== '') this.#onRecord(this.#fields, line);
  }

  #splitPlain(text: string): void {
    let count = 0;
    let start = 0;
    for (let comma = text.indexOf(','); comma >= 0; comma = text.indexOf(',', start)) {
      this.#fields[count++] = text.slice(start, comma);
      start = comma + 1;
    }
    this.#fields[count++] = text.slice(start);
    this.#fields.length = count;
  }

  #splitQuoted(text: string): void {
    this.#fields.length = 0;
    let at = 0;
    while (at <= text.length) {
      if (text[at] !== '"') {
        const comma = text.indexOf(',', at);
        const end = comma < 0 ? text.length : comma;
        this.#fields.push(text.slice(at, end));
        at = end + 1;
        continue;
      }
      const end = closingQuote(text, at + 1);
      if (end + 1 < text.length && text[end + 1] !== ',') throw this.#malformed('has text after a closing quote');
      this.#fields.push(text.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 2;
    }
  }

  #malformed(what: string): PlimsollError {
    return new PlimsollError('CSV_MALFORMED', `in ${this.#name}, line ${this.#line}: ${what}`, 'correct that line');
  }
}

/**
 * Index of the line feed that ends the record which starts at `start`, or -1. Line feeds within quotes do not end it; `first`
 * is the first quote from there on, or -1.
 */
function endOfRecord(data: string, start: number, first: number): number {
  let end = data.indexOf('\n', start);
  if (end < 0) return -1;
  let quote = first;
  while (quote >= 0 && quote < end) {
    const close = closingQuote(data, quote + 1);
    if (close < 0) return -1;
    if (close > end) end = data.indexOf('\n', close);
    if (end < 0) return -1;
    quote = data.indexOf('"', close + 1);
  }
  return end;
}

/** Index of the quote that closes a field; a doubled quote does not. */
function closingQuote(text: string, start: number): number {
  let quote = text.indexOf('"', start);
  while (quote >= 0 && text[quote + 1] === '"') quote = text.indexOf('"', quote + 2);
  return quote;
}
