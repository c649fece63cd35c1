/** What an exchange weighs in a bundle: https://esbuild.github.io, with the settings of the deployed functions. */
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { expect, test } from 'vitest';

/** A function with an exchange may weigh 1,900 kB; its handler and libraries take up to 600 of them. */
const EXCHANGE_BYTES_MAX = 1_300_000;

async function bundled(file: string): Promise<{ bytes: number; inputs: Metafile['inputs'] }> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(`../../../../adapters/venues/ccxt/${file}`, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    outdir: 'unwritten',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    external: ['undici'],
    banner: { js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return { bytes: result.outputFiles[0].contents.length, inputs: result.metafile.inputs };
}

test.each(['binance', 'kraken'])(
  'a bundle with %s carries that exchange and no other, within its bound',
  async (id) => {
    const { bytes, inputs } = await bundled(`${id}.ts`);
    const exchanges = Object.keys(inputs).filter((path) => /ccxt\/js\/src\/(pro\/)?[a-z0-9]+\.js$/.test(path));
    expect(exchanges.map((path) => path.split('/').at(-1))).toEqual([`${id}.js`]);
    expect(bytes).toBeLessThan(EXCHANGE_BYTES_MAX);
  },
);
