/** Where strategies come from: the built-in ones, and the user's own files in `strategies/`. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PlimsollError } from '../../core/errors.ts';
import type { RegisteredStrategy, StrategyRegistry } from '../../core/strategies/registry.ts';
import type { AnyStrategy } from '../../core/strategies/runner.ts';

/** A file that holds one strategy. */
export interface StrategySource {
  /** Absolute. */
  readonly file: string;
  /** SHA-256 of the file's bytes, hex. */
  readonly codeHash: string;
  /** `built-in`, or the file's name in `strategies/`. */
  readonly origin: string;
}

const BUILT_IN = resolve(import.meta.dirname, '../../core/strategies/built-in');
const STRATEGY_FILE = /^(?!.*\.(test|d)\.ts$)[^._].*\.ts$/;
/** More than any account runs. */
const SOURCES_MAX = 1_000;

/**
 * The strategy files at hand, built-in ones first, each group by name: those of the platform, and those directly in
 * `strategies/` under `root`. What begins with `_` or `.`, tests and type declarations are left out, as are deeper folders.
 */
export function strategySources(root: string): StrategySource[] {
  const own = join(resolve(root), 'strategies');
  const sources = [
    ...filesIn(BUILT_IN).map((name) => sourceOf(join(BUILT_IN, name), 'built-in')),
    ...filesIn(own).map((name) => sourceOf(join(own, name), name)),
  ];
  if (sources.length <= SOURCES_MAX) return sources;
  throw new PlimsollError(
    'STRATEGIES_TOO_MANY',
    `there are ${sources.length} strategy files, and at most ${SOURCES_MAX} are read`,
    'move what is not used out of strategies/',
  );
}

/**
 * Every strategy at hand, by name. Throws `STRATEGY_NOT_PARSED`, `STRATEGY_IMPORT_FAILED` or `STRATEGY_NOT_EXPORTED` naming the
 * file, and `STRATEGY_NAME_TAKEN` naming both files.
 */
export async function loadStrategies(root: string): Promise<StrategyRegistry> {
  const registry = new Map<string, RegisteredStrategy>();
  for (const { strategy, source } of await loadSources(root)) {
    registry.set(strategy.name, { definition: strategy, codeHash: source.codeHash, origin: source.origin });
  }
  return registry;
}

interface LoadedSource {
  readonly source: StrategySource;
  readonly strategy: AnyStrategy;
}

async function loadSources(root: string): Promise<LoadedSource[]> {
  const loaded = await Promise.all(
    strategySources(root).map(async (source) => ({ source, strategy: await importStrategy(source) })),
  );
  const byName = new Map<string, StrategySource>();
  for (const { source, strategy } of loaded) {
    const first = byName.get(strategy.name);
    if (first) throw nameTaken(strategy.name, first, source);
    byName.set(strategy.name, source);
  }
  return loaded;
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && STRATEGY_FILE.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}

const sourceOf = (file: string, origin: string): StrategySource => ({
  file,
  origin,
  codeHash: createHash('sha256').update(readFileSync(file)).digest('hex'),
});

async function importStrategy(source: StrategySource): Promise<AnyStrategy> {
  let module: { readonly default?: unknown };
  try {
    module = await import(/* @vite-ignore */ pathToFileURL(source.file).href);
  } catch (error) {
    throw importFailure(source, error);
  }
  if (isStrategy(module.default)) return module.default;
  throw new PlimsollError(
    'STRATEGY_NOT_EXPORTED',
    `the file ${shown(source)} exports no strategy`,
    'end it with "export default strategy({ … })", or begin its name with an underscore if it is a helper',
  );
}

/** A file of the user's may export anything; what it must have to be called at all is looked at. */
function isStrategy(exported: unknown): exported is AnyStrategy {
  const candidate = exported as Partial<AnyStrategy> | null | undefined;
  return (
    typeof candidate?.name === 'string' &&
    typeof candidate.onBar === 'function' &&
    typeof candidate.indicators === 'function' &&
    typeof (candidate.params as { safeParse?: unknown } | undefined)?.safeParse === 'function'
  );
}

function importFailure(source: StrategySource, error: unknown): PlimsollError {
  const said = error instanceof Error ? error.message : String(error);
  // Linking reports a name that another module does not export as a syntax error, too.
  if (error instanceof SyntaxError && !said.includes('does not provide an export')) {
    return new PlimsollError(
      'STRATEGY_NOT_PARSED',
      `the strategy file ${shown(source)} is not valid TypeScript (${said})`,
      'correct it; only types that can be erased may be used: no enum, no namespace',
      { cause: error },
    );
  }
  return new PlimsollError(
    'STRATEGY_IMPORT_FAILED',
    `the strategy file ${shown(source)} failed while it was loaded (${said})`,
    'correct it, and keep work out of the top level of the file',
    { cause: error },
  );
}

const nameTaken = (name: string, first: StrategySource, second: StrategySource): PlimsollError =>
  new PlimsollError(
    'STRATEGY_NAME_TAKEN',
    `two strategies are called "${name}": ${shown(first)} and ${shown(second)}`,
    'give one of them another name',
  );

const shown = ({ file, origin }: StrategySource): string =>
  origin === 'built-in' ? `built-in ${file.slice(BUILT_IN.length + 1)}` : `strategies/${origin}`;
