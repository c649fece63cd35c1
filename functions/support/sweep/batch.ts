/** A batch of a sweep, as Step Functions hands it over: ranges of places, each run and kept by itself. */
import * as z from 'zod/mini';
import { PlimsollError } from '../../../core/errors.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import type { PlaceRange } from '../../../core/research/sweep/ranges.ts';
import { resultKey } from './plan.ts';
import { type PreparedSweep, prepareSweep, type SweepSources } from './prepared.ts';
import { resultToBytes } from './result-object.ts';
import { runRange } from './run-range.ts';

export interface BatchPorts extends Omit<SweepSources, 'objects'> {
  /** Below the prefix of sweeps. */
  readonly objects: Pick<ObjectStore, 'get' | 'put'>;
  readonly now: () => number;
  /** ms until the function is ended. */
  readonly remainingMs: () => number;
}

/** What became of one item: run and kept, there from an earlier attempt, or refused, and why. */
export interface ItemOutcome {
  readonly item: unknown;
  readonly outcome: 'kept' | 'there' | 'refused';
  /** Runs that threw; their errors are in the kept result. */
  readonly failed?: number;
  readonly why?: string;
}

export interface BatchAnswer {
  readonly sweep: string;
  readonly items: readonly ItemOutcome[];
  /** Backtests that were run now. */
  readonly runs: number;
  /** That it took, from the event to this answer. */
  readonly ms: number;
}

/** Items of a batch; far above what is sent, which is bounded by time. */
const MOST_ITEMS = 10_000;
/** Kept back for the last result to be written. */
const END_MS = 15_000;
/** Of an item that cannot be read, in an answer. */
const SHOWN_LENGTH = 200;

const eventSchema = z.strictObject({
  BatchInput: z.strictObject({ sweep: z.string().check(z.regex(/^[0-9a-f]{64}$/)) }),
  Items: z.array(z.unknown()).check(z.maxLength(MOST_ITEMS)),
});
const itemSchema = z.strictObject({ from: z.int().check(z.nonnegative()), to: z.int().check(z.positive()) });

/** Kept from one event to the next, as long as they are of one sweep: bars may be many megabytes. */
export class SweepWorker {
  readonly #ports: BatchPorts;
  #prepared: { readonly sweep: string; readonly made: Promise<PreparedSweep> } | undefined;

  constructor(ports: BatchPorts) {
    this.#ports = ports;
  }

  /**
   * Runs what is not kept yet, in order. An item that is none is refused and the others run. Throws `SWEEP_EVENT_MALFORMED`, what
   * {@link prepareSweep} does, and `SWEEP_UNFINISHED` where the time does not suffice: what was run is kept, and the same batch again goes
   * on after it.
   */
  async run(event: unknown): Promise<BatchAnswer> {
    const begun = this.#ports.now();
    const { sweep, items } = batchOf(event);
    const outcomes: ItemOutcome[] = [];
    const seen: PlaceRange[] = [];
    let [runs, longest] = [0, 0];
    for (const [k, item] of items.entries()) {
      const range = rangeOf(item, seen);
      if (typeof range === 'string') {
        outcomes.push({ item: shown(item), outcome: 'refused', why: range });
        continue;
      }
      seen.push(range);
      const since = this.#ports.now();
      const left = this.#ports.remainingMs() - END_MS;
      const done = left < longest ? undefined : await this.#item(sweep, range);
      if (done === undefined) throw unfinished(items.length - k, items.length);
      longest = Math.max(longest, this.#ports.now() - since);
      runs += done.runs;
      outcomes.push(done.outcome);
    }
    return { sweep, items: outcomes, runs, ms: this.#ports.now() - begun };
  }

  /** Undefined where the time did not suffice. */
  async #item(sweep: string, item: PlaceRange): Promise<{ outcome: ItemOutcome; runs: number } | undefined> {
    const { objects, remainingMs } = this.#ports;
    const prepared = await this.#prepare(sweep);
    if (item.to > prepared.places) {
      const why = `the grid has ${prepared.places} places`;
      return { outcome: { item, outcome: 'refused', why }, runs: 0 };
    }
    const key = resultKey(sweep, item);
    if (await objects.get(key)) return { outcome: { item, outcome: 'there' }, runs: 0 };
    const result = runRange(prepared, item, () => remainingMs() - END_MS);
    if (result === undefined) return undefined;
    await objects.put(key, resultToBytes(result), { ifAbsent: true });
    const { ran, failed } = result;
    return { outcome: { item, outcome: 'kept', failed: failed.length }, runs: ran.length + failed.length };
  }

  async #prepare(sweep: string): Promise<PreparedSweep> {
    if (this.#prepared?.sweep !== sweep) this.#prepared = { sweep, made: prepareSweep(sweep, this.#ports) };
    try {
      return await this.#prepared.made;
    } catch (error) {
      // The next event asks again.
      this.#prepared = undefined;
      throw error;
    }
  }
}

function batchOf(event: unknown): { readonly sweep: string; readonly items: readonly unknown[] } {
  const parsed = eventSchema.safeParse(event);
  if (parsed.success) return { sweep: parsed.data.BatchInput.sweep, items: parsed.data.Items };
  const [issue] = parsed.error.issues;
  throw new PlimsollError(
    'SWEEP_EVENT_MALFORMED',
    `the event is no batch of a sweep (${[...issue.path, issue.message].join(': ')})`,
    'start sweeps with plimsoll research sweep --on aws',
    { kept: 'nothing was run' },
  );
}

/** The range that an item asks for, or why it asks for none. */
function rangeOf(item: unknown, seen: readonly PlaceRange[]): PlaceRange | string {
  const parsed = itemSchema.safeParse(item);
  if (!parsed.success) return 'it has no whole "from" and "to", and nothing else';
  const { from, to } = parsed.data;
  if (to <= from) return '"to" is not after "from"';
  if (seen.some((each) => from < each.to && each.from < to)) return 'the batch asks for some of its places twice';
  return { from, to };
}

const shown = (item: unknown): unknown => {
  const text = JSON.stringify(item) ?? 'undefined';
  return text.length <= SHOWN_LENGTH ? item : `${text.slice(0, SHOWN_LENGTH)}…`;
};

const unfinished = (left: number, of: number): PlimsollError =>
  new PlimsollError(
    'SWEEP_UNFINISHED',
    `${left} of ${of} items were not run within the time of the function`,
    'run the same batch again: it goes on where it stopped',
    { kept: 'the results of the others' },
  );
