import { expect, test } from 'vitest';
import { linesOf } from '../../../../adapters/venues/http/lines.ts';

async function read(chunks: readonly (string | Uint8Array)[], most = 100): Promise<string[]> {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const lines: string[] = [];
  for await (const line of linesOf(body(), most)) lines.push(line);
  return lines;
}

test('a line is given once it is whole, however it is cut on its way', async () => {
  expect(await read(['one\ntw', 'o\n', '\n  \r\nthree\n', 'half'])).toEqual(['one', 'two', 'three']);
});

test('a character may be cut in two', async () => {
  const bytes = Buffer.from('“é”\n');
  expect(await read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(['“é”']);
});

test('a line that is too long is not waited for, whether it ends or not', async () => {
  const malformed = { name: 'Malformed', message: 'a line of more than 4 characters' };
  await expect(read(['12345\n'], 4)).rejects.toMatchObject(malformed);
  await expect(read(['1234', '5'], 4)).rejects.toMatchObject(malformed);
  expect(await read(['1234\n1234\n'], 4)).toEqual(['1234', '1234']);
});
