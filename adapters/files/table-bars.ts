/**
 * The bars beside a feature table: a copy of the file that it was made from, `bars/HASH/FILE` in the table's folder, so that the table can be
 * made again before anything learns from it. No training job is given this folder.
 */
import { constants } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';
import { sha256OfFile } from './bar-file.ts';

const FOLDER = 'bars';
const HASH_DIGITS = 16;

/** A file of bars as a table names it. */
export interface NamedBars {
  /** Its name without its folder. */
  readonly file: string;
  /** Of the file as it is, hex. */
  readonly sha256: string;
}

/**
 * Keeps a copy of the file beside a table, unless it is there. Throws `FILE_UNWRITABLE`.
 * @param folder of the table
 * @param path of the bars
 */
export async function keepTableBars(folder: string, path: string, named: NamedBars): Promise<void> {
  const kept = pathOf(folder, named);
  if (await isThere(kept)) return;
  const half = `${kept}.${process.pid}.part`;
  try {
    await mkdir(dirname(kept), { recursive: true });
    await copyFile(path, half, constants.COPYFILE_FICLONE);
    await rename(half, kept);
  } catch (cause) {
    await rm(half, { force: true }).catch(() => undefined);
    throw new PlimsollError(
      'FILE_UNWRITABLE',
      `the bars of the table cannot be kept in ${folder} (${(cause as Error).message})`,
      'check the folder and the free space',
      { cause },
    );
  }
}

/** Whether a table was written with its bars beside it. */
export const hasTableBars = (folder: string): Promise<boolean> => isThere(join(folder, FOLDER));

/** The path of a table's bars. Throws `TABLE_BARS_CHANGED` where they are not there, or not those that the table names. */
export async function tableBars(folder: string, named: NamedBars): Promise<string> {
  const path = pathOf(folder, named);
  if ((await isThere(path)) && (await sha256OfFile(path)) === named.sha256) return path;
  throw new PlimsollError(
    'TABLE_BARS_CHANGED',
    `the bars beside the table in ${folder} are not ${named.file}, SHA-256 ${named.sha256}, which it was made from`,
    'write the table again with `plimsoll models table`',
    { kept: 'nothing was trained' },
  );
}

/** The hash keeps bars of one name apart, and whatever else may be in a folder of that name untouched. */
const pathOf = (folder: string, { file, sha256 }: NamedBars): string =>
  join(folder, FOLDER, sha256.slice(0, HASH_DIGITS), basename(file));

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
