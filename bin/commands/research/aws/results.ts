/** What the functions of a sweep have kept, read back and put in the order of its definitions. */
import type { EngineDefinition } from '../../../../core/engine/engine.ts';
import { PlimsollError } from '../../../../core/errors.ts';
import type { ObjectStore } from '../../../../core/ports/object-store.ts';
import type { PlaceRange } from '../../../../core/research/sweep/ranges.ts';
import type { Tried } from '../../../../core/research/sweep/sweep.ts';
import { damaged } from '../../../../functions/support/sweep/column-object.ts';
import { rangeOfResult, resultKey, resultsPrefix } from '../../../../functions/support/sweep/plan.ts';
import { type FailedAt, type RanAt, resultFromBytes } from '../../../../functions/support/sweep/result-object.ts';
import type { Pilot } from './pilot.ts';

/** Keys of a page, as many as S3 gives. */
const PAGE = 1_000;
/** Far above the items of a sweep. */
const MOST_PAGES = 1_000;
const READ_AT_ONCE = 8;

/** The ranges of which results are kept. */
export async function keptRanges(objects: Pick<ObjectStore, 'list'>, sweep: string): Promise<PlaceRange[]> {
  const prefix = resultsPrefix(sweep);
  const kept: PlaceRange[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const keys = await objects.list(prefix, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    kept.push(...keys.flatMap((key) => rangeOfResult(key) ?? []));
    if (keys.length < PAGE) break;
    after = keys.at(-1);
  }
  return kept;
}

export interface Collecting {
  readonly objects: Pick<ObjectStore, 'get'>;
  readonly sweep: string;
  /** Of which results are kept. */
  readonly ranges: readonly PlaceRange[];
  readonly grid: {
    readonly definitions: readonly EngineDefinition[];
    /** Of the definitions, their places in the grid. */
    readonly places: readonly number[];
  };
  readonly pilot: Pilot;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * The runs of all definitions, in their order. Throws `SWEEP_OBJECT_DAMAGED`, `SWEEP_DIFFERS` where a run of the pilot came to something else
 * there than here, and what the first run threw where runs did.
 */
export async function collected({ objects, sweep, ranges, grid, pilot, onProgress }: Collecting): Promise<Tried[]> {
  const { definitions, places } = grid;
  const indexOf = new Map(places.map((place, index) => [place, index]));
  const tried = new Array<Tried | undefined>(definitions.length);
  const failed: FailedAt[] = [];
  const take = ({ place, metrics, returns, sharpe }: RanAt): void => {
    const index = indexOf.get(place);
    if (index === undefined)
      throw damaged('a result of the sweep', 'it is of a combination that the strategy refuses here');
    tried[index] ??= { definition: definitions[index], metrics, returns, sharpe };
  };
  for (let at = 0; at < ranges.length; at += READ_AT_ONCE) {
    const some = ranges.slice(at, at + READ_AT_ONCE);
    const results = await Promise.all(some.map((range) => read(objects, sweep, range)));
    for (const result of results) {
      result.ran.forEach(take);
      failed.push(...result.failed);
    }
    onProgress(Math.min(at + READ_AT_ONCE, ranges.length), ranges.length);
  }
  if (failed.length > 0) throw someFailed(failed, definitions.length);
  const complete = tried.filter((each) => each !== undefined);
  if (complete.length !== definitions.length)
    throw damaged('the results of the sweep', `they lack ${definitions.length - complete.length} runs`);
  assertAsHere(complete, pilot);
  return complete;
}

async function read(objects: Pick<ObjectStore, 'get'>, sweep: string, range: PlaceRange) {
  const bytes = await objects.get(resultKey(sweep, range));
  if (bytes === undefined) throw damaged('a result of the sweep', 'it is gone');
  return resultFromBytes(bytes, range);
}

/** As on one machine, a run that throws ends the sweep. */
function someFailed(failed: readonly FailedAt[], of: number): PlimsollError {
  const [{ code, message, remedy }] = [...failed].sort((a, b) => a.place - b.place);
  return new PlimsollError(code, `${failed.length} of ${of} runs failed, the first because ${message}`, remedy, {
    kept: 'the results of the others, and no trial was counted',
  });
}

function assertAsHere(tried: readonly Tried[], pilot: Pilot): void {
  for (const [index, here] of pilot.tried) {
    if (isSame(tried[index], here)) continue;
    throw new PlimsollError(
      'SWEEP_DIFFERS',
      `run ${index} came to something else on AWS than here`,
      'deploy what you have here, its models too, and delete the results of the sweep',
      { kept: 'no trial was counted' },
    );
  }
}

function isSame(there: Tried, here: Tried): boolean {
  const names = Object.keys(here.metrics) as (keyof Tried['metrics'])[];
  return (
    names.every((name) => Object.is(there.metrics[name], here.metrics[name])) &&
    there.returns.length === here.returns.length &&
    there.returns.every((value, k) => Object.is(value, here.returns[k]))
  );
}
