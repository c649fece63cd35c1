// Column indicators against TA-Lib's C over the same million bars, in one run on one machine. Prints JSON.
// TA-Lib comes as a Python package into .cache/bench-venv, which the first run makes.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogue } from '../core/indicators/catalogue.ts';
import { columnsOf, type IndicatorSpec } from '../core/indicators/index.ts';
import { type BarColumns, emptyBars } from '../core/market/bars.ts';

const BARS = 1_000_000;
const ROUNDS = 3;
const REPEATS = 10;
const PRICE_DECIMALS = 2;
const TALIB = 'TA-Lib==0.8.2';

interface TalibResult {
  readonly version: string;
  readonly nsPerBar: Record<string, number>;
}

function main(): void {
  const bars = randomWalk(BARS);
  const talib = timeTalib(bars);
  const times = timeOurs(bars);
  const indicators = catalogue.map(({ name, call }) => {
    const plimsollNs = times[name];
    const talibNs = talib.nsPerBar[name] ?? null;
    return { name, call, plimsollNs, talibNs, ratio: talibNs === null ? null : talibNs / plimsollNs };
  });
  const ratios = indicators.flatMap(({ ratio }) => (ratio === null ? [] : [ratio]));
  const report = {
    bars: BARS,
    repeats: ROUNDS * REPEATS,
    node: process.version,
    talib: talib.version,
    unit: 'nanoseconds a bar, the least of all repeats; ratio: above 1 is faster than TA-Lib',
    indicators: indicators.map((row) => ({ ...row, ...rounded(row) })),
    geometricMeanRatio: round(Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)),
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
}

/** Nanoseconds a bar by name. All take their turn in each round, so that a busy moment of the machine does not fall on one alone. */
function timeOurs(bars: BarColumns): Record<string, number> {
  const best: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, standard } of catalogue) {
      best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, timeIndicator(standard, bars));
    }
  }
  return best;
}

/** Both sides write to memory that they have used before: NumPy gets it back from its allocator, we hand it back in. */
function timeIndicator(spec: IndicatorSpec, bars: BarColumns): number {
  const room = spec.outputs.map(() => new Float64Array(bars.length));
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const start = performance.now();
    columnsOf(spec, bars, room);
    best = Math.min(best, performance.now() - start);
  }
  return (best * 1e6) / bars.length;
}

function timeTalib(bars: BarColumns): TalibResult {
  const python = talibPython();
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  try {
    const file = join(folder, 'bars.f64');
    writeFileSync(file, talibColumns(bars));
    const script = fileURLToPath(new URL('peers/talib_indicators.py', import.meta.url));
    const output = execFileSync(python, [script, file, String(bars.length), String(ROUNDS), String(REPEATS)], {
      encoding: 'utf8',
    });
    return JSON.parse(output) as TalibResult;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The Python of an environment that has TA-Lib; made where it is missing. */
function talibPython(): string {
  const folder = fileURLToPath(new URL('../.cache/bench-venv', import.meta.url));
  const python = join(folder, 'bin', 'python');
  if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', TALIB], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return python;
}

/** High, low and close in plain units, and volume, one after another. */
function talibColumns(bars: BarColumns): Buffer {
  const all = new Float64Array(4 * bars.length);
  const scale = 10 ** PRICE_DECIMALS;
  for (const [k, column] of [bars.high, bars.low, bars.close].entries()) {
    for (let i = 0; i < bars.length; i++) all[k * bars.length + i] = column[i] / scale;
  }
  all.set(bars.volume, 3 * bars.length);
  return Buffer.from(all.buffer);
}

/** Minute bars of a random walk, the same in every run. */
function randomWalk(length: number): BarColumns {
  const bars = emptyBars(length, PRICE_DECIMALS);
  let state = 12_345;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let price = 3_000_000;
  for (let i = 0; i < length; i++) {
    const open = price;
    price = Math.max(100_000, price + random(2_001) - 1_000);
    bars.timestamp[i] = 1_700_000_000_000 + i * 60_000;
    bars.open[i] = open;
    bars.close[i] = price;
    bars.high[i] = Math.max(open, price) + random(500);
    bars.low[i] = Math.min(open, price) - random(500);
    bars.volume[i] = random(1_000_000);
  }
  return bars;
}

const round = (value: number) => Math.round(value * 100) / 100;

const rounded = (row: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? round(value) : value]),
  );

main();
