import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A bundle is one file, and parts of it in a folder. */
const PARTS = 'parts';

/**
 * The folder that paths of files in a bundle begin at.
 * @param code `import.meta.url` of a module of it
 */
export function bundleFolder(code: string): string {
  const here = dirname(fileURLToPath(code));
  return basename(here) === PARTS ? dirname(here) : here;
}
