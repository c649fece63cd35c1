/** What is wrong with an algorithm that a strategy asks for. */
import { ALGORITHM_BOUNDS, ALGORITHM_KINDS, type Algorithm, AT_END } from './algorithm.ts';

/** Parameters that each kind takes besides `kind`, `limit` and `atEnd`. */
const PARAMETERS: Record<Algorithm['kind'], readonly string[]> = {
  twap: ['cycles', 'durationMs', 'slices'],
  vwap: ['durationMs'],
  iceberg: ['shown', 'shownShare', 'durationMs'],
  peg: ['offsetBps', 'durationMs'],
};

/** As a clause; undefined where it can be handled. */
export function algorithmFault(algorithm: unknown): string | undefined {
  if (algorithm === undefined) return undefined;
  const given = algorithm as Readonly<Record<string, unknown>> | null;
  if (given === null || !ALGORITHM_KINDS.includes(given.kind as never))
    return `its algorithm is of no known kind; give one of ${ALGORITHM_KINDS.join(', ')}`;
  const kind = given.kind as Algorithm['kind'];
  const known = ['kind', 'limit', 'atEnd', ...PARAMETERS[kind]];
  const unknown = Object.keys(given).find((name) => given[name] !== undefined && !known.includes(name));
  if (unknown !== undefined) return `its ${kind} has the unknown parameter "${unknown}"; it takes ${known.join(', ')}`;
  if (given.atEnd !== undefined && !AT_END.includes(given.atEnd as never))
    return `its ${kind} has the atEnd ${String(given.atEnd)}; give one of ${AT_END.join(', ')}`;
  return numbersFault(kind, given) ?? togetherFault(kind, given);
}

interface Range {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

const { durationMs, vwapDurationMs, cycles, slices, offsetBps } = ALGORITHM_BOUNDS;
const RANGES: Readonly<Record<string, Range>> = {
  limit: { least: Number.MIN_VALUE, most: Number.MAX_VALUE, whole: false },
  shown: { least: Number.MIN_VALUE, most: Number.MAX_VALUE, whole: false },
  shownShare: { least: Number.MIN_VALUE, most: 1, whole: false },
  durationMs: { least: 1_000, most: durationMs, whole: true },
  cycles: { least: 1, most: cycles, whole: true },
  slices: { least: 1, most: slices, whole: true },
  offsetBps: { least: -offsetBps, most: offsetBps, whole: true },
};

function numbersFault(kind: Algorithm['kind'], given: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, { least, most, whole }] of Object.entries(RANGES)) {
    const value = given[name];
    if (value === undefined) continue;
    const bound = kind === 'vwap' && name === 'durationMs' ? vwapDurationMs : most;
    const fits = typeof value === 'number' && value >= least && value <= bound && (!whole || Number.isInteger(value));
    if (!fits) return `its ${kind} has the ${name} ${String(value)}; give ${describe(least, bound, whole)}`;
  }
  return undefined;
}

function describe(least: number, most: number, whole: boolean): string {
  if (whole) return `a whole number from ${least} to ${most}`;
  return most === Number.MAX_VALUE ? 'a number above 0' : `a number above 0 and up to ${most}`;
}

/** Parameters of which exactly one is given, or that cannot be left out. */
function togetherFault(kind: Algorithm['kind'], given: Readonly<Record<string, unknown>>): string | undefined {
  const has = (name: string): boolean => given[name] !== undefined;
  if (kind === 'twap' && has('cycles') === has('durationMs')) return 'its twap needs cycles or durationMs, not both';
  if (kind === 'vwap' && !has('durationMs')) return 'its vwap needs a durationMs';
  if (kind === 'iceberg' && has('shown') === has('shownShare'))
    return 'its iceberg needs shown or shownShare, not both';
  if (kind === 'iceberg' && !has('limit')) return 'its iceberg needs a limit';
  return undefined;
}
