// The command line as people run it: a process of its own, in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export const root = resolve(import.meta.dirname, '../..');
const node = join(root, 'node_modules/node/bin/node');
/** Far beyond what anything here takes on a busy machine. */
const PATIENCE_MS = 60_000;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder with a configuration and perhaps strategies of its own, on the simulated exchange in bars of a second. */
export class Workplace {
  readonly directory = mkdtempSync(join(tmpdir(), 'plimsoll-cli-'));
  readonly #children: ChildProcess[] = [];

  constructor({
    strategies = '[{ strategy: sma-cross, params: { fast: 2, slow: 3 }, allocation: 0.5 }]',
    more = '',
  } = {}) {
    this.write(
      'plimsoll.yaml',
      `venues: { sim: { kind: simulated, seed: 3 } }
universes: { one: { venue: sim, symbols: [BTC/USDT], timeframe: 1s } }
accounts: [{ id: quick, universe: one, strategies: ${strategies} }]
schedule: { delayMs: 100, deadlineMs: 500 }
server: { port: 0 }
${more}`,
    );
  }

  write(name: string, text: string): string {
    const file = join(this.directory, name);
    mkdirSync(resolve(file, '..'), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** A strategy of the user's, whose onBar is `body`. */
  strategy(name: string, body: string): void {
    const contract = pathToFileURL(join(root, 'core/strategies/index.ts')).href;
    this.write(
      `strategies/${name}.ts`,
      `import { strategy, z } from '${contract}';\nexport default strategy({ name: '${name}', params: z.object({}), indicators: () => ({}), onBar(context) { ${body} } });\n`,
    );
  }

  start(...args: string[]): Running {
    return this.startThrough([], ...args);
  }

  /** Started by another command, such as one that limits it. */
  startThrough(command: readonly string[], ...args: string[]): Running {
    return this.#spawn([...command, node, join(root, 'bin/plimsoll.ts'), ...args]);
  }

  /** Any script, in this folder. */
  child(script: string, ...args: string[]): Running {
    return this.#spawn([node, script, ...args]);
  }

  #spawn([command, ...args]: string[]): Running {
    const child = spawn(command, args, { cwd: this.directory, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.push(child);
    return new Running(child);
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export class Running {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #out = '';
  #err = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (text) => (this.#out += text));
    child.stderr?.on('data', (text) => (this.#err += text));
    this.ended = new Promise((done) => child.on('close', (code) => done({ code, out: this.#out, err: this.#err })));
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal);
    return this.ended;
  }

  /** How often the process has printed what matches a pattern with the flag `g`, until now. */
  times(pattern: RegExp): number {
    return this.#out.match(pattern)?.length ?? 0;
  }

  /** What the process has printed, once it matches. Throws where it ends before. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (let waited = 0; waited < PATIENCE_MS; waited += 50) {
      const match = pattern.exec(this.#out);
      if (match) return match;
      if (this.#child.exitCode !== null) break;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`it never printed ${pattern}, but:\n${this.#out}${this.#err}`);
  }
}

/** Asks until `found` finds something in what a command printed; less and less often, since each command takes half a second of a processor. */
export async function until<T>(ask: () => Promise<T>, found: (answer: T) => boolean): Promise<T> {
  let answer = await ask();
  for (let asked = 1; asked < 60 && !found(answer); asked++) {
    await new Promise((done) => setTimeout(done, Math.min(125 * 2 ** asked, 1_000)));
    answer = await ask();
  }
  if (found(answer)) return answer;
  throw new Error(`it never came, but: ${JSON.stringify(answer)}`);
}
