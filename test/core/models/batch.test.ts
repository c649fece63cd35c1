/** What a batch says of each bar: the row of a bar before it, or why there is none. */
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PlimsollError } from '../../../core/errors.ts';
import { columnsOf, type IndicatorSpec } from '../../../core/indicators/indicator.ts';
import { fromCheckpointJson, toCheckpointJson } from '../../../core/json.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { type BatchAtHand, batch, batchEntry, batchInEntry } from '../../../core/models/batch/batch.ts';
import { batchesBefore, hasBatches } from '../../../core/models/batch/before.ts';
import { BatchRows } from '../../../core/models/batch/rows.ts';
import type { BatchRow } from '../../../core/ports/batch-rows.ts';
import { strategy } from '../../../core/strategies/contract.ts';
import { registration } from '../../../core/strategies/registration.ts';
import { definitionWithBatches } from '../../../core/strategies/registry.ts';
import { play, walk } from '../backtest/trades-support.ts';

const VERSION = '0123456789abcdef';
const bars = walk(400, 3);

/** A row a bar, whose value is its place. */
const rowsOf = ({ timestamp, close, length }: BarColumns): BatchRow[] =>
  Array.from({ length }, (_, k) => ({ time: timestamp[k], close: close[k] / 100, value: k / 1_000 }));

function atHand(rows: readonly BatchRow[], { lag = 1, ...more }: Partial<BatchAtHand> = {}): BatchAtHand {
  const known = new BatchRows();
  known.use(new Map(rows.map((row) => [row.time, row])));
  return { name: 'calm', version: VERSION, lag, timeframe: '1h', rows: known, ...more };
}

const columns = (given: BatchAtHand) =>
  columnsOf(
    batch('calm').with(() => given),
    bars,
  );

/** Holds by what the batch says: more of it where that is more. */
const reader = strategy({
  name: 'reader',
  params: z.strictObject({}),
  indicators: () => ({ calm: batch('calm') }),
  onBar: ({ calm, target }) => target(calm.value.value > 0.2 ? 0.8 : 0.2, `the batch says ${calm.value.value}`),
});

function played(given: BatchAtHand, provenance: 'recorded' | 'simulated' = 'recorded') {
  const { run, definition } = play({
    strategies: [definitionWithBatches(reader, () => given)],
    bars: new Map([['ABC/USDT', bars]]),
    instrument: { quantityDecimals: 6 },
    provenance,
  });
  const events = [...run.engine.journal.events()] as unknown as LedgerEvent[];
  return { definition, events, texts: JSON.stringify(events.filter(({ kind }) => kind === 'TextDefined')) };
}

describe('a batch', () => {
  test.each([1, 3, 150])('gives the row of exactly the bar %i before, and none while there is no such bar', (lag) => {
    const spec = batch('calm').with(() => atHand(rowsOf(bars), { lag }));
    const { value, bar, refused } = columnsOf(spec, bars);
    for (let k = 0; k < bars.length; k++) {
      const isThere = k >= lag;
      expect([value[k], bar[k], refused[k]]).toEqual(
        isThere ? [(k - lag) / 1_000, bars.timestamp[k - lag], 0] : [Number.NaN, Number.NaN, Number.NaN],
      );
    }
    expect(spec.warmUp).toBe(lag + 1);
  });

  test('says the same bar by bar, from a checkpoint, and over more bars than are held at a time', () => {
    const long = walk(2_500, 4);
    const spec: IndicatorSpec = batch('calm').with(() => atHand(rowsOf(long), { lag: 7 }));
    const whole = columnsOf(spec, long);
    const out = spec.outputs.map(() => new Float64Array(long.length));
    let indicator = spec.create();
    for (let k = 0; k < long.length; k++) {
      if (k % 500 === 3) {
        const kept = toCheckpointJson(indicator.snapshot());
        indicator = spec.create();
        indicator.restore(fromCheckpointJson(kept) as never);
      }
      indicator.advance(long, k, k + 1, out, k);
    }
    expect(out).toEqual(spec.outputs.map((output) => whole[output]));
  });

  test('is known by time and close, in as many decimals as the prices have', () => {
    const rows = rowsOf(bars).map((row) => ({ ...row, close: row.close + 0.004 }));
    expect(columns(atHand(rows)).refused.slice(1)).toEqual(new Float64Array(bars.length - 1));
  });

  test('decides, and is named in the ledger with its version and lag', () => {
    const { definition, events, texts } = played(atHand(rowsOf(bars), { lag: 2 }));
    expect(registration(definition.strategies[0]).models).toEqual({ 'calm/batch': `${VERSION}@2` });
    expect(texts).toContain('the batch says 0.201');
    expect(events.some(({ kind }) => kind === 'OrderFilled')).toBe(true);
    expect(events.some(({ kind }) => kind === 'StrategyFailed')).toBe(false);
  });

  test('as a ledger names it is the same again, with no row until one is given', () => {
    const named = { momentum: 'fedcba9876543210', ...Object.fromEntries([batchEntry(atHand([], { lag: 12 }))]) };
    expect(hasBatches(named)).toBe(true);
    expect(hasBatches({ momentum: 'fedcba9876543210', 'momentum/trial': `${VERSION}@0.5` })).toBe(false);
    expect(batchInEntry('calm/batch', `${VERSION}@12`)).toEqual({ name: 'calm', version: VERSION, lag: 12 });
    const before = batchesBefore(named)('calm');
    expect(before).toMatchObject({ name: 'calm', version: VERSION, lag: 12 });
    expect(new Set(columns(before).refused.slice(12))).toEqual(new Set([3]));
    expect(() => batchesBefore(named)('other')).toThrow(PlimsollError);
  });
});

