import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type InstrumentInput, instrument } from '../../../core/market/instrument.ts';
import { relist } from '../../../core/market/relisting.ts';

const listed = (fields: Partial<InstrumentInput> = {}) =>
  instrument({ symbol: 'A/USD', venue: 'test', base: 'A', quote: 'USD', settlement: 'USD', ...fields });

describe('an instrument that its venue lists', () => {
  test('as before is the same, also where what was left out is said now', () => {
    expect(relist(listed(), listed())).toEqual({ kind: 'same' });
    expect(relist(listed(), listed({ tickSize: 1, lotSize: 1, minQuantity: 0, minNotional: 0 }))).toEqual({
      kind: 'same',
    });
    expect(relist({ ...listed(), version: 4 }, listed())).toEqual({ kind: 'same' });
  });

  test('with other rules is its next version, which says what changed', () => {
    const now = listed({ tickSize: 5, minNotional: 500, takerFeeBps: 8 });
    const relisted = relist({ ...listed({ minNotional: 1_000, takerFeeBps: 10 }), version: 2 }, now);
    expect(relisted).toMatchObject({
      kind: 'changed',
      instrument: { version: 3, tickSize: 5, minNotional: 500, takerFeeBps: 8, priceDecimals: 2 },
      fields: [
        { field: 'tickSize', from: 1, to: 5 },
        { field: 'minNotional', from: 1_000, to: 500 },
        { field: 'takerFeeBps', from: 10, to: 8 },
      ],
    });
  });

  test('in finer or coarser steps keeps its decimals, and orders on steps that both have', () => {
    // 0.01 before; now 0.1, 0.001, 0.025 and 0.0125.
    const steps = [
      [{ priceDecimals: 1 }, 10],
      [{ priceDecimals: 3 }, 1],
      [{ priceDecimals: 3, tickSize: 25 }, 5],
      [{ priceDecimals: 4, tickSize: 125 }, 5],
    ] as const;
    for (const [fields, tickSize] of steps) {
      const relisted = relist(listed(), listed(fields));
      if (tickSize === 1) expect(relisted).toEqual({ kind: 'same' });
      else expect(relisted).toMatchObject({ kind: 'changed', instrument: { priceDecimals: 2, tickSize } });
    }
    // A smallest quantity of 0.000015 is 1.5 of ours: two of them.
    expect(relist(listed({ quantityDecimals: 5 }), listed({ quantityDecimals: 6, minQuantity: 15 }))).toMatchObject({
      instrument: { quantityDecimals: 5, minQuantity: 2, lotSize: 1 },
    });
    expect(relist(listed({ quantityDecimals: 5 }), listed({ quantityDecimals: 2, minQuantity: 3 }))).toMatchObject({
      instrument: { quantityDecimals: 5, minQuantity: 3_000, lotSize: 1_000 },
    });
  });

  test('as something else cannot go on', () => {
    const other: Partial<InstrumentInput>[] = [
      { multiplier: 10 },
      { type: 'linear-perpetual' },
      { settlement: 'EUR', quote: 'EUR' },
      { expiry: 1_800_000_000_000 },
    ];
    for (const fields of other) {
      const [field] = Object.keys(fields);
      const relisted = relist(listed(), listed(fields));
      expect(relisted.kind).toBe('incompatible');
      expect('fields' in relisted && relisted.fields.map((change) => change.field)).toContain(field);
    }
  });

  test('in whatever steps: every step of ours is one of the venue’s, and no smaller one is', () => {
    const decimals = fc.integer({ min: 0, max: 6 });
    const step = fc.integer({ min: 1, max: 5_000 });
    fc.assert(
      fc.property(decimals, decimals, step, (before, after, tick) => {
        const relisted = relist(
          listed({ priceDecimals: before, tickSize: 7_777_777 }),
          listed({ priceDecimals: after, tickSize: tick }),
        );
        if (relisted.kind !== 'changed') return;
        const ours = relisted.instrument.tickSize as number;
        const isTheirs = (count: number) =>
          (BigInt(count) * 10n ** BigInt(12 - before)) % (BigInt(tick) * 10n ** BigInt(12 - after)) === 0n;
        expect(isTheirs(ours)).toBe(true);
        for (let smaller = 1; smaller < Math.min(ours, 200); smaller++) expect(isTheirs(smaller)).toBe(false);
      }),
    );
  });
});
