/** Files that a command writes where a person says. */
import { writeFile } from 'node:fs/promises';
import { PlimsollError } from '../../core/errors.ts';

/** Throws `FILE_NOT_WRITTEN`. */
export const writePage = (path: string, page: string): Promise<void> => writing(path, () => writeFile(path, page));

/** Throws `FILE_NOT_WRITTEN` for whatever `write` throws. */
export async function writing(path: string, write: (path: string) => Promise<void>): Promise<void> {
  try {
    await write(path);
  } catch (cause) {
    throw new PlimsollError(
      'FILE_NOT_WRITTEN',
      `the file ${path} could not be written (${(cause as NodeJS.ErrnoException).code ?? cause})`,
      'name a file in a folder that exists and has room',
      { cause },
    );
  }
}