describe('bad input: the strategy is not asked, in words,', () => {
  const at = 200;
  const withRow = (change: (row: BatchRow) => BatchRow[]): BatchRow[] =>
    rowsOf(bars).flatMap((row, k) => (k === at ? change(row) : [row]));

  test.each<[string, (row: BatchRow) => BatchRow[], RegExp]>([
    [
      'where a row is not there',
      () => [],
      /the batch \\"calm\\" has no row for the bar of 2024-01-09T08:00:00Z: run `plimsoll models batch calm`/,
    ],
    [
      'where a row was made from other bars',
      (row) => [{ ...row, close: row.close + 0.01 }],
      /the row of the batch \\"calm\\" for the bar of 2024-01-09T08:00:00Z was made from other bars/,
    ],
    [
      'where a row has no value',
      (row) => [{ ...row, value: null, missing: 'no-number' }],
      /the batch \\"calm\\" has no value for the bar of 2024-01-09T08:00:00Z: what the method said is no finite number/,
    ],
    [
      'where a row has no value for a reason that is not known',
      (row) => [{ ...row, value: null, missing: 'a new reason' }],
      /has no value for the bar of 2024-01-09T08:00:00Z: its job gave a reason that is not known here/,
    ],
  ])('%s', (_, change, words) => {
    const { events, texts } = played(atHand(withRow(change)));
    expect(events.filter(({ kind }) => kind === 'StrategyFailed')).toHaveLength(1);
    expect(texts).toMatch(words);
  });

  test('where nothing was read', () => {
    const { events, texts } = played(atHand([], { rows: new BatchRows() }));
    expect(events.filter(({ kind }) => kind === 'StrategyFailed')).toHaveLength(bars.length - 1);
    expect(texts).toContain('the batch \\"calm\\" was not read: it was not asked about this bar');
  });

  test('and is not run where a batch is of other bars than it asks about, or is not at hand', () => {
    const daily = atHand(rowsOf(bars), { timeframe: '1d' });
    expect(() => played(daily)).toThrow(/reads the batch "calm" for 1h bars, and its rows are of 1d bars/);
    expect(() => played(daily, 'simulated')).not.toThrow();
    expect(() => columnsOf(batch('calm'), bars)).toThrow(/the batch "calm" is not at hand here/);
  });
});

describe('rows', () => {
  test('are gathered, given, and forgotten', () => {
    const [first, second] = rowsOf(bars);
    const rows = new BatchRows();
    expect(rows.of(first.time)).toBeUndefined();
    rows.collect();
    for (const { time } of [first, second, first]) rows.of(time);
    expect(rows.collected()).toEqual([first.time, second.time]);
    rows.take([first.time, second.time], [first]);
    expect([rows.of(first.time), rows.of(second.time)]).toEqual([first, null]);
    rows.refuse('the file was changed');
    expect(rows.refusal).toBe('the file was changed');
    rows.forget();
    expect([rows.of(first.time), rows.refusal]).toEqual([undefined, 'it was not asked about this bar']);
  });
});
