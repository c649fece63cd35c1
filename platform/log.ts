/** What the platform says: short lines for people on the terminal, and everything as JSON lines in a file that stays small. */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../core/errors.ts';

export type LogLevel = 'info' | 'warn' | 'error';

export const LOG_BOUNDS = { bytes: 5_000_000, files: 3, linesPerSecond: 10 } as const;
const LOG_FILE = 'plimsoll.log';

export class PlatformLog {
  readonly #path: string;
  readonly #say: (line: string) => void;
  readonly #now: () => number;
  #second = 0;
  #said = 0;
  #unsaid = 0;

  /** @param say prints a line for people */
  constructor(directory: string, say: (line: string) => void, now: () => number) {
    const folder = join(directory, 'log');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#path = join(folder, LOG_FILE);
    this.#say = say;
    this.#now = now;
  }

  /** Into the file. A log that cannot be written (a full disk, say) never stops what it tells of. */
  write(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const line = JSON.stringify({ time: new Date(this.#now()).toISOString(), level, message, ...fields });
    try {
      this.#rotate();
      appendFileSync(this.#path, `${line}\n`, { mode: 0o600 });
    } catch {
      // Nothing to do: the terminal still hears what matters.
    }
  }

  error(error: unknown, fields: Readonly<Record<string, unknown>> = {}): void {
    const told =
      error instanceof PlimsollError
        ? { code: error.code, error: error.sentence }
        : { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    this.write('error', 'failed', { ...told, ...fields });
  }

  /** For people too; beyond some lines a second the rest is counted. */
  tell(line: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.write('info', line, fields);
    const second = Math.floor(this.#now() / 1_000);
    if (second !== this.#second) {
      this.#sayCount();
      this.#second = second;
      this.#said = 0;
    }
    if (this.#said++ < LOG_BOUNDS.linesPerSecond) this.#sayTimed(line);
    else this.#unsaid++;
  }

  /** For people too, however much is told in the same second: what is rare, and what somebody waits for or has to act on. */
  tellAlways(line: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.write('info', line, fields);
    this.#sayCount();
    this.#sayTimed(line);
  }

  #sayTimed(line: string): void {
    this.#say(`${new Date(this.#now()).toISOString().slice(11, 19)}  ${line}`);
  }

  /** Of the lines that were not said. */
  #sayCount(): void {
    if (this.#unsaid > 0) this.#say(`  … and ${this.#unsaid} more, see ${this.#path}`);
    this.#unsaid = 0;
  }

  #rotate(): void {
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    if (size < LOG_BOUNDS.bytes) return;
    for (let k = LOG_BOUNDS.files - 1; k > 0; k--) {
      const from = k === 1 ? this.#path : `${this.#path}.${k - 1}`;
      if (statSync(from, { throwIfNoEntry: false })) renameSync(from, `${this.#path}.${k}`);
    }
  }
}

/** A failure in one sentence. */
export const sentenceOf = (error: unknown): string =>
  error instanceof PlimsollError
    ? error.sentence
    : `Something failed that should not have: ${error instanceof Error ? error.message : String(error)}.`;
