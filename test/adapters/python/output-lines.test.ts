import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readLines, Tail } from '../../../adapters/python/output-lines.ts';

async function linesOf(chunks: readonly string[]): Promise<string[]> {
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line));
  await finished(stream);
  return lines;
}

it('gives the lines of a text, however it comes in parts', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '\n') })), async (chunks) => {
      const expected = chunks.join('').split('\n');
      if (expected.at(-1) === '') expected.pop();
      expect(await linesOf(chunks)).toEqual(expected);
    }),
  ));

it('keeps the beginning of a line that is too long, and reads on after it', async () => {
  const lines = await linesOf(['x'.repeat(50_000), 'y'.repeat(50_000), 'z'.repeat(50_000) + '\nnext\n']);
  expect(lines).toEqual(['x'.repeat(50_000) + 'y'.repeat(15_536), 'next']);
});

it('keeps the end of what was said', () => {
  const tail = new Tail(10);
  for (const line of ['one', 'two', 'three']) tail.add(line);
  expect(tail.text).toBe('two\nthree\n');
});
