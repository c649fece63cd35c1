/** `@aws-sdk/client-s3` in a form that a bundler can cut to the commands that are used: 58 kB less in the function that keeps the lake. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const packaged = join(root, 'node_modules/@aws-sdk/client-s3');
const cache = join(root, '.cache/slim');
const SCHEMAS = 'dist-es/schemas/schemas_0.js';

/**
 * The entry of a copy of the package whose schemas have literal keys. Theirs are computed from constants (`{ [_hH]: … }`), which
 * a bundler must take for code with effects, so it keeps the schemas of all 110 operations. Nothing else differs; where the
 * package is written in another way one day, the copy is merely as large as the original.
 */
export function slimS3(): string {
  const { version } = JSON.parse(readFileSync(join(packaged, 'package.json'), 'utf8')) as { version: string };
  const copy = join(cache, `client-s3-${version}`);
  if (!existsSync(copy)) make(copy);
  return join(copy, 'dist-es/index.js');
}

/** Built aside and renamed, so that two processes at once see all of it or nothing. */
function make(copy: string): void {
  mkdirSync(cache, { recursive: true });
  const building = mkdtempSync(join(cache, 'building-'));
  for (const part of ['package.json', 'dist-es'])
    cpSync(join(packaged, part), join(building, part), { recursive: true });
  const schemas = join(building, SCHEMAS);
  writeFileSync(schemas, withLiteralKeys(readFileSync(schemas, 'utf8')));
  try {
    renameSync(building, copy);
  } catch (error) {
    rmSync(building, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
}

/** `const _hH = "httpHeader"; … { [_hH]: 1 }` becomes `… { "httpHeader": 1 }`. */
export function withLiteralKeys(source: string): string {
  const constants = new Map(
    [...source.matchAll(/^const (\w+) = ("[^"\\]*");$/gm)].map(([, name, text]) => [name, text]),
  );
  return source.replace(/\[(\w+)\]:/g, (computed, name: string) => {
    const text = constants.get(name);
    return text === undefined ? computed : `${text}:`;
  });
}
