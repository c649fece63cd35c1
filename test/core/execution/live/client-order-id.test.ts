import { describe, expect, test } from 'vitest';
import { clientOrderIdOf } from '../../../../core/execution/live/client-order-id.ts';

const ORDER = { stream: 'local/live', strategy: 'sma', symbol: 'BTC/USDT', cycle: 1_770_120_000_000, order: 7 };

describe('a client order id', () => {
  test('is the same whenever it is worked out', () => {
    expect(clientOrderIdOf(ORDER, /^[a-z0-9]{1,36}$/)).toBe('pl8d2f98d806fdf725babc7e097762e8');
  });

  test.each(Object.keys(ORDER))('is another one where the %s is another', (field) => {
    const rule = /^[a-z0-9]{1,36}$/;
    const other = { ...ORDER, [field]: typeof ORDER[field as 'order'] === 'number' ? 8 : 'other' };
    expect(clientOrderIdOf(other, rule)).not.toBe(clientOrderIdOf(ORDER, rule));
  });

  test.each([
    ['36 characters of Binance', /^[.A-Z:/a-z0-9_-]{1,36}$/],
    ['a UUID', /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ['18 characters', /^[a-z0-9]{1,18}$/],
    ['digits', /^[1-9][0-9]{1,18}$/],
    ['a rule without anchors', /[a-z0-9]{1,24}/],
  ])('takes the form of %s', (_name, rule) => {
    const id = clientOrderIdOf(ORDER, rule);
    expect(id).toMatch(new RegExp(`^(?:${rule.source})$`));
    expect(id.length).toBeGreaterThanOrEqual(16);
  });

  test.each([
    [/^pl[0-9a-f]{30}$/, 'pl8d2f98d806fdf725babc7e097762e8'],
    [/^[0-9a-f-]{36}$/, '8d2f98d8-06fd-8725-aabc-7e097762e831'],
    [/^[0-9a-f]{32}$/, '8d2f98d806fdf725babc7e097762e831'],
    [/^pl[0-9a-f]{22}$/, 'pl8d2f98d806fdf725babc7e'],
    [/^[0-9a-f]{18}$/, '8d2f98d806fdf725ba'],
    [/^\d{19}$/, '1635844883553181554'],
    [/^[0-9a-f]{16}$/, '8d2f98d806fdf725'],
    [/^PL[0-9A-F]{30}$/i, 'pl8d2f98d806fdf725babc7e097762e8'],
    [/^pl[0-9a-f]{30}$/gy, 'pl8d2f98d806fdf725babc7e097762e8'],
  ])('by the rule %s is for ever %s', (rule, id) => {
    expect(clientOrderIdOf(ORDER, rule)).toBe(id);
  });

  test('of digits has as many of them, however small the hash', () => {
    expect(clientOrderIdOf({ ...ORDER, order: 3 }, /^\d{19}$/)).toBe('1174502430763557606');
  });

  test('is refused where the rule takes too little of a hash to be one order’s own', () => {
    expect(() => clientOrderIdOf(ORDER, /^[a-z]{1,8}$/)).toThrow(
      expect.objectContaining({
        code: 'CLIENT_ORDER_ID_IMPOSSIBLE',
        message: "no client order id of this platform matches the venue's rule ^[a-z]{1,8}$",
        remedy: 'correct the rule in the venue’s capabilities',
      }),
    );
  });
});
