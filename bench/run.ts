/**
 * What the engine costs, as one JSON: `npm run bench -- [engine] [universe] [memory] [sweep] [indicators]
 * [--no-peers] [--bundles FILE…]`. Without a part, all parts but bundles, which must have been built.
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchBundles } from './bundles.ts';
import { benchEngine } from './engine.ts';
import { benchMemory } from './memory.ts';
import { benchSweep } from './sweep.ts';
import { benchUniverse } from './universe.ts';

const PARTS = ['engine', 'universe', 'memory', 'sweep', 'indicators'] as const;
type Part = (typeof PARTS)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'no-peers': { type: 'boolean', default: false }, bundles: { type: 'boolean', default: false } },
});

async function main(): Promise<void> {
  const report: Record<string, unknown> = { node: process.version, machine: machine() };
  if (values.bundles) {
    report.bundles = benchBundles(positionals);
  } else {
    for (const part of partsOf(positionals)) {
      process.stderr.write(`${part} …\n`);
      report[part] = await bench(part, !values['no-peers']);
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
      return benchEngine(
        process.env.PLIMSOLL_DATA ?? fileURLToPath(new URL('../../shared/data', import.meta.url)),
        withPeers,
      );
    case 'universe':
      return benchUniverse();
    case 'memory':
      return benchMemory();
    case 'sweep':
      return benchSweep(withPeers);
    case 'indicators':
      return indicators();
  }
}

/** In a process of its own: what it loads and compiles is not to change what follows. */
function indicators(): unknown {
  const script = fileURLToPath(new URL('indicators.ts', import.meta.url));
  return JSON.parse(
    execFileSync(process.execPath, [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  );
}

function machine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model ?? 'unknown'}`;
}

await main();
