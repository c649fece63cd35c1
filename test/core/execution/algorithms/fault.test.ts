/** What a strategy may ask of an algorithm, at the bounds and beyond them, and what it is told. */
import { describe, expect, test } from 'vitest';
import { algorithmFault } from '../../../../core/execution/algorithms/fault.ts';

const WEEK = 604_800_000;
const DAY = 86_400_000;

describe('an algorithm', () => {
  test.each([
    undefined,
    { kind: 'twap', cycles: 1 },
    { kind: 'twap', cycles: 10_000, slices: 1 },
    { kind: 'twap', durationMs: 1_000, slices: 1_000 },
    { kind: 'twap', durationMs: WEEK, limit: 0.000_1, atEnd: 'send' },
    { kind: 'twap', cycles: 2, durationMs: undefined, shown: undefined, atEnd: 'cancel' },
    { kind: 'vwap', durationMs: 1_000, limit: 100_000_000 },
    { kind: 'vwap', durationMs: DAY },
    { kind: 'iceberg', limit: 1_000_000_000, shown: 0.5 },
    { kind: 'iceberg', limit: 99, shownShare: 0.1, durationMs: WEEK },
    { kind: 'iceberg', limit: 99, shownShare: 1 },
    { kind: 'peg' },
    { kind: 'peg', offsetBps: -1_000, durationMs: 1_000 },
    { kind: 'peg', offsetBps: 1_000, durationMs: WEEK, limit: 99 },
  ])('is handled within its bounds: %j', (algorithm) => {
    expect(algorithmFault(algorithm)).toBeUndefined();
  });

  test.each([
    [null, 'its algorithm is of no known kind; give one of twap, vwap, iceberg, peg'],
    ['twap', 'its algorithm is of no known kind; give one of twap, vwap, iceberg, peg'],
    [7, 'its algorithm is of no known kind; give one of twap, vwap, iceberg, peg'],
    [{ cycles: 2 }, 'its algorithm is of no known kind; give one of twap, vwap, iceberg, peg'],
    [
      { kind: 'twap', cycles: 2, shown: 1 },
      'its twap has the unknown parameter "shown"; it takes kind, limit, atEnd, cycles, durationMs, slices',
    ],
    [
      { kind: 'vwap', durationMs: DAY, cycles: 2 },
      'its vwap has the unknown parameter "cycles"; it takes kind, limit, atEnd, durationMs',
    ],
    [
      { kind: 'iceberg', limit: 99, shown: 1, slices: 2 },
      'its iceberg has the unknown parameter "slices"; it takes kind, limit, atEnd, shown, shownShare, durationMs',
    ],
    [
      { kind: 'peg', offset: 2 },
      'its peg has the unknown parameter "offset"; it takes kind, limit, atEnd, offsetBps, durationMs',
    ],
    [{ kind: 'twap', cycles: 2, atEnd: 'later' }, 'its twap has the atEnd later; give one of cancel, send'],
    [{ kind: 'twap', cycles: 0 }, 'its twap has the cycles 0; give a whole number from 1 to 10000'],
    [{ kind: 'twap', cycles: 10_001 }, 'its twap has the cycles 10001; give a whole number from 1 to 10000'],
    [{ kind: 'twap', cycles: 2.5 }, 'its twap has the cycles 2.5; give a whole number from 1 to 10000'],
    [{ kind: 'twap', cycles: 2, slices: 1_001 }, 'its twap has the slices 1001; give a whole number from 1 to 1000'],
    [{ kind: 'twap', cycles: 2, slices: 1.5 }, 'its twap has the slices 1.5; give a whole number from 1 to 1000'],
    [{ kind: 'twap', durationMs: 999 }, 'its twap has the durationMs 999; give a whole number from 1000 to 604800000'],
    [
      { kind: 'twap', durationMs: 1_000.5 },
      'its twap has the durationMs 1000.5; give a whole number from 1000 to 604800000',
    ],
    [
      { kind: 'peg', durationMs: WEEK + 1 },
      'its peg has the durationMs 604800001; give a whole number from 1000 to 604800000',
    ],
    [
      { kind: 'vwap', durationMs: DAY + 1 },
      'its vwap has the durationMs 86400001; give a whole number from 1000 to 86400000',
    ],
    [{ kind: 'twap', cycles: 2, limit: 0 }, 'its twap has the limit 0; give a number above 0'],
    [{ kind: 'twap', cycles: 2, limit: '99' }, 'its twap has the limit 99; give a number above 0'],
    [{ kind: 'twap', cycles: 2, limit: Number.NaN }, 'its twap has the limit NaN; give a number above 0'],
    [
      { kind: 'iceberg', limit: 99, shownShare: 1.01 },
      'its iceberg has the shownShare 1.01; give a number above 0 and up to 1',
    ],
    [
      { kind: 'iceberg', limit: 99, shownShare: 0 },
      'its iceberg has the shownShare 0; give a number above 0 and up to 1',
    ],
    [{ kind: 'peg', offsetBps: -1_001 }, 'its peg has the offsetBps -1001; give a whole number from -1000 to 1000'],
    [{ kind: 'peg', offsetBps: 1_001 }, 'its peg has the offsetBps 1001; give a whole number from -1000 to 1000'],
    [{ kind: 'twap' }, 'its twap needs cycles or durationMs, not both'],
    [{ kind: 'twap', cycles: 2, durationMs: DAY }, 'its twap needs cycles or durationMs, not both'],
    [{ kind: 'vwap' }, 'its vwap needs a durationMs'],
    [{ kind: 'iceberg', limit: 99 }, 'its iceberg needs shown or shownShare, not both'],
    [{ kind: 'iceberg', limit: 99, shown: 1, shownShare: 0.1 }, 'its iceberg needs shown or shownShare, not both'],
    [{ kind: 'iceberg', shown: 1 }, 'its iceberg needs a limit'],
  ])('is refused beyond them, with the way out: %j', (algorithm, fault) => {
    expect(algorithmFault(algorithm)).toBe(fault);
  });
});
