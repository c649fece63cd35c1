import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { loadStrategies, strategySources } from '../../../adapters/files/strategy-sources.ts';

/** Within the repository, so that a strategy's imports are found. */
const cache = resolve(import.meta.dirname, '../../../.cache');
mkdirSync(cache, { recursive: true });
const folders: string[] = [];
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(cache, 'strategies-'));
  folders.push(root);
  mkdirSync(join(root, 'strategies'));
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

it('finds the built-in strategies where there are no others', async () => {
  const registry = await loadStrategies(join(root, 'nowhere'));
  expect([...registry.keys()]).toContain('sma-cross');
  expect([...registry.values()].every(({ origin }) => origin === 'built-in')).toBe(true);
});

it("loads the user's own, with the hash of the file's text", async () => {
  write('mine.ts', strategyText('mine'));
  const { definition, codeHash, origin } = (await loadStrategies(root)).get('mine')!;
  expect(definition.name).toBe('mine');
  expect(origin).toBe('mine.ts');
  expect(codeHash).toBe(createHash('sha256').update(strategyText('mine')).digest('hex'));
});

it('gives a built-in strategy the hash of its text too', () => {
  const source = strategySources(root).find(({ file }) => file.endsWith('sma-cross.ts'))!;
  expect(source.codeHash).toBe(createHash('sha256').update(readFileSync(source.file)).digest('hex'));
});

it('leaves out tests, declarations, helpers and folders', async () => {
  for (const name of ['mine.test.ts', 'types.d.ts', '_helper.ts', '.hidden.ts', 'notes.md'])
    write(name, 'not a strategy');
  mkdirSync(join(root, 'strategies/shared.ts'));
  expect(strategySources(root).filter(({ origin }) => origin !== 'built-in')).toEqual([]);
});

it.each([
  ['exports no strategy', 'export const name = "mine";', 'STRATEGY_NOT_EXPORTED'],
  ['exports something else', 'export default { name: "mine" };', 'STRATEGY_NOT_EXPORTED'],
  ['throws while it is loaded', 'throw new Error("no such model");', 'STRATEGY_IMPORT_FAILED'],
  ['imports what is not there', 'import "./absent.ts";', 'STRATEGY_IMPORT_FAILED'],
])('names a file that %s', async (_what, text, code) => {
  write('mine.ts', text);
  const loading = loadStrategies(root);
  await expect(loading).rejects.toThrow(expect.objectContaining({ code }));
  await expect(loading).rejects.toThrow(/strategies\/mine\.ts/);
});

it.each([
  ['is not TypeScript', 'export default strategy({', 'STRATEGY_NOT_PARSED'],
  ['has types that cannot be erased', 'enum Side { Buy }', 'STRATEGY_NOT_PARSED'],
  ['imports a name that is not exported', 'import { nothing } from "node:fs";', 'STRATEGY_IMPORT_FAILED'],
])('names a file that %s, as Node reads it without the tests around it', (_what, text, code) => {
  write('mine.ts', text);
  const module = JSON.stringify(resolve(import.meta.dirname, '../../../adapters/files/strategy-sources.ts'));
  const program = `import { loadStrategies } from ${module};
    await loadStrategies(${JSON.stringify(root)}).catch(({ code, message }) => console.log(JSON.stringify({ code, message })));`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(JSON.parse(printed)).toMatchObject({ code, message: expect.stringContaining('strategies/mine.ts') });
});

it('names both files of two strategies with one name', async () => {
  write('mine.ts', strategyText('sma-cross'));
  const loading = loadStrategies(root);
  await expect(loading).rejects.toThrow(expect.objectContaining({ code: 'STRATEGY_NAME_TAKEN' }));
  await expect(loading).rejects.toThrow(/built-in sma-cross\.ts and strategies\/mine\.ts/);
});

const write = (name: string, text: string): void => writeFileSync(join(root, 'strategies', name), text);

const strategyText = (name: string): string => `
import * as z from 'zod';
import { strategy } from '../../../core/strategies/contract.ts';

export default strategy({ name: '${name}', params: z.strictObject({}), indicators: () => ({}), onBar: () => undefined });
`;
