/**
 * What test files import as `vitest` while mutants are run: `describe` and `test` only collect, so that each test can be run again and
 * again in one process; `expect` is Vitest's own.
 */
import { format } from 'node:util';

export { assert, assertType, chai, expect, expectTypeOf, vi } from 'vitest';

type Body = (...given: readonly never[]) => unknown;
type Hook = () => unknown;
type Declare = (name: string, ...rest: readonly unknown[]) => void;

/** A test as it was declared. */
export interface Case {
  /** Unique within the files collected, and the same in every process: file, names, and a number where these come twice. */
  readonly id: string;
  readonly file: string;
  readonly suite: Suite;
  readonly body: Body;
  readonly given: readonly unknown[];
}

class Suite {
  readonly name: string;
  readonly parent: Suite | undefined;
  readonly beforeAll: Hook[] = [];
  readonly afterAll: Hook[] = [];
  readonly beforeEach: Hook[] = [];
  readonly afterEach: Hook[] = [];
  #begun: Promise<void> | undefined;

  constructor(name: string, parent: Suite | undefined) {
    this.name = name;
    this.parent = parent;
  }

  /** Itself and those around it, the outermost first. */
  get path(): Suite[] {
    return [...(this.parent?.path ?? []), this];
  }

  get hasBegun(): boolean {
    return this.#begun !== undefined;
  }

  /** Once, before its first test. */
  begin(): Promise<void> {
    this.#begun ??= (async () => {
      for (const hook of this.beforeAll) this.afterAll.push(...cleanup(await hook()));
    })();
    return this.#begun;
  }
}

export type { Suite };

/** What a hook returns undoes what it did. */
const cleanup = (returned: unknown): Hook[] => (typeof returned === 'function' ? [returned as Hook] : []);

let current = new Suite('', undefined);
let cases: Case[] = [];
let suites: Suite[] = [];
let pending: unknown[] = [];
let file = '';

/** Collects what `load` declares. */
export async function collect(path: string, load: () => Promise<unknown>): Promise<{ cases: Case[]; suites: Suite[] }> {
  current = new Suite('', undefined);
  [cases, suites, pending, file] = [[], [current], [], path];
  await load();
  while (pending.length > 0) await pending.shift();
  return { cases, suites };
}

/** Runs a test with the hooks around it. Rejects as it does. */
export async function runCase({ suite, body, given }: Case): Promise<void> {
  const path = suite.path;
  for (const each of path) await each.begin();
  const undo: Hook[] = path.flatMap(({ afterEach }) => afterEach);
  try {
    for (const each of path)
      for (const hook of each.beforeEach) undo.push(...cleanup(await (hook as (context: object) => unknown)({})));
    await (body as (...given: readonly unknown[]) => unknown)(...given);
  } finally {
    for (const hook of undo.reverse()) await hook();
  }
}

/** Undoes what was done before all tests of suites. One that asks there for something of all its tests, of which few were run, is not heard. */
export async function endSuites(ended: readonly Suite[]): Promise<void> {
  for (const suite of [...ended].reverse())
    if (suite.hasBegun)
      for (const hook of suite.afterAll.toReversed()) {
        try {
          await hook();
        } catch {
          // Nothing is judged by it.
        }
      }
}

/** The body among what follows a name: options may come before it, or a time-out after it. */
const bodyIn = (rest: readonly unknown[]): Body | undefined =>
  rest.find((each): each is Body => typeof each === 'function');

function add(name: string, body: Body | undefined, given: readonly unknown[]): void {
  if (!body) return;
  const names = current.path.map((suite) => suite.name).filter(Boolean);
  const full = [file, ...names, name].join(' > ');
  const same = cases.filter(({ id }) => id === full || id.startsWith(`${full} #`)).length;
  cases.push({ id: same > 0 ? `${full} #${same + 1}` : full, file, suite: current, body, given });
}

function within(name: string, body: Body | undefined, given: readonly unknown[]): void {
  if (!body) return;
  const outer = current;
  current = new Suite(name, outer);
  suites.push(current);
  try {
    const returned = (body as (...given: readonly unknown[]) => unknown)(...given);
    if (returned instanceof Promise) throw new Error(`the suite "${name}" is asynchronous, and cannot be collected so`);
  } finally {
    current = outer;
  }
}

type Take = (name: string, body: Body | undefined, given: readonly unknown[]) => void;

interface Declaring extends Declare {
  readonly skip: Declare;
  readonly todo: Declare;
  readonly skipIf: (condition: unknown) => Declaring;
  readonly runIf: (condition: unknown) => Declaring;
  readonly each: (rows: readonly unknown[]) => Declare;
}

function declaring(take: Take): Declaring {
  const none: Declare = () => undefined;
  const declare: Declare = (name, ...rest) => take(name, bodyIn(rest), [{}]);
  const each =
    (rows: readonly unknown[]): Declare =>
    (name, ...rest) => {
      rows.forEach((row, k) => {
        const given = Array.isArray(row) ? row : [row];
        take(titled(name, given, k), bodyIn(rest), given);
      });
    };
  const all: Declaring = Object.assign(declare, {
    skip: none,
    todo: none,
    each,
    skipIf: (condition: unknown) => (condition ? nothing : all),
    runIf: (condition: unknown) => (condition ? all : nothing),
  });
  const nothing = Object.assign(none, { skip: none, todo: none, each: () => none }) as unknown as Declaring;
  return all;
}

/** Vitest's way to name a row, near enough to tell them apart. */
function titled(name: string, given: readonly unknown[], row: number): string {
  const first = given[0];
  const filled = name.replaceAll('%#', String(row)).replace(/\$([\w.]+)/g, (whole, path: string) => {
    const found = path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], first);
    return found === undefined ? whole : String(found);
  });
  const places = filled.match(/%[sdifjoO]/g)?.length ?? 0;
  return format(filled, ...given.slice(0, places));
}

export const describe = declaring(within);
export const suite = describe;
export const test = declaring(add);
export const it = test;
export const beforeAll = (hook: Hook): void => void current.beforeAll.push(hook);
export const afterAll = (hook: Hook): void => void current.afterAll.push(hook);
export const beforeEach = (hook: Hook): void => void current.beforeEach.push(hook);
export const afterEach = (hook: Hook): void => void current.afterEach.push(hook);
