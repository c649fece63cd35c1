/** The server's side of an answer over HTTP that has no end, a line for each thing that it says. */
import type { ServerResponse } from 'node:http';
import type { Wire } from './streams.ts';

/** In which what was written on this machine is read on it. */
const TURNS = 50;

export class ServedBody implements Wire {
  readonly #response: ServerResponse;
  isOpen = true;
  /** It has no frame for it. */
  readonly tookLeave = false;

  constructor(response: ServerResponse, ended: () => void) {
    this.#response = response;
    response.on('error', () => undefined);
    response.on('close', () => {
      this.isOpen = false;
      ended();
    });
  }

  say(text: string): void {
    this.#response.write(`${text}\n`);
  }

  end(): void {
    this.#response.end();
  }

  cut(): void {
    this.#response.destroy();
  }

  async read(): Promise<void> {
    for (let turn = 0; this.isOpen && turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
