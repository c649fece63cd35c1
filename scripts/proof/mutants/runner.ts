/**
 * A test runner for Stryker that stays warm. Its own for Vitest imports every test file anew for each mutant, some two seconds; here
 * files are imported once a process, and a mutant that is switched on while tests run costs what its tests cost until the first one
 * fails. A mutant that acts while modules load is run in a fresh copy of the modules.
 *
 * A kill counts only if the same test passes with the mutant switched off right after: one that fails for another reason (something
 * that an earlier mutant left behind) has the modules loaded anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MutantCoverage } from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
  TestStatus,
} from '@stryker-mutator/api/test-runner';
import { NOT_LOADED } from '../mutants.ts';
import { type Case, collect, endSuites, runCase, type Suite } from './suite.ts';

/** A test failed under a mutant, and fails without it, too. */
interface Polluted {
  readonly status: typeof POLLUTED;
  readonly test: string;
}
const POLLUTED = 'Polluted';

/** What instrumented code reads and writes; Stryker's name for it. */
interface Namespace {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  mutantCoverage?: MutantCoverage | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
}
const stryker = ((globalThis as { __stryker__?: Namespace }).__stryker__ ??= {});
/** No mutant; not undefined, which would have it looked for elsewhere. */
const NONE = '';

const SUITE = new URL('./suite.ts', import.meta.url).href;
/** In the working folder: how long each test took in the first run, for processes that did not do it. */
const DURATIONS = 'test-durations.json';
const QUERY = '?generation=';

/** Test files as they were imported together, with everything that they import. */
class Generation {
  static #count = 0;
  readonly #query = Generation.#count === 0 ? '' : `${QUERY}${Generation.#count}`;
  readonly #files = new Map<string, Promise<{ cases: Case[]; suites: Suite[] }>>();

  constructor() {
    Generation.#count++;
  }

  /** The tests of a file. Rejects where it cannot be imported. */
  casesOf(file: string): Promise<{ cases: Case[]; suites: Suite[] }> {
    let loaded = this.#files.get(file);
    if (!loaded) {
      const url = `${pathToFileURL(join(process.cwd(), file)).href}${this.#query}`;
      loaded = collect(file, () => import(url));
      this.#files.set(file, loaded);
    }
    return loaded;
  }

  async end(): Promise<void> {
    for (const loaded of this.#files.values()) await endSuites((await loaded.catch(() => ({ suites: [] }))).suites);
  }
}

class WarmRunner implements TestRunner {
  readonly #files = (process.env.MUTANT_TESTS ?? '').split(',').filter(Boolean);
  /** Milliseconds by test. */
  readonly #durations = new Map<string, number>();
  /** By mutated file, the tests that killed its mutants, the latest first. */
  readonly #killers = new Map<string, string[]>();
  readonly #imports = new Map<string, Set<string>>();
  #base = new Generation();
  #cases: ReadonlyMap<string, Case> | undefined;

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    this.#hook();
    try {
      const known = JSON.parse(readFileSync(DURATIONS, 'utf8')) as Record<string, number>;
      for (const [id, ms] of Object.entries(known)) this.#durations.set(id, ms);
    } catch {
      // The first process has none yet.
    }
  }

