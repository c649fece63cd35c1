/** What a batch has said of bars. It is gathered before it is needed, since indicators cannot wait. */
import type { BatchRow } from '../../ports/batch-rows.ts';

/** The rows of one version of a batch, for as long as something is asked under them: a cycle, or a run over recorded bars. */
export class BatchRows {
  /** By the open of the bar; null where the batch was asked and has none. */
  readonly #known = new Map<number, BatchRow | null>();
  #table: ReadonlyMap<number, BatchRow> | undefined;
  #wanted: Set<number> | undefined;
  #refusal: string | undefined;

  /** From now on, bars that are asked about and not known are noted. */
  collect(): void {
    this.#wanted = new Set();
  }

  /** Opens of the bars that were noted, ms UTC, each once; nothing is noted from now on. */
  collected(): number[] {
    const times = [...(this.#wanted ?? [])];
    this.#wanted = undefined;
    return times;
  }

  /** Takes what was said of the bars at `times`: none of those without a row. */
  take(times: readonly number[], rows: readonly BatchRow[]): void {
    for (const time of times) this.#known.set(time, null);
    for (const row of rows) this.#known.set(row.time, row);
  }

  /** The whole table is at hand, by the opens of its bars, ms UTC: nothing is asked for any more. */
  use(table: ReadonlyMap<number, BatchRow>): void {
    this.#table = table;
  }

  /** In words, why nothing is known of what was asked last. */
  refuse(why: string): void {
    this.#refusal = why;
  }

  /** Another cycle shall not find what was read in this one: whether this process saw it is chance. */
  forget(): void {
    this.#known.clear();
    this.#refusal = undefined;
  }

  get refusal(): string {
    return this.#refusal ?? 'it was not asked about this bar';
  }

  /** What is said of the bar that opens at `time`; null where the batch has no row of it, undefined where it has not been asked. */
  of(time: number): BatchRow | null | undefined {
    if (this.#table) return this.#table.get(time) ?? null;
    const known = this.#known.get(time);
    if (known === undefined) this.#wanted?.add(time);
    return known;
  }
}
