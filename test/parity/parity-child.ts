/** Parity on generated bars of two instruments, printed as JSON; run inside a copy of the sources. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBarFile } from '../../adapters/files/bar-file.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import { embeddedParity } from '../../platform/parity-run.ts';
import { prepareRecordedRun } from '../../platform/recorded-run.ts';

const FROM = Date.UTC(2024, 0, 1);
const CYCLES = 600;
const symbols = ['BTC/USDT', 'ETH/USDT'];
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-defect-'));
try {
  const venue = new SimulatedVenue({ now: () => FROM + 1e9 });
  const file = join(folder, 'bars.parquet');
  await writeBarFile(
    file,
    new Map(symbols.map((symbol) => [symbol, venue.columns(symbol, '1m', FROM, FROM + CYCLES * 60_000, CYCLES)])),
  );
  const registry = await loadStrategies(join(import.meta.dirname, '..', '..'));
  const run = await prepareRecordedRun(registry, {
    file,
    symbols,
    strategies: [
      { strategy: 'sma-cross', params: { fast: 4, slow: 9 }, allocation: 0.7 },
      { strategy: 'rsi-reversion', params: { period: 5, lower: 40, upper: 60 }, allocation: 0.7 },
    ],
    feeBps: 5,
    cash: 123_456.78,
  });
  process.stdout.write(JSON.stringify(await embeddedParity(run, registry)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
