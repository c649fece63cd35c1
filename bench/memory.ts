/** Peak memory of a run of ten million bars, its input included, over that of an empty process. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { rounded } from './timing.ts';

const BARS = 10_000_000;
/** A process that does nothing but look at its own size. */
const EMPTY = fileURLToPath(new URL('peak.ts', import.meta.url));
const CHILD = fileURLToPath(new URL('memory-child.ts', import.meta.url));

export function benchMemory(): unknown {
  const empty = peakBytes(EMPTY);
  return ['sma-cross', 'rsi-reversion'].map((strategy) => {
    const peak = peakBytes(CHILD, String(BARS), strategy);
    return {
      strategy,
      bars: BARS,
      emptyMb: rounded(empty / 1e6),
      peakMb: rounded(peak / 1e6),
      bytesPerBar: rounded((peak - empty) / BARS),
    };
  });
}

const peakBytes = (...given: string[]): number => Number(execFileSync(process.execPath, given, { encoding: 'utf8' }));
