import { PlimsollError } from '../errors.ts';
import type { BarColumns } from '../market/bars.ts';
import type { Indicator, IndicatorState } from './indicator.ts';

/** All that an indicator or a kernel remembers between blocks, by name. */
export type Memory = { [field: string]: number | Float64Array | Remembering };

/** Something with a memory that can be taken out as plain data and put back. */
export class Remembering<M extends Memory = Memory> {
  readonly memory: M;

  constructor(memory: M) {
    this.memory = memory;
  }

  snapshot(): IndicatorState {
    const state: Record<string, number | readonly number[] | IndicatorState> = {};
    for (const [field, value] of Object.entries(this.memory)) {
      if (typeof value === 'number') state[field] = value;
      else state[field] = value instanceof Float64Array ? Array.from(value) : value.snapshot();
    }
    return state;
  }

  /** Throws `INDICATOR_STATE` where the state is not one that the same indicator with the same parameters wrote. */
  restore(state: IndicatorState): void {
    const memory: Memory = this.memory;
    const fields = Object.keys(memory);
    if (!isRecord(state) || Object.keys(state).length !== fields.length) throw foreignState('its fields differ');
    for (const field of fields) checkField(field, memory[field], state[field]);
    for (const field of fields) {
      const kept = memory[field];
      if (typeof kept === 'number') memory[field] = state[field] as number;
      else if (kept instanceof Float64Array) kept.set(state[field] as readonly number[]);
      else kept.restore(state[field] as IndicatorState);
    }
  }
}

/**
 * The most bars that one call of an indicator's loop sees. Stages hand each other columns of this length, which stay in the
 * processor's first cache.
 */
export const CHUNK_BARS = 1_024;

/** The loop of an indicator over at most {@link CHUNK_BARS} bars; parameters as in {@link Indicator.advance}. */
type Advance<M extends Memory> = (
  memory: M,
  bars: BarColumns,
  from: number,
  to: number,
  out: readonly Float64Array[],
  at: number,
) => void;

/** An indicator from its memory and its loop. */
export function indicatorOf<M extends Memory>(memory: M, advance: Advance<M>): Indicator {
  return new MemoryIndicator(memory, advance);
}

class MemoryIndicator<M extends Memory> extends Remembering<M> implements Indicator {
  readonly #advance: Advance<M>;

  constructor(memory: M, advance: Advance<M>) {
    super(memory);
    this.#advance = advance;
  }

  advance(bars: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): void {
    for (let start = from; start < to; start += CHUNK_BARS) {
      this.#advance(this.memory, bars, start, Math.min(to, start + CHUNK_BARS), out, at + start - from);
    }
  }
}

/**
 * A column for what one stage hands to the next within a chunk. One for the whole program a number, since a loop never
 * yields in between: what is in it at the start of a chunk is meaningless.
 */
export const scratchColumns: readonly Float64Array[] = Array.from({ length: 6 }, () => new Float64Array(CHUNK_BARS));

function checkField(field: string, kept: number | Float64Array | Remembering, value: unknown): void {
  if (typeof kept === 'number') {
    if (typeof value !== 'number') throw foreignState(`"${field}" is not a number`);
  } else if (kept instanceof Float64Array) {
    const fits =
      Array.isArray(value) && value.length === kept.length && value.every((item) => typeof item === 'number');
    if (!fits) throw foreignState(`"${field}" is not a list of ${kept.length} numbers`);
  } else if (!isRecord(value)) {
    throw foreignState(`"${field}" is not an object`);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const foreignState = (what: string) =>
  new PlimsollError(
    'INDICATOR_STATE',
    `the state was not written by this indicator with these parameters: ${what}`,
    'start it afresh and warm it up again',
  );
