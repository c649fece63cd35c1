/**
 * Some two hundred short files, each of which would spend longer on a process of its own, and on loading what the file before it had loaded,
 * than on its tests. They share processes: they take nothing from them but modules, and leave nothing behind that another file could see.
 * test/architecture/together.test.ts looks for what would.
 */
import { globSync } from 'node:fs';
import { join, sep } from 'node:path';
import { SLOW_FILES } from './slow-first.ts';

/** From the root. The slow ones are not among them: what they load is little beside what they do, and they begin first. */
export const TOGETHER: readonly string[] = globSync(['test/core/**/*.test.ts', 'test/adapters/venues/**/*.test.ts'], {
  cwd: join(import.meta.dirname, '..'),
})
  .map((path) => path.replaceAll(sep, '/'))
  .filter((path) => !SLOW_FILES.includes(path));
