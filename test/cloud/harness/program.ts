import { type ChildProcess, spawn } from 'node:child_process';

/** Characters kept of what a program prints; a longer transcript loses its beginning. */
const TRANSCRIPT_LIMIT = 2_000_000;

/** What a program printed on both its streams, in order of arrival. */
export class Transcript {
  #text = '';

  follow(child: ChildProcess): this {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#text = (this.#text + text).slice(-TRANSCRIPT_LIMIT);
      });
    }
    return this;
  }

  get text(): string {
    return this.#text;
  }

  /** The last lines, indented to stand below a sentence. */
  tail(lines = 40): string {
    const kept = this.#text.trimEnd().split('\n').slice(-lines);
    return kept.map((line) => `  ${line}`).join('\n');
  }
}

export interface Outcome {
  /** Null where the program was ended by a signal or could not be started. */
  readonly exitCode: number | null;
  readonly transcript: Transcript;
}

export interface RunOptions {
  /** The whole environment; nothing is inherited. */
  readonly env: Record<string, string>;
  readonly cwd?: string;
  /** When the time is up the program is killed. */
  readonly timeoutMs: number;
}

/** Runs a program to its end. Never rejects: a program that cannot be started has no exit code. */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  const { env, cwd, timeoutMs } = options;
  const child = spawn(program, args, {
    env,
    cwd,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const transcript = new Transcript().follow(child);
  return new Promise((resolve) => {
    child.once('error', () => resolve({ exitCode: null, transcript }));
    child.once('close', (exitCode) => resolve({ exitCode, transcript }));
  });
}
