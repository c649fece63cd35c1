/** Asking a person on the terminal, where there is one. Questions go to standard error: standard output is for results. */
import { createInterface } from 'node:readline';
import { PlimsollError } from '../../core/errors.ts';

/** As a shell reports a process that Ctrl-C ended. */
const INTERRUPTED = 130;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACES = ['\u007f', '\b'];
const STDIN_MAX = 65_536;

export const isTerminal = (): boolean => process.stdin.isTTY === true;

/** One line, shown as it is typed. */
export function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    lines.on('close', () => resolve(''));
    lines.question(question, (answer) => {
      resolve(answer.trim());
      lines.close();
    });
  });
}

/** One line, not shown. */
export async function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  try {
    let typed = '';
    for await (const text of stdin.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
      for (const character of text) {
        if (character === CTRL_C) process.exit(INTERRUPTED);
        if (character === '\r' || character === '\n' || character === CTRL_D) return typed;
        typed = BACKSPACES.includes(character) ? typed.slice(0, -1) : typed + character;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

/** Everything on standard input, without the last line's end. Throws `USAGE` for more than 64 KiB. */
export async function readStandardInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.length > STDIN_MAX)
      throw new PlimsollError('USAGE', `standard input holds more than ${STDIN_MAX} characters`, 'give one secret');
  }
  return text.replace(/\r?\n$/, '');
}