  async dryRun(): Promise<DryRunResult> {
    stryker.activeMutant = NONE;
    stryker.mutantCoverage = undefined;
    const tests: TestResult[] = [];
    for (const each of (await this.#loaded()).values()) {
      const { id, file: fileName } = each;
      stryker.currentTestId = id;
      const startedAt = performance.now();
      const failure = await failureOf(each);
      stryker.currentTestId = undefined;
      const timeSpentMs = performance.now() - startedAt;
      this.#durations.set(id, timeSpentMs);
      const result = { id, name: id, fileName, timeSpentMs };
      tests.push(
        failure === undefined
          ? { ...result, status: TestStatus.Success }
          : { ...result, status: TestStatus.Failed, failureMessage: failure },
      );
    }
    writeFileSync(DURATIONS, JSON.stringify(Object.fromEntries(this.#durations)));
    const mutantCoverage = stryker.mutantCoverage as MutantCoverage | undefined;
    return { status: DryRunStatus.Complete, tests, ...(mutantCoverage ? { mutantCoverage } : {}) };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    await this.#loaded();
    // What it counted in the first run would otherwise grow with every mutant.
    stryker.mutantCoverage = undefined;
    const result = await this.#judge(options);
    if (result.status !== POLLUTED) return result;
    await this.#reload();
    const again = await this.#judge(options);
    if (again.status !== POLLUTED) return again;
    return {
      status: MutantRunStatus.Error,
      errorMessage: `without any mutant it fails the second time: ${again.test}`,
    };
  }

  async dispose(): Promise<void> {
    await this.#base.end();
  }

  async #judge(options: MutantRunOptions): Promise<MutantRunResult | Polluted> {
    const { activeMutant, hitLimit, testFilter, mutantActivation } = options;
    const isStatic = mutantActivation === 'static';
    stryker.hitCount = hitLimit === undefined ? undefined : 0;
    stryker.hitLimit = hitLimit;
    if (!isStatic) return this.#run(activeMutant, this.#ordered(activeMutant.fileName, testFilter ?? []), hitLimit);
    const copy = new Generation();
    let nrOfTests = 0;
    try {
      for (const file of this.#filesThatImport(options.sandboxFileName, activeMutant.fileName)) {
        stryker.activeMutant = activeMutant.id;
        let loaded: Awaited<ReturnType<Generation['casesOf']>>;
        try {
          loaded = await copy.casesOf(file);
        } catch (error) {
          if (isLimit(error)) return timeout(hitLimit);
          return { status: MutantRunStatus.Error, errorMessage: `${NOT_LOADED}: ${messageOf(error)}` };
        } finally {
          stryker.activeMutant = NONE;
        }
        const result = await this.#run(activeMutant, loaded.cases, hitLimit);
        if (result.status !== MutantRunStatus.Survived) return result;
        nrOfTests += result.nrOfTests;
      }
      return { status: MutantRunStatus.Survived, nrOfTests };
    } finally {
      await copy.end();
    }
  }

  /** One test after the other, until one fails. */
  async #run(
    { id: mutant, fileName }: MutantRunOptions['activeMutant'],
    cases: readonly Case[],
    hitLimit: number | undefined,
  ): Promise<MutantRunResult | Polluted> {
    let nrOfTests = 0;
    for (const each of cases) {
      nrOfTests++;
      stryker.activeMutant = mutant;
      const failure = await failureOf(each);
      stryker.activeMutant = NONE;
      if (hitLimit !== undefined && (stryker.hitCount ?? 0) > hitLimit) return timeout(hitLimit);
      if (failure === undefined) continue;
      const untouched = (await this.#loaded()).get(each.id);
      if (untouched && (await failureOf(untouched)) !== undefined) return { status: POLLUTED, test: each.id };
      this.#remember(fileName, each.id);
      return { status: MutantRunStatus.Killed, failureMessage: failure, killedBy: [each.id], nrOfTests };
    }
    return { status: MutantRunStatus.Survived, nrOfTests };
  }

  /** Tests that killed others in this file first, then the fast ones. */
  #ordered(fileName: string, ids: readonly string[]): Case[] {
    const killers = new Map(this.#killers.get(fileName)?.map((id, k) => [id, k - 1e9]));
    const cost = (id: string): number => killers.get(id) ?? this.#durations.get(id) ?? 0;
    const found = ids.flatMap((id) => this.#cases?.get(id) ?? []);
    return found.sort((a, b) => cost(a.id) - cost(b.id));
  }

  #remember(fileName: string, killer: string): void {
    const known = this.#killers.get(fileName) ?? [];
    this.#killers.set(fileName, [killer, ...known.filter((id) => id !== killer)].slice(0, MOST_KILLERS));
  }

  /** Test files that the mutated one is imported by, directly or not; those whose tests killed others in it first, then the fast ones. */
  #filesThatImport(sandboxFileName: string, fileName: string): string[] {
    const target = pathToFileURL(sandboxFileName).href;
    const reaches = (file: string): boolean => {
      const seen = new Set<string>();
      const open = [pathToFileURL(join(process.cwd(), file)).href];
      for (let url = open.pop(); url !== undefined; url = open.pop()) {
        if (url === target) return true;
        if (seen.has(url)) continue;
        seen.add(url);
        open.push(...(this.#imports.get(url) ?? []));
      }
      return false;
    };
    const killers = this.#killers.get(fileName) ?? [];
    const cost = new Map<string, number>();
    for (const { id, file } of this.#cases?.values() ?? [])
      cost.set(file, (cost.get(file) ?? 0) + (this.#durations.get(id) ?? 0));
    killers.toReversed().forEach((id, k) => {
      const file = this.#cases?.get(id)?.file;
      if (file !== undefined) cost.set(file, -k - 1);
    });
    return this.#files.filter(reaches).sort((a, b) => (cost.get(a) ?? 0) - (cost.get(b) ?? 0));
  }

  async #loaded(): Promise<ReadonlyMap<string, Case>> {
    if (this.#cases) return this.#cases;
    stryker.activeMutant = NONE;
    const cases = new Map<string, Case>();
    for (const file of this.#files) for (const each of (await this.#base.casesOf(file)).cases) cases.set(each.id, each);
    this.#cases = cases;
    return cases;
  }

  async #reload(): Promise<void> {
    await this.#base.end();
    this.#base = new Generation();
    this.#cases = undefined;
    await this.#loaded();
  }

  /** Test files get this module's suite for `vitest`, and what a fresh copy imports is a fresh copy, too. */
  #hook(): void {
    const here = pathToFileURL(process.cwd()).href;
    registerHooks({
      resolve: (specifier, context, next) => {
        if (specifier === 'vitest' && context.parentURL !== SUITE) return { url: SUITE, shortCircuit: true };
        const resolved = next(specifier, context);
        const { parentURL: parent = '' } = context;
        const isOurs = resolved.url.startsWith(`${here}/`) && !resolved.url.includes('/node_modules/');
        if (!isOurs) return resolved;
        const at = parent.indexOf(QUERY);
        if (at < 0) {
          const imports = this.#imports.get(parent) ?? new Set();
          this.#imports.set(parent, imports.add(resolved.url));
          return resolved;
        }
        return { ...resolved, url: resolved.url + parent.slice(at) };
      },
    });
  }
}

const MOST_KILLERS = 20;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const isLimit = (error: unknown): boolean => messageOf(error).startsWith('Stryker: Hit count limit reached');
const timeout = (hitLimit: number | undefined): MutantRunResult => ({
  status: MutantRunStatus.Timeout,
  reason: `what it changes was run more than ${hitLimit} times`,
});

/** What a test says is wrong; undefined where it passes. */
async function failureOf(each: Case): Promise<string | undefined> {
  try {
    await runCase(each);
    return undefined;
  } catch (error) {
    return messageOf(error) || 'it failed';
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'warm', WarmRunner)];
