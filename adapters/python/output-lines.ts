/** What a process prints, line by line and within bounds: of a line that is too long only its beginning counts. */
import type { Readable } from 'node:stream';

const LINE_LIMIT = 65_536;

/** Hands each whole line to `onLine`, without its end, and the last one when the stream ends; characters beyond 65,536 are lost. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let begun = '';
  const add = (text: string): void => {
    begun += text.slice(0, LINE_LIMIT - begun.length);
  };
  const end = (): void => {
    const line = begun;
    begun = '';
    onLine(line);
  };
  stream.setEncoding('utf8').on('data', (text: string) => {
    let from = 0;
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      add(text.slice(from, to));
      end();
      from = to + 1;
    }
    add(text.slice(from));
  });
  stream.once('end', () => begun && end());
}

/** The last lines of what a program printed, each indented to stand below a sentence. */
export const lastLines = (output: string, count: number): string =>
  output
    .trimEnd()
    .split('\n')
    .slice(-count)
    .map((line) => `  ${line}`)
    .join('\n');

/** The last lines that were added, within a number of characters. */
export class Tail {
  readonly #limit: number;
  #text = '';

  /** @param limit in characters */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(line: string): void {
    this.#text = `${this.#text}${line}\n`.slice(-this.#limit);
  }

  get text(): string {
    return this.#text;
  }
}
