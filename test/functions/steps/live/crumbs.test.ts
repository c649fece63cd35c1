/** A purchase so small that the venue's fee takes all of it. */
import { expect, test } from 'vitest';
import { verifyLedger } from '../../../../core/ledger/verify.ts';
import { Desk } from './desk.ts';

test('what it cost is lost, so that cash is still what was brought and earned', async () => {
  const desk = new Desk({
    random: () => 0.9,
    feeIn: 'base',
    script: ({ symbol, order }, strategy, cycle) =>
      strategy === 0 && symbol === 'A/USD' && cycle === 2
        ? order({ side: 'buy', type: 'market', quantity: 0.001, reason: 'a crumb' })
        : undefined,
  });
  await desk.open();
  await desk.run([10_000, 20_000]);
  await desk.arm();
  for (let cycle = 0; cycle < 2; cycle++) await desk.run([10_000, 20_000]);

  const [fill] = desk.of('OrderFilledAtVenue');
  expect(fill).toMatchObject({ quantity: '1', feeQuantity: '1', position: '0', realised: '-10', cash: '999990' });
  const engine = await desk.engine();
  expect(engine.position(0, 0)).toMatchObject({ quantity: 0, cost: 0, realised: -10 });
  expect(verifyLedger(desk.ledger.commits)).toMatchObject({ holds: true });
});
