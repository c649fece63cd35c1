/** Lines of a body that has no end. */
import { Malformed } from './json.ts';

/** Each as it comes, without the empty ones. Throws `Malformed` for a line of more characters than `most`. */
export async function* linesOf(body: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let held = '';
  for await (const chunk of body) {
    const lines = (held + decoder.decode(chunk, { stream: true })).split('\n');
    held = lines.pop() ?? '';
    for (const line of [...lines, held]) {
      if (line.length > most) throw new Malformed(`a line of more than ${most} characters`);
    }
    for (const line of lines) if (line.trim() !== '') yield line;
  }
}
