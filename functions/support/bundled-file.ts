import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A bundle is one file, and parts of it in a folder. */
const PARTS = 'parts';
/** The bundler writes a path from the module on that imports it, which may be a part. */
const FROM_A_MODULE = /^(?:\.{1,2}\/)+/;

/**
 * The path of a file that a bundle took along.
 * @param file as a module of the bundle imports it
 * @param code `import.meta.url` of any module of it
 */
export function bundledFile(file: string, code: string): string {
  const here = dirname(fileURLToPath(code));
  return join(basename(here) === PARTS ? dirname(here) : here, file.replace(FROM_A_MODULE, ''));
}
