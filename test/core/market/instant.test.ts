import { expect, test } from 'vitest';
import { instantOf } from '../../../core/market/instant.ts';

test.each([
  ['a date', '2024-02-07', 1_707_264_000_000],
  ['a date and time of a zone', '2024-02-07T17:03:00-05:00', 1_707_343_380_000],
  ['milliseconds', ' 1707264000000 ', 1_707_264_000_000],
  ['the first and the last milliseconds that are taken for such', '100000000000', 100_000_000_000],
  ['', '999999999999999', 999_999_999_999_999],
])('is the time of %s', (_, text, ms) => {
  expect(instantOf(text)).toBe(ms);
});

test.each([
  ['seconds', '1707264000'],
  ['a date without hyphens', '20240207'],
  ['more than a Date holds', '9999999999999999'],
  ['a fraction', '1707264000000.5'],
  ['what is before 1970', '-1707264000000'],
  ['nothing', ''],
  ['words', 'yesterday'],
])('bad input: %s is no time', (_, text) => {
  expect(instantOf(text)).toBeUndefined();
});
