import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cruise, type IReporterOutput } from 'dependency-cruiser';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const { default: configuration } = await import(new URL('../../.dependency-cruiser.mjs', import.meta.url).href);
const FOLDERS = [
  'core',
  'adapters',
  'functions',
  'operations',
  'lib',
  'bin',
  'platform',
  'simulation',
  'strategies',
].filter((folder) => existsSync(join(root, folder)));

async function violations(folders: readonly string[]): Promise<{ modules: number; violations: string[] }> {
  const { forbidden, options } = configuration;
  const result: IReporterOutput = await cruise([...folders], {
    ...options,
    baseDir: root,
    validate: true,
    ruleSet: { forbidden } as never,
  } as never);
  if (typeof result.output === 'string') throw new Error('the cruiser answered with text');
  const { totalCruised, violations: found } = result.output.summary;
  return { modules: totalCruised, violations: found.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`) };
}

describe('the arrows between folders', () => {
  test('hold, over all modules', async () => {
    const found = await violations(FOLDERS);
    expect(found.violations).toEqual([]);
    expect(found.modules).toBeGreaterThan(150);
  });

  test('would not hold if core imported an adapter, a package or the file system', async () => {
    const inside = mkdtempSync(join(root, 'core', 'planted-'));
    try {
      writeFileSync(join(inside, 'a.ts'), "import '../../adapters/files/csv.ts';\nimport 'yaml';\nimport 'node:fs';\n");
      const found = await violations([relative(root, inside)]);
      const rules = new Set(found.violations.map((violation) => violation.split(':')[0]));
      expect([...rules].sort()).toEqual(['core-has-no-effects', 'core-is-pure', 'core-uses-zod-alone']);
    } finally {
      rmSync(inside, { recursive: true, force: true });
    }
  });
});

describe('core', () => {
  const BANNED = new Set([
    'Date',
    'fetch',
    'process',
    'performance',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
  ]);

  /** Uses of a clock, randomness, timers or the process, as `file:line name`. */
  function impurities(name: string, text: string): string[] {
    const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const line = () => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random')
        found.push(`${name}:${line()} Math.random`);
      if (ts.isIdentifier(node) && BANNED.has(node.text) && isGlobalUse(node))
        found.push(`${name}:${line()} ${node.text}`);
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  }

  function isGlobalUse(node: ts.Identifier): boolean {
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
    if (ts.isPropertyAssignment(parent) && parent.name === node) return false;
    return !ts.isPropertySignature(parent) && !ts.isTypeReferenceNode(parent) && !ts.isMethodDeclaration(parent);
  }

  test('uses no clock, randomness, timer, network or process', () => {
    const files = globSync('core/**/*.ts', { cwd: root });
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap((file) => impurities(file, readFileSync(join(root, file), 'utf8')))).toEqual([]);
  });

  test('would be caught if it did', () => {
    expect(impurities('a.ts', 'export const a = () => Date.now() + Math.random();')).toEqual([
      'a.ts:1 Date',
      'a.ts:1 Math.random',
    ]);
  });
});
