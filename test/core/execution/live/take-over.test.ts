/** What a venue's fills do to an account, apart from the orders they are of. */
import { expect, test } from 'vitest';
import type { Engine } from '../../../../core/engine/engine.ts';
import { takeFills } from '../../../../core/execution/live/take-over.ts';
import type { VenueFill } from '../../../../core/ports/execution-venue.ts';
import { halt } from '../../../../core/risk/kill-switch.ts';
import { alerts, liveAccount } from './sent.ts';

const FILL: VenueFill = {
  id: '7',
  symbol: 'A/USD',
  venueOrderId: 'V',
  clientOrderId: 'theirs',
  side: 'buy',
  quantity: 1_000,
  price: 10_000,
  fee: '0.002',
  feeAsset: 'BNB',
  maker: false,
  time: 1,
};
const codes = (engine: Engine) => alerts(engine).map((body) => (body as { code: string }).code);

test.each([
  ['BNB', 'Reducing', ['EXTERNAL_FILL', 'FEE_IN_ANOTHER_ASSET']],
  ['USD', 'Active', ['EXTERNAL_FILL']],
  ['A', 'Active', ['EXTERNAL_FILL']],
] as const)('a fee in %s leaves the account %s', (feeAsset, state, expected) => {
  const engine = liveAccount();
  takeFills(engine, [{ ...FILL, feeAsset }], 'c');
  expect([engine.tradingState, codes(engine)]).toEqual([state, expected]);
});

test('no fee at all is in no asset', () => {
  const engine = liveAccount();
  takeFills(engine, [{ ...FILL, fee: '0.00' }], 'c');
  expect([engine.tradingState, codes(engine)]).toEqual(['Active', ['EXTERNAL_FILL']]);
});

test('a fee in another asset does not loosen a halt', () => {
  const engine = liveAccount();
  halt(engine, 'a person');
  takeFills(engine, [FILL], 'c');
  expect([engine.tradingState, engine.stopped?.reason]).toEqual(['Halted', 'a person']);
});
