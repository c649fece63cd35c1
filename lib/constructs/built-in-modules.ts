/**
 * Node's own modules in a bundle, taken without a look at all they export. An `import` of one reads each of its exports, and with
 * them loads what stands behind getters: a whole HTTP client behind `node:http`, the standard streams behind `node:process`.
 */
import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

const IMPORTED = 'built-in-module';
const REQUIRED = 'built-in-module-required';
const BUILT_IN = new Set(builtinModules.filter((name) => !name.startsWith('_')));
/** Those that many an invocation does without: their functions load them when they are called. */
const WHEN_CALLED = ['fs/promises', 'zlib'];
const IDENTIFIER = /^(?!default$)[A-Za-z_$][\w$]*$/;

/** What a bundle begins with. `require` is for packages that are still CommonJS and name a module by an expression. */
export const BANNER = "const require = process.getBuiltinModule('module').createRequire(import.meta.url);";

/** Answers every static import and every `require` of a module of Node's own. A dynamic `import()` stays as it is. */
export const builtInModules: Plugin = {
  name: IMPORTED,
  setup(build) {
    build.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      if (kind === 'dynamic-import' || !BUILT_IN.has(name)) return undefined;
      return { path: name, namespace: kind === 'require-call' ? REQUIRED : IMPORTED };
    });
    build.onLoad({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({
      contents: `module.exports = ${loaded(path)};`,
    }));
    build.onLoad({ filter: /.*/, namespace: IMPORTED }, ({ path }) => ({ contents: exporting(path) }));
  },
};

/** An ES module of the same exports, each of which the bundler drops where nobody imports it. */
function exporting(name: string): string {
  const of = process.getBuiltinModule(name) as object;
  const names = Object.getOwnPropertyNames(of).filter((key) => IDENTIFIER.test(key));
  return [
    `const builtIn = /* @__PURE__ */ ${loaded(name)};`,
    'const member = (key) => builtIn[key];',
    `const method = (key) => (...given) => ${loaded(name)}[key](...given);`,
    BEHIND_GETTER,
    'export default builtIn;',
    ...names.map(
      (key, k) => `const $${k} = /* @__PURE__ */ ${takenBy(of, key, WHEN_CALLED.includes(name))}('${key}');`,
    ),
    `export { ${names.map((key, k) => `$${k} as ${key}`).join(', ')} };`,
  ].join('\n');
}

/** A class that Node itself loads late: its place is taken by one that asks for it when it is used. */
const BEHIND_GETTER = `const behindGetter = (key) => new Proxy(function () {}, {
  get: (_, property) => Reflect.get(builtIn[key], property),
  apply: (_, self, given) => Reflect.apply(builtIn[key], self, given),
  construct: (_, given) => Reflect.construct(builtIn[key], given),
});`;

function takenBy(of: object, key: string, whenCalled: boolean): 'member' | 'method' | 'behindGetter' {
  // Not read here: some of what is behind a getter warns that it is deprecated.
  const { get, value } = Object.getOwnPropertyDescriptor(of, key)!;
  if (get && /^[A-Z][a-z]/.test(key)) return 'behindGetter';
  return whenCalled && typeof value === 'function' && /^[a-z]/.test(key) ? 'method' : 'member';
}

const loaded = (name: string): string => `globalThis.process.getBuiltinModule('${name}')`;
