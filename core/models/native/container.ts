/**
 * The file of a model that is evaluated here: what the training job exports, and what `evaluatorOf` (index.ts) reads.
 *
 * ```
 * 0   "PLIMSOLL"                 8 bytes
 * 8   version                    u32, little endian, as all that follows
 * 12  length of the header       u32; a multiple of 8
 * 16  header                     JSON, UTF-8, filled up with spaces
 *     arrays                     each from a multiple of 8 bytes on, where the header says
 * ```
 *
 * Numbers are read where they lie: a model of some megabytes is ready within a millisecond or two. That the bytes are those which were
 * exported is for whoever loads the file to check, by the hash in the manifest beside it.
 */
import { PlimsollError } from '../../errors.ts';
import type { Json } from '../../json.ts';

const MAGIC = 'PLIMSOLL';
const VERSION = 1;
const HEAD_BYTES = 16;

const TYPES = { f64: Float64Array, i32: Int32Array, u8: Uint8Array } as const;
type Kind = keyof typeof TYPES;
type ArrayOf<K extends Kind> = InstanceType<(typeof TYPES)[K]>;

interface Section {
  readonly type: Kind;
  /** Bytes from the first array on. */
  readonly offset: number;
  readonly length: number;
}

/** An opened file: its header, and its arrays by name. */
export class Container {
  readonly header: { readonly [key: string]: Json };
  readonly #sections: { readonly [name: string]: Section };
  readonly #arrays: Uint8Array;

  /** Throws `MODEL_FILE_DAMAGED`, or `MODEL_FILE_UNKNOWN` for another version's. */
  constructor(bytes: Uint8Array) {
    if (bytes.length < HEAD_BYTES || text(bytes.subarray(0, MAGIC.length)) !== MAGIC)
      throw damaged('it does not begin as one');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const version = view.getUint32(8, true);
    if (version !== VERSION) throw unknown(`its version is ${version}, and ${VERSION} is read here`);
    const begin = HEAD_BYTES + view.getUint32(12, true);
    if (begin > bytes.length) throw damaged('it ends within its header');
    const { arrays, bytes: total, ...header } = parsed(bytes.subarray(HEAD_BYTES, begin));
    if (total !== bytes.length - begin)
      throw damaged(`it has ${bytes.length - begin} bytes of numbers, and was written with ${String(total)}`);
    // The arrays are looked at where they lie, and for that they have to begin at a multiple of eight.
    this.#arrays = (bytes.byteOffset + begin) % 8 === 0 ? bytes.subarray(begin) : bytes.slice(begin);
    this.header = header;
    this.#sections = arrays as unknown as { readonly [name: string]: Section };
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#sections, name);
  }

  /** The array of that name. Throws `MODEL_FILE_DAMAGED` where there is none of that type and, where it is given, that length. */
  array<K extends Kind>(name: string, type: K, length?: number): ArrayOf<K> {
    const section = this.has(name) ? this.#sections[name] : undefined;
    if (section?.type !== type) throw damaged(`the array "${name}" is missing`);
    const { offset, length: count } = section;
    const form = TYPES[type];
    if (
      !Number.isInteger(count) ||
      !(offset >= 0) ||
      offset % 8 !== 0 ||
      offset + count * form.BYTES_PER_ELEMENT > this.#arrays.length
    )
      throw damaged(`the array "${name}" lies outside of it`);
    if (length !== undefined && count !== length)
      throw damaged(`the array "${name}" has ${count} numbers and not ${length}`);
    return new form(this.#arrays.buffer as ArrayBuffer, this.#arrays.byteOffset + offset, count) as ArrayOf<K>;
  }

  /** A number of the header. */
  number(key: string): number {
    const value = this.header[key];
    if (typeof value !== 'number') throw damaged(`"${key}" is no number`);
    return value;
  }
}

function parsed(bytes: Uint8Array): { readonly [key: string]: Json } {
  try {
    const value = JSON.parse(text(bytes)) as unknown;
    if (typeof value === 'object' && value !== null) return value as { readonly [key: string]: Json };
  } catch {
    // Said below, as what is not an object is.
  }
  throw damaged('its header is not JSON');
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const REMEDY = 'take the file from the model’s registry again, or train it anew';

export const damaged = (why: string): PlimsollError =>
  new PlimsollError('MODEL_FILE_DAMAGED', `the file of the model cannot be used: ${why}`, REMEDY);

export const unknown = (why: string): PlimsollError =>
  new PlimsollError(
    'MODEL_FILE_UNKNOWN',
    `the file of the model cannot be read here: ${why}`,
    'update Plimsoll, or train the model anew',
  );
