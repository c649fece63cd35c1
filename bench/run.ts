/**
 * What the engine costs, as one JSON: `npm run bench -- [engine] [universe] [gate] [memory] [sweep] [walk-forward] [indicators]
 * [features] [decision] [--no-peers] [--bundles FILE…]`. Without a part, all parts but bundles, which must have been built.
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inlineMore } from '../functions/support/inlining.ts';
import { benchBundles } from './bundles.ts';
import { benchDecision } from './decision.ts';
import { benchEngine } from './engine.ts';
import { benchFeatures } from './features.ts';
import { benchGate } from './gate.ts';
import { benchMemory } from './memory.ts';
import { benchSweep } from './sweep.ts';
import { benchUniverse } from './universe.ts';
import { benchWalkForward } from './walk-forward.ts';

const PARTS = [
  'engine',
  'universe',
  'gate',
  'memory',
  'sweep',
  'walk-forward',
  'indicators',
  'features',
  'decision',
] as const;
type Part = (typeof PARTS)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'no-peers': { type: 'boolean', default: false }, bundles: { type: 'boolean', default: false } },
});

async function main(): Promise<void> {
  inlineMore(); // as where backtests run
  const report: Record<string, unknown> = { node: process.version, machine: machine() };
  if (values.bundles) {
    report.bundles = benchBundles(positionals);
  } else {
    const parts = partsOf(positionals);
    for (const part of parts) {
      if (parts.length === 1) report[part] = await bench(part, !values['no-peers']);
      else Object.assign(report, aloneInProcess(part));
    }
  }
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
}

function partsOf(names: readonly string[]): readonly Part[] {
  const unknown = names.find((name) => !PARTS.includes(name as Part));
  if (unknown !== undefined) throw new Error(`there is no part "${unknown}"; use ${PARTS.join(', ')}`);
  return names.length > 0 ? (names as Part[]) : PARTS;
}

function bench(part: Part, withPeers: boolean): unknown {
  switch (part) {
    case 'engine':
      return benchEngine(recordedData(), withPeers);
    case 'decision':
      return benchDecision(recordedData());
    case 'universe':
      return benchUniverse();
    case 'gate':
      return benchGate();
    case 'memory':
      return benchMemory();
    case 'sweep':
      return benchSweep(withPeers);
    case 'walk-forward':
      return benchWalkForward(withPeers);
    case 'features':
      return benchFeatures(withPeers);
    case 'indicators':
      return indicators();
  }
}

const recordedData = (): string =>
  process.env.PLIMSOLL_DATA ?? fileURLToPath(new URL('../../shared/data', import.meta.url));

/** Each part has a process of its own: what one loads, compiles and leaves in memory is not to change the next. */
function aloneInProcess(part: Part): Record<string, unknown> {
  process.stderr.write(`${part} …\n`);
  const flags = values['no-peers'] ? ['--no-peers'] : [];
  return outputOf(fileURLToPath(import.meta.url), part, ...flags);
}

const indicators = (): unknown => outputOf(fileURLToPath(new URL('indicators.ts', import.meta.url)));

/** What a bench in a process of its own has printed. */
function outputOf(script: string, ...given: string[]): Record<string, unknown> {
  const output = execFileSync(process.execPath, [script, ...given], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output) as Record<string, unknown>;
}

function machine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model ?? 'unknown'}`;
}

await main();
