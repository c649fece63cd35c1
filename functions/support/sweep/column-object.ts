/**
 * An object with a description and columns of numbers: eight bytes that say what it is, the length of the description (uint32), the
 * description as JSON, filled up to eight bytes, then the columns one after another as float64. All of it little-endian, as the machines
 * are that write and read it. So a NaN stays one, and what is read is what was written, to the last bit.
 */
import { PlimsollError } from '../../../core/errors.ts';

const MAGIC = 'PLCOLS1\n';
const HEAD_BYTES = MAGIC.length + 4;
const WORD_BYTES = Float64Array.BYTES_PER_ELEMENT;

export interface ColumnObject {
  readonly description: unknown;
  /** The columns, one after another. */
  readonly values: Float64Array;
}

export function columnBytes(description: object, columns: readonly Float64Array[]): Uint8Array {
  const text = Buffer.from(JSON.stringify(description));
  const begin = padded(HEAD_BYTES + text.length);
  const words = columns.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(begin + words * WORD_BYTES);
  const buffer = Buffer.from(bytes.buffer);
  buffer.write(MAGIC, 'latin1');
  buffer.writeUInt32LE(text.length, MAGIC.length);
  bytes.set(text, HEAD_BYTES);
  const values = new Float64Array(bytes.buffer, begin);
  let at = 0;
  for (const column of columns) {
    values.set(column, at);
    at += column.length;
  }
  return bytes;
}

/** Throws `SWEEP_OBJECT_DAMAGED`, with `what` as its name for people. */
export function readColumnBytes(bytes: Uint8Array, what: string): ColumnObject {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEAD_BYTES || buffer.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw damaged(what, 'it is none of ours');
  const textLength = buffer.readUInt32LE(MAGIC.length);
  const begin = padded(HEAD_BYTES + textLength);
  if (begin > buffer.length || (buffer.length - begin) % WORD_BYTES !== 0) throw damaged(what, 'it is cut short');
  return {
    description: parsed(buffer.toString('utf8', HEAD_BYTES, HEAD_BYTES + textLength), what),
    // Copied, since what came over the network need not lie where float64 may; and not by a Buffer's own slice, which copies nothing.
    values: new Float64Array(Uint8Array.prototype.slice.call(bytes, begin).buffer),
  };
}

export const damaged = (what: string, why: string): PlimsollError =>
  new PlimsollError(
    'SWEEP_OBJECT_DAMAGED',
    `${what} cannot be read (${why})`,
    'delete it, and give the command again',
    {
      kept: 'nothing was counted',
    },
  );

const padded = (bytes: number): number => Math.ceil(bytes / WORD_BYTES) * WORD_BYTES;

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(what, 'its description is not JSON');
  }
}
