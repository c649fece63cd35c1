/**
 * What a version that is asked elsewhere has answered, in the object store: `model-answers/NAME/VERSION.answers`. An answer belongs to the
 * bits of its row, whichever bar that is of, and a version's files never change: what is kept is as good as what is asked again.
 */
import { hash } from 'node:crypto';
import type { ModelAnswers } from '../../../core/ports/model-server.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import type { ModelVersion } from '../registry.ts';

const FORMAT = 'plimsoll-answers/1';
/** Of the hash that stands for a row. */
const KEY_CHARACTERS = 32;
const KEY_BYTES = KEY_CHARACTERS / 2;
/** Rows that are kept of one version, the latest ones: some 20 MB with six members. */
export const MOST_KEPT_ROWS = 250_000;

interface KeptFile {
  readonly format: typeof FORMAT;
  readonly members: number;
  /** Base64: 16 bytes of each row's hash, and the members' probabilities as 64-bit floats, little end first. */
  readonly rows: string;
  readonly answers: string;
  /** Of the two. */
  readonly sha256: string;
}

export class KeptAnswers {
  readonly #objects: ObjectStore;
  readonly #key: string;
  readonly #members: number;
  #known: Map<string, readonly number[]> | undefined;
  #isSaved = true;

  constructor(objects: ObjectStore, { name, version, manifest }: Pick<ModelVersion, 'name' | 'version' | 'manifest'>) {
    this.#objects = objects;
    this.#key = `model-answers/${name}/${version}.answers`;
    this.#members = manifest.members.length;
  }

  /** By row, undefined where there is none. What is kept and cannot be read is asked again. */
  async of(rows: readonly Float64Array[]): Promise<(readonly number[] | undefined)[]> {
    const known = await this.#read();
    return rows.map((row) => known.get(keyOf(row)));
  }

  /** Answers to rows, which have been found to fit. They are kept from the next {@link save} on. */
  async add(rows: readonly Float64Array[], answers: ModelAnswers): Promise<void> {
    const known = await this.#read();
    rows.forEach((row, k) => {
      known.set(keyOf(row), answers[k]);
    });
    for (const oldest of known.keys()) {
      if (known.size <= MOST_KEPT_ROWS) break;
      known.delete(oldest);
    }
    this.#isSaved &&= rows.length === 0;
  }

  /** One write of all. Of two processes that write at once one loses its latest answers, and asks again. Throws as the store. */
  async save(): Promise<void> {
    if (this.#isSaved) return;
    const known = await this.#read();
    const rows = Buffer.from([...known.keys()].join(''), 'hex');
    const answers = Buffer.alloc(known.size * this.#members * 8);
    let at = 0;
    for (const row of known.values()) for (const up of row) at = answers.writeDoubleLE(up, at);
    const file: KeptFile = {
      format: FORMAT,
      members: this.#members,
      rows: rows.toString('base64'),
      answers: answers.toString('base64'),
      sha256: hashOf(rows, answers),
    };
    await this.#objects.put(this.#key, new TextEncoder().encode(JSON.stringify(file)));
    this.#isSaved = true;
  }

  async #read(): Promise<Map<string, readonly number[]>> {
    this.#known ??= this.#parsed(await this.#objects.get(this.#key));
    return this.#known;
  }

  #parsed(bytes: Uint8Array | undefined): Map<string, readonly number[]> {
    const known = new Map<string, readonly number[]>();
    const file = bytes && fileIn(bytes);
    if (file?.format !== FORMAT || file.members !== this.#members) return known;
    const rows = Buffer.from(String(file.rows), 'base64');
    const answers = Buffer.from(String(file.answers), 'base64');
    if (hashOf(rows, answers) !== file.sha256) return known;
    const count = Math.min(rows.length / KEY_BYTES, answers.length / (8 * this.#members));
    for (let k = 0; k < count; k++) {
      const key = rows.toString('hex', k * KEY_BYTES, (k + 1) * KEY_BYTES);
      const ups = Array.from({ length: this.#members }, (_, m) => answers.readDoubleLE((k * this.#members + m) * 8));
      known.set(key, ups);
    }
    return known;
  }
}

function fileIn(bytes: Uint8Array): Partial<KeptFile> | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Partial<KeptFile>;
  } catch {
    return undefined;
  }
}

const hashOf = (rows: Buffer, answers: Buffer): string => hash('sha256', Buffer.concat([rows, answers]));

/** Rows are the same where their bits are. */
const keyOf = (row: Float64Array): string =>
  hash('sha256', new Uint8Array(row.buffer, row.byteOffset, row.byteLength)).slice(0, KEY_CHARACTERS);
