/**
 * What a bundle leaves out: modules that others import and that nothing here ever runs. Each is replaced by one with the same
 * exports, of which every one throws a sentence when it is used, so that a mistake in this list is loud and names itself.
 */
import { sep } from 'node:path';
import { build as bundled, type OnLoadResult, type Plugin } from 'esbuild';

/**
 * ccxt loads with any exchange the signatures, chains and message formats of all of them, its WebSockets, and ways to files.
 * Public market data over HTTP, which is all that is asked of it, needs none.
 */
const FILES_OF_CCXT = [
  'ccxt/js/src/base/functions/crypto.js',
  'ccxt/js/src/base/functions/ethabi.js',
  'ccxt/js/src/base/functions/io.js',
  'ccxt/js/src/base/functions/rsa.js',
  'ccxt/js/src/base/functions/starknet.js',
  'ccxt/js/src/base/functions/totp.js',
  'ccxt/js/src/base/ws/WsClient.js',
  'ccxt/js/src/protobuf/',
  'ccxt/js/src/static_dependencies/',
];
/** What they stand in for, Node has: hashes and CRC-32. And the names of browsers. */
const FILES_OF_AWS = [
  'bowser/',
  '@smithy/core/dist-es/submodules/checksum/sha256/Sha256Js.js',
  '@smithy/core/dist-es/submodules/checksum/crc32/Crc32Js.js',
  '@aws-sdk/checksums/dist-es/submodules/sha/sha1/Sha1Js.js',
  '@aws-sdk/checksums/dist-es/submodules/sha/sha512/Sha512Js.js',
];
/** What becomes of a browser's streams; Node's client answers with Node's own. */
const BROWSER_STREAMS = ['sdk-stream-mixin', 'checksum/createChecksumStream'].map(
  (name) => `@smithy/core/dist-es/submodules/serde/util-stream/${name}.browser.js`,
);
/** Forms of Parquet that the lake's own files do not have. */
const FILES_OF_PARQUET = ['variant', 'bloom', 'wkb', 'snappy', 'xxhash', 'query'].map(
  (name) => `hyparquet/src/${name}.js`,
);
const FILES = [...FILES_OF_CCXT, ...FILES_OF_AWS, ...BROWSER_STREAMS, ...FILES_OF_PARQUET];
/** JSON Schema of zod's schemas, which the OpenAPI document alone is made of. */
const FILES_OF_OPENAPI = ['json-schema-processors', 'to-json-schema'].map((name) => `zod/v4/core/${name}.js`);
/** Packages where ccxt asks for them; a strategy may have its own use of one. */
const PACKAGES_FOR_CCXT = /^(@noble\/curves|@scure\/starknet|fflate)(\/|$)/;

const NAMESPACE = 'left-out';

/**
 * @param root where `node_modules` lies
 * @param describes whether the bundle makes the OpenAPI document
 */
export const leftOut = (root: string, describes: boolean): Plugin => ({
  name: NAMESPACE,
  setup(build) {
    const files = describes ? FILES : [...FILES, ...FILES_OF_OPENAPI];
    build.onResolve({ filter: PACKAGES_FOR_CCXT }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (pluginData === NAMESPACE || !packaged(importer).startsWith('ccxt/')) return undefined;
      const found = await build.resolve(path, { importer, resolveDir, kind, pluginData: NAMESPACE });
      return { path: found.path, namespace: NAMESPACE, errors: found.errors };
    });
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => absent(path, root));
    build.onLoad({ filter: /[\\/]node_modules[\\/].*\.(m|c)?js$/ }, ({ path }) =>
      files.some((begin) => packaged(path).startsWith(begin)) ? absent(path, root) : undefined,
    );
  },
});

/** `@noble/curves/ed25519.js`, wherever the package lies. */
const packaged = (path: string): string => path.split(sep).join('/').split('/node_modules/').at(-1) ?? path;

async function absent(path: string, root: string): Promise<OnLoadResult> {
  const exported = await exportsOf(path, root);
  const contents = [
    `const refuse = () => { throw new Error(${JSON.stringify(sentence(packaged(path)))}); };`,
    'const absent = new Proxy(function () {}, { get: refuse, apply: refuse, construct: refuse });',
    'export default absent;',
    ...exported.filter((each) => each !== 'default').map((each) => `export const ${each} = absent;`),
  ];
  return { contents: contents.join('\n'), loader: 'js' };
}

const sentence = (name: string): string =>
  `this bundle was made without ${name}: take it off the list in lib/constructs/left-out.ts, and deploy again`;

async function exportsOf(file: string, root: string): Promise<string[]> {
  const { metafile } = await bundled({
    entryPoints: [file],
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    write: false,
    metafile: true,
    logLevel: 'silent',
    outdir: 'none',
  });
  return Object.values(metafile.outputs)[0].exports;
}
