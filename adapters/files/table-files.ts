/** A feature table as files, to be sent to where it is trained on. */
import { hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { PlimsollError } from '../../core/errors.ts';
import { labelSchema } from '../../core/models/table.ts';
import { TABLE_FILES } from './feature-table.ts';

export interface TableFiles {
  /** SHA-256 of `table.json`, which holds that of the rows: the name of the content. */
  readonly id: string;
  /** SHA-256 of the rows. */
  readonly sha256: string;
  readonly rows: number;
  /** By name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What is read into memory at once, and what S3 takes in one piece. */
const MOST_BYTES = 2 * 2 ** 30 - 2 ** 20;
const ABOUT_LIMIT = 2 ** 24;
const SHA256 = /^[0-9a-f]{64}$/;

/**
 * The files of a table that a training reads, those of the locked period not among them. Throws `TABLE_MISSING`, `TABLE_INVALID`,
 * `TABLE_TOO_LONG`, and `TABLE_CHANGED` where the rows are not those that it describes.
 * @param folder as `plimsoll models table` wrote it
 */
export async function readTableFiles(folder: string): Promise<TableFiles> {
  const about = await read(folder, TABLE_FILES.about, ABOUT_LIMIT);
  const rows = await read(folder, TABLE_FILES.rows, MOST_BYTES);
  const told = aboutOf(folder, about);
  if (hash('sha256', rows) !== told.sha256)
    throw new PlimsollError(
      'TABLE_CHANGED',
      `${TABLE_FILES.rows} in ${folder} is not the file that ${TABLE_FILES.about} describes`,
      'write the table again with `plimsoll models table`',
    );
  const files = new Map([
    [TABLE_FILES.about, about],
    [TABLE_FILES.rows, rows],
  ]);
  return { id: hash('sha256', about), ...told, files };
}

const aboutShape = z.object({
  format: z.literal('plimsoll-features/1'),
  sha256: z.string().regex(SHA256),
  features: z.array(z.string()),
  label: labelSchema,
  symbols: z.array(z.string()),
  sources: z.array(z.object({ file: z.string(), sha256: z.string().regex(SHA256) })),
  lockedFrom: z.number().optional(),
});
/** What a table was made of. */
export type TableAbout = z.infer<typeof aboutShape>;

/**
 * What the table in a folder says that it was made of. Throws `TABLE_MISSING`, `TABLE_INVALID` or `TABLE_TOO_LONG`.
 * @param folder as `plimsoll models table` wrote it
 */
export async function readTableAbout(folder: string): Promise<TableAbout> {
  const bytes = await read(folder, TABLE_FILES.about, ABOUT_LIMIT);
  try {
    return aboutShape.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw invalid(folder, cause);
  }
}

async function read(folder: string, name: string, most: number): Promise<Uint8Array> {
  const path = join(folder, 'train', name);
  try {
    const { size } = await stat(path);
    if (size <= most) return await readFile(path);
  } catch (cause) {
    throw new PlimsollError(
      'TABLE_MISSING',
      `${folder} holds no table: train/${name} cannot be read`,
      'write one with `plimsoll models table`',
      { cause },
    );
  }
  throw new PlimsollError('TABLE_TOO_LONG', `${path} is longer than ${most} bytes`, 'take fewer rows or features');
}

function aboutOf(folder: string, bytes: Uint8Array): { readonly sha256: string; readonly rows: number } {
  try {
    const { format, sha256, rows } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    if (
      format === 'plimsoll-features/1' &&
      typeof sha256 === 'string' &&
      SHA256.test(sha256) &&
      typeof rows === 'number'
    )
      return { sha256, rows };
  } catch {
    // As any other that is no description.
  }
  throw invalid(folder);
}

const invalid = (folder: string, cause?: unknown): PlimsollError =>
  new PlimsollError(
    'TABLE_INVALID',
    `${TABLE_FILES.about} in ${folder} describes no table`,
    'write the table again with `plimsoll models table`',
    cause === undefined ? {} : { cause },
  );
