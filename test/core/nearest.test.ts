import { expect, test } from 'vitest';
import { nearestNames, nearestRemedy } from '../../core/nearest.ts';

test('finds names that differ by a few letters, nearest first, whatever the case', () => {
  const known = ['BTC/USDT', 'BTC/USDC', 'ETH/USDT', 'DOGE/EUR'];
  expect(nearestNames('btc/usd', known)).toEqual(['BTC/USDC', 'BTC/USDT', 'ETH/USDT']);
  expect(nearestNames('BCT/USDT', known)[0]).toBe('BTC/USDT');
});

test('offers nothing where nothing is near, and says what else to do', () => {
  expect(nearestNames('XMR', ['BTC/USDT'])).toEqual([]);
  expect(nearestRemedy('XMR', ['BTC/USDT'], 'choose another')).toBe('choose another');
  expect(nearestRemedy('krakn', ['kraken', 'binance'], 'choose another')).toBe('use kraken');
});
