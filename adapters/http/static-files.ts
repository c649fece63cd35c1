/** The files of the dashboard. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import type { MiddlewareHandler } from 'hono';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** What the build names by its content never changes; everything else is asked for again. */
const CACHED = { assets: 'public, max-age=31536000, immutable', others: 'no-cache' } as const;
const MAX_BYTES = 16 * 1_024 * 1_024;

/** Answers with the file that the path names below `directory`, and leaves every other request to what follows. */
export function staticFiles(directory: string): MiddlewareHandler {
  const root = resolve(directory);
  return async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return next();
    const name = c.req.path === '/' ? 'index.html' : nameOf(c.req.path);
    const bytes = name === undefined ? undefined : await read(root, name);
    if (name === undefined || bytes === undefined) return next();
    const cacheControl = name.startsWith('assets/') ? CACHED.assets : CACHED.others;
    return c.body(bytes, 200, { 'content-type': TYPES[extname(name).toLowerCase()], 'cache-control': cacheControl });
  };
}

/** The file's name as a path below the directory; undefined for what could lead elsewhere or is hidden. */
function nameOf(path: string): string | undefined {
  let name: string;
  try {
    name = decodeURIComponent(path).slice(1);
  } catch {
    return undefined;
  }
  if (!/^[\w@+~ ./-]+$/.test(name)) return undefined;
  return name.split('/').some((part) => part === '' || part.startsWith('.')) ? undefined : name;
}

/** Links are followed only within the directory. */
async function read(root: string, name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!(extname(name).toLowerCase() in TYPES)) return undefined;
  try {
    const file = await realpath(join(root, name));
    if (!file.startsWith((await realpath(root)) + sep)) return undefined;
    const { size } = await stat(file);
    return size <= MAX_BYTES ? new Uint8Array(await readFile(file)) : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}
