/** The examples of docs/strategies.md are strategies that load and trade. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { runBacktest } from '../../core/backtest/run.ts';
import { definitionWith } from '../../core/strategies/registry.ts';
import type { AnyStrategy } from '../../core/strategies/runner.ts';
import { account, bars, type Row, running } from '../core/engine/account.ts';
import { atHand, momentumDesk } from '../core/models/desk.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/strategies.md'), 'utf8');
const examples = [...page.matchAll(/```ts\n(import[\s\S]*?)```/g)].map(([, code]) => code);
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function load(code: string, name: string): Promise<AnyStrategy> {
  const plimsoll = pathToFileURL(join(root, 'core/strategies/index.ts')).href;
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, code.replace("'plimsoll'", `'${plimsoll}'`));
  const { default: loaded } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { default: AnyStrategy };
  return definitionWith(loaded, atHand({ ...momentumDesk({ timeframe: '1m' }), name: 'gold-hourly' }));
}

/** A slow wave, so that averages cross now and then. */
const wave: Row[] = Array.from({ length: 1_500 }, (_, k) => {
  const price = Math.round((100 + 5 * Math.sin(k / 40)) * 100) / 100;
  return [price, price, price, price, 10];
});

test.each(examples.map((code, k) => [/name: '([^']+)'/.exec(code)?.[1] ?? `example ${k}`, code] as const))(
  'the example %s loads, and trades on a wave',
  async (name, code) => {
    const definition = account({ strategies: [running(await load(code, name), { id: name })] });
    const { engine } = runBacktest(definition, new Map([['A/USD', bars(wave)]]));
    const kinds = [...engine.journal.events()].map(({ kind }) => kind);
    expect(kinds).toContain('OrderFilled');
    expect(kinds).not.toContain('StrategyFailed');
    expect(kinds.includes('ParentFilled')).toBe(code.includes('algorithm'));
  },
);

test('the page has its three examples', () => {
  expect(examples).toHaveLength(3);
});
