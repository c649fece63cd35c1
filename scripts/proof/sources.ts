/** The sources that a figure depends on: everything that its entries import, and the hash of that. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';

/** The repository's root. */
export const ROOT = join(import.meta.dirname, '../..');

/** Of imports that are left at run time: types alone name nothing that runs. */
const IMPORT = /(?:^|\n)\s*(?:import|export)\s+(?!type\s)(?:[^'"`;]*?\sfrom\s+)?['"](\.{1,2}\/[^'"]+)['"]/g;
/** Of files: a folder that is named so is where data may be found. */
const DYNAMIC_IMPORT = /\b(?:import|URL)\(\s*['"](\.{1,2}\/[^'"]+\.\w+)['"]/g;

/** Files (below the root, with forward slashes) that are run when `entries` are, in order of their names. */
export function closureOf(entries: readonly string[], read: (path: string) => string = readSource): string[] {
  const found = new Set<string>();
  const open = [...entries];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const text = read(path);
    for (const pattern of [IMPORT, DYNAMIC_IMPORT])
      for (const [, target] of text.matchAll(pattern)) open.push(posix.join(dirname(path), target));
  }
  return [...found].sort();
}

/** SHA-256 over names and contents, hex. Line ends are those of the repository, whatever the machine's are. */
export function hashOf(files: readonly string[], read: (path: string) => string = readSource): string {
  const hash = createHash('sha256');
  for (const path of files) hash.update(`${path}\0${read(path).replaceAll('\r\n', '\n')}\0`);
  return hash.digest('hex');
}

function readSource(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** A path as the closure names it. */
export const sourceName = (path: string): string => relative(ROOT, path).split(sep).join('/');
