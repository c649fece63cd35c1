/**
 * Builds the dashboard into dashboard/dist, unless what is there was built from the same sources.
 *
 *     node scripts/dashboard.ts [--force]
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dashboard = join(root, 'dashboard');
const dist = join(dashboard, 'dist');
const stampFile = join(root, '.cache', 'dashboard.json');

/** SHA-256 of each file that the build in dist was made from, by its path from the root. */
type Stamp = Readonly<Record<string, string>>;

/** True when it had to build. */
export async function buildDashboard({ force = false } = {}): Promise<boolean> {
  if (!force && isCurrent()) return false;
  // Built aside and moved into place, so that a server never serves half of it.
  const made = join(root, '.cache', `dashboard-${process.pid}`);
  const output = await forProduction(async () => {
    const { build } = await import('vite');
    return build({
      configFile: join(dashboard, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: made, emptyOutDir: true },
    });
  });
  moveIntoPlace(made);
  writeStamp(modulesOf(output));
  return true;
}

/** Another process may put its own there in between. */
function moveIntoPlace(made: string, triesLeft = 5): void {
  try {
    rmSync(dist, { recursive: true, force: true });
    renameSync(made, dist);
  } catch (error) {
    if (triesLeft === 0 || !['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw error;
    }
    moveIntoPlace(made, triesLeft - 1);
  }
}

/** Whoever builds, a test runner too, builds what is served: the libraries look at NODE_ENV. */
async function forProduction<Result>(work: () => Promise<Result>): Promise<Result> {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}

function isCurrent(): boolean {
  if (!existsSync(join(dist, 'index.html')) || !existsSync(stampFile)) return false;
  const stamp: Stamp = JSON.parse(readFileSync(stampFile, 'utf8'));
  return (
    ownSources().every((path) => path in stamp) &&
    Object.entries(stamp).every(([path, hash]) => existsSync(join(root, path)) && hashOf(path) === hash)
  );
}

function writeStamp(modules: readonly string[]): void {
  const paths = [...new Set([...ownSources(), ...modules, 'package-lock.json'])].sort();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, JSON.stringify(Object.fromEntries(paths.map((path) => [path, hashOf(path)]))));
}

/** The files of dashboard/, from the root. */
function ownSources(): string[] {
  return readdirSync(dashboard, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !isIn(dist, entry.parentPath))
    .map((entry) => fromRoot(join(entry.parentPath, entry.name)));
}

/** What the bundle took from elsewhere in the project: the rule of the API's paths, the meanings of denials. */
function modulesOf(output: unknown): string[] {
  const results = (Array.isArray(output) ? output : [output]) as { output: { moduleIds?: string[] }[] }[];
  return results
    .flatMap((result) => result.output.flatMap((chunk) => chunk.moduleIds ?? []))
    .map((id) => id.split('?')[0])
    .filter((id) => isIn(root, id) && !id.includes(`${sep}node_modules${sep}`) && existsSync(id))
    .map(fromRoot);
}

const isIn = (directory: string, path: string): boolean => path === directory || path.startsWith(directory + sep);
const fromRoot = (path: string): string => relative(root, path).split(sep).join('/');
const hashOf = (path: string): string =>
  createHash('sha256')
    .update(readFileSync(join(root, path)))
    .digest('hex');

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const built = await buildDashboard({ force: process.argv.includes('--force') });
  console.log(built ? 'The dashboard is built: dashboard/dist.' : 'The dashboard is up to date: dashboard/dist.');
}
