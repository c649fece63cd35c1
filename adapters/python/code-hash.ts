/** Which code a training job runs, as the job itself says it in its record. */
import { hash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canonicalJson } from '../../core/json.ts';

const PACKAGE = resolve(import.meta.dirname, '../../models/plimsoll_models');

/** SHA-256, hex, over the sources of the Python package: `code_hash` of models/plimsoll_models/job/record.py gives the same. */
export function pythonCodeHash(): string {
  const sources = globSync('**/*.py', { cwd: PACKAGE }).map(
    (path) => [path.replaceAll('\\', '/'), hash('sha256', readFileSync(join(PACKAGE, path)))] as const,
  );
  return hash('sha256', canonicalJson(Object.fromEntries(sources)));
}
