/** Test files that share processes see nothing of one another. */
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { expect, test } from 'vitest';
import { TOGETHER } from '../together.ts';

const root = join(import.meta.dirname, '..', '..');

/** What of the tests a file loads, itself included, by path from the root. */
function loadedBy(files: readonly string[]): Map<string, string> {
  const sources = new Map<string, string>();
  const left = [...files];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (sources.has(file) || !file.startsWith('test/')) continue;
    const source = readFileSync(join(root, file), 'utf8');
    sources.set(file, source);
    for (const [, path] of source.matchAll(/(?:\bfrom|\bimport\(?)\s*'(\.{1,2}\/[^']+\.ts)'/g))
      left.push(posix.join(dirname(file), path));
  }
  return sources;
}

const sources = [...loadedBy(TOGETHER)];
const filesWith = (pattern: RegExp): string[] => sources.filter(([, text]) => pattern.test(text)).map(([file]) => file);

test('files that share processes declare no hooks in a helper that is loaded once for all of them', () => {
  expect(TOGETHER.length).toBeGreaterThan(100);
  expect(filesWith(/^(before|after)(Each|All)\(/m).filter((file) => !file.endsWith('.test.ts'))).toEqual([]);
});

test('files that share processes change nothing of a process', () => {
  const changes =
    /\bvi\.(stub\w+|spyOn|mock|doMock|use\w+|set\w+)\(|\bprocess\.(chdir|exit)\(|\bprocess\.env\.\w+ = |\bglobalThis\.\w+ = /;
  expect(filesWith(changes)).toEqual([]);
});
