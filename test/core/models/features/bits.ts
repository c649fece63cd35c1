// The bits that features have always had, as hashes: what is fast today may not differ from what models were trained on.
import { createHash } from 'node:crypto';
import type { IndicatorSpec, IndicatorState } from '../../../../core/indicators/indicator.ts';
import type { BarColumns } from '../../../../core/market/bars.ts';

/** Of all outputs of all indicators over the bars, in blocks of growing size; and of the state that each is left in. */
export function hashOfBits(specs: readonly IndicatorSpec[], bars: BarColumns): string {
  const hash = createHash('sha256');
  for (const spec of specs) {
    const indicator = spec.create();
    const out = spec.outputs.map(() => new Float64Array(bars.length));
    // Single bars, blocks within a chunk of the loop, and blocks of several chunks.
    for (let from = 0, size = 1; from < bars.length; size = Math.ceil(size * 1.5)) {
      const to = Math.min(bars.length, from + size);
      indicator.advance(bars, from, to, out, from);
      from = to;
    }
    for (const column of out) hash.update(withOneNaN(column));
    hash.update(JSON.stringify(numbersOf(indicator.snapshot())));
  }
  return hash.digest('hex').slice(0, 16);
}

/** A NaN may have many bit patterns, and means the same in each. */
const withOneNaN = (column: Float64Array): Float64Array =>
  column.map((value) => (Number.isNaN(value) ? Number.NaN : value));

/** JSON has neither NaN nor −0. */
function numbersOf(state: IndicatorState): unknown {
  return JSON.parse(
    JSON.stringify(state, (_, value) =>
      typeof value === 'number' && (Number.isNaN(value) || Object.is(value, -0)) ? `${1 / value}` : value,
    ),
  );
}
