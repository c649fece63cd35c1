import { expect, test } from 'vitest';
import { happeningsOf } from '../../dashboard/src/charts/happenings.ts';

const MINUTE = 60_000;
const bars = [0, 1, 2].map((k) => ({ time: k * MINUTE, open: '1', high: '1', low: '1', close: '1', volume: '1' }));
const fill = (kind: string, minute: number, side: string, instrument = 'A/USD') => ({
  sequence: minute,
  kind,
  version: 1,
  cycle: minute * MINUTE,
  fields: { instrument, side, quantity: '2.000', price: '10.50' },
});

test('fills of the simulated venue and of real ones are on the bars that filled them', () => {
  const events = [
    fill('OrderFilled', 1, 'buy'),
    fill('OrderFilledAtVenue', 2, 'sell'),
    fill('OrderFilledAtVenue', 2, 'sell', 'B/USD'),
    fill('OrderAccepted', 3, 'buy'),
  ];
  const happenings = happeningsOf({ proposals: [], events } as never, 'A/USD', bars as never);
  expect(happenings).toEqual([
    { time: 0, kind: 'fill', isBuy: true, text: 'bought 2 at 10.5' },
    { time: MINUTE, kind: 'fill', isBuy: false, text: 'sold 2 at 10.5' },
  ]);
});
