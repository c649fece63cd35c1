/** The AWS clients in a form that a bundler can cut to what is used of them: 58 kB less of S3 alone. */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const CLIENT = String.raw`[\\/]@aws-sdk[\\/]client-[\w-]+[\\/]`;
const SCHEMAS = new RegExp(String.raw`${CLIENT}dist-es[\\/]schemas[\\/]schemas_0\.js$`);
const DESCRIPTION = new RegExp(String.raw`${CLIENT}package\.json$`);

/**
 * Gives their schemas literal keys. Theirs are computed from constants (`{ [_hH]: … }`), which a bundler must take for code with
 * effects, so it keeps those of all operations, 110 in S3. Of their package.json, which they import for the version, that alone
 * stays. Where a client is written in another way one day, its bundle is merely as large as it was.
 */
export const awsClients: Plugin = {
  name: 'aws-clients',
  setup(build) {
    build.onLoad({ filter: SCHEMAS }, async ({ path }) => ({
      contents: withLiteralKeys(await readFile(path, 'utf8')),
    }));
    build.onLoad({ filter: DESCRIPTION }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string };
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

/** `const _hH = "httpHeader"; … { [_hH]: 1 }` becomes `… { "httpHeader": 1 }`. */
function withLiteralKeys(source: string): string {
  const constants = new Map(
    [...source.matchAll(/^const (\w+) = ("[^"\\]*");$/gm)].map(([, name, text]) => [name, text]),
  );
  return source.replace(/\[(\w+)\]:/g, (computed, name: string) => {
    const text = constants.get(name);
    return text === undefined ? computed : `${text}:`;
  });
}
