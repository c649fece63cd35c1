/**
 * Where the reading of fills stands, so that none is lost and none comes twice, although a venue may show a fill some time after
 * it happened and after a later one. Each reading begins {@link FILL_LATENESS_MS} before the one before it ended, and leaves out
 * what was given already.
 */
import * as z from 'zod/mini';
import { PlimsollError } from '../../../core/errors.ts';
import type { VenueFill } from '../../../core/ports/execution-venue.ts';
import { Malformed } from './json.ts';

/** How late after its own time a fill may come to be seen. Later than this, it is not found. */
export const FILL_LATENESS_MS = 300_000;

const SymbolSchema = z.strictObject({
  /** From when on fills are read, ms UTC. */
  from: z.int().check(z.gte(0)),
  /** Given already: their time by their id. */
  given: z.record(z.string(), z.int()),
});
const CursorSchema = z.strictObject({ version: z.literal(1), symbols: z.record(z.string(), SymbolSchema) });
type Symbols = Record<string, z.output<typeof SymbolSchema>>;

/** A fill, or a payment. */
type Dated = Pick<VenueFill, 'id' | 'symbol' | 'time'>;

export class FillCursor {
  readonly #symbols: Symbols;
  readonly #since: number;

  /** `since` (ms UTC) is for instruments that the cursor does not know. Throws `CURSOR_INVALID`. */
  constructor(text: string | undefined, since: number) {
    this.#symbols = text === undefined ? {} : symbolsIn(text);
    this.#since = Math.max(0, Math.floor(since));
  }

  /** From when on the fills of an instrument are to be read, ms UTC. */
  from(symbol: string): number {
    return this.#symbols[symbol]?.from ?? this.#since;
  }

  /** Of the fills that were read, those not given before, oldest first; and where the next reading begins. `now` by the venue's clock. */
  advance<Item extends Dated = VenueFill>(
    symbols: readonly string[],
    read: readonly Item[],
    now: number,
  ): { readonly fills: Item[]; readonly cursor: string } {
    const fresh = new Map<string, Item>();
    for (const fill of read) {
      if (fill.time < this.from(fill.symbol) || this.#symbols[fill.symbol]?.given[fill.id] !== undefined) continue;
      const key = `${fill.symbol} ${fill.id}`;
      const twin = fresh.get(key);
      if (twin !== undefined && JSON.stringify(twin) !== JSON.stringify(fill)) {
        throw new Malformed(`fill ${fill.id} came twice, with different contents`);
      }
      fresh.set(key, fill);
    }
    const fills = [...fresh.values()].sort(byTime);
    const next: Symbols = { ...this.#symbols };
    for (const symbol of symbols) next[symbol] = this.#nextOf(symbol, fills, now);
    return { fills, cursor: JSON.stringify({ version: 1, symbols: next }) };
  }

  #nextOf(symbol: string, fills: readonly Dated[], now: number): Symbols[string] {
    const from = Math.max(this.from(symbol), Math.floor(now) - FILL_LATENESS_MS);
    const before = Object.entries(this.#symbols[symbol]?.given ?? {});
    const given = [
      ...before,
      ...fills.filter((fill) => fill.symbol === symbol).map((fill) => [fill.id, fill.time] as const),
    ];
    return { from, given: Object.fromEntries(given.filter(([, time]) => time >= from)) };
  }
}

/** By time, then by id: numbers by their size. */
function byTime(a: Dated, b: Dated): number {
  return a.time - b.time || a.id.length - b.id.length || (a.id < b.id ? -1 : Number(a.id > b.id));
}

function symbolsIn(text: string): Symbols {
  try {
    return CursorSchema.parse(JSON.parse(text)).symbols;
  } catch (cause) {
    throw new PlimsollError(
      'CURSOR_INVALID',
      'the place up to which fills were read cannot be understood',
      'read the fills from a time instead',
      { cause },
    );
  }
}
