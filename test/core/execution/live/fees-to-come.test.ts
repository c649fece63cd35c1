import { describe, expect, test } from 'vitest';
import { FEES_TO_COME_BOUNDS, FeesToCome } from '../../../../core/execution/live/fees-to-come.ts';

const { latestMs, fills } = FEES_TO_COME_BOUNDS;

const expecting = (...units: bigint[]): FeesToCome => {
  const fees = new FeesToCome();
  for (const [time, one] of units.entries()) fees.expect('BTC', one, time);
  return fees;
};

describe('fees that are yet to come', () => {
  test('explain that an asset lacks as much as they may be, and no more, and no other asset', () => {
    const fees = expecting(3n, 4n);
    expect([1n, 7n, 8n, 0n, -1n].map((units) => fees.explains('BTC', units))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(fees.explains('USD', 1n)).toBe(false);
  });

  test('explain once: what a balance lacked was all that was taken of the asset', () => {
    const fees = expecting(3n, 4n);
    fees.expect('USD', 1n, 2);
    expect(fees.mostOf('BTC')).toBe(7n);
    fees.book('BTC', 5n);
    expect([fees.mostOf('BTC'), fees.explains('BTC', 1n), fees.explains('USD', 1n)]).toEqual([0n, false, true]);
  });

  test('are booked once: what the venue says of what was booked leaves nothing to book', () => {
    const fees = expecting(10n);
    fees.book('BTC', 5n);
    expect([fees.settle('BTC', 3n), fees.settle('BTC', 3n), fees.settle('BTC', 3n)]).toEqual([0n, 1n, 3n]);
    expect(fees.settle('USD', 9n)).toBe(9n);
  });

  test('are expected less by what the venue says of them, of the oldest fills first', () => {
    const fees = expecting(3n, 4n);
    expect(fees.settle('BTC', 5n)).toBe(5n);
    expect(fees.snapshot()).toEqual({ expected: [['BTC', '2', 1]], ahead: {} });
  });

  test('are waited for no longer than a fee may be late, and of no more fills than a bound', () => {
    const late = expecting(3n);
    late.expect('BTC', 4n, latestMs);
    expect(late.explains('BTC', 7n)).toBe(true);
    late.expect('BTC', 1n, latestMs + 1);
    expect([late.explains('BTC', 5n), late.explains('BTC', 6n)]).toEqual([true, false]);
    const many = expecting(...Array<bigint>(fills + 5).fill(1n));
    expect([many.explains('BTC', BigInt(fills)), many.explains('BTC', BigInt(fills + 1))]).toEqual([true, false]);
  });

  test('come back as they were stored', () => {
    const fees = expecting(10n);
    fees.book('BTC', 4n);
    fees.expect('BTC', 6n, 0);
    const again = new FeesToCome();
    again.restore(JSON.parse(JSON.stringify(fees.snapshot())));
    expect(again.snapshot()).toEqual({ expected: [['BTC', '6', 0]], ahead: { BTC: '4' } });
    again.settle('BTC', 10n);
    expect([again.isEmpty, fees.isEmpty]).toEqual([true, false]);
  });
});
