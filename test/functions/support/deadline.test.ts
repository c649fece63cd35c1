import { expect, it } from 'vitest';
import { withDeadline } from '../../../functions/support/deadline.ts';

it('returns what the work returned', () => {
  expect(withDeadline(1_000, 'the work', () => [1, 2])).toEqual([1, 2]);
});

it('lets an error through as it is', () => {
  const error = new TypeError('of the work itself');
  expect(() =>
    withDeadline(1_000, 'the work', () => {
      throw error;
    }),
  ).toThrow(error);
});

it('ends a loop that does not end, and says whose it was', () => {
  const endless = () =>
    withDeadline(20, 'the strategies of this cycle', () => {
      for (;;);
    });
  expect(endless).toThrow(/the strategies of this cycle took longer than 20 ms/);
  expect(endless).toThrow(expect.objectContaining({ code: 'STRATEGY_TIMEOUT' }));
});

it('is ready for the next work after one that was ended', () => {
  expect(() =>
    withDeadline(20, 'the work', () => {
      for (;;);
    }),
  ).toThrow();
  expect(withDeadline(1_000, 'the work', () => 'done')).toBe('done');
});

it('leaves nothing on the global object', () => {
  const before = Reflect.ownKeys(globalThis);
  const during = withDeadline(1_000, 'the work', () => Reflect.ownKeys(globalThis));
  expect(during).toEqual(before);
  expect(Reflect.ownKeys(globalThis)).toEqual(before);
});

it('can be nested, the inner deadline being its own', () => {
  const outer = withDeadline(1_000, 'the outer', () => {
    expect(() =>
      withDeadline(20, 'the inner', () => {
        for (;;);
      }),
    ).toThrow(/the inner/);
    return withDeadline(1_000, 'the inner', () => 'both');
  });
  expect(outer).toBe('both');
});
