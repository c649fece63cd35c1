/** What the fold holds against orders and fills at a real venue, worked out by hand. */
import { describe, expect, test } from 'vitest';
import { EXTERNAL } from '../../../core/execution/live/account.ts';
import { account, CYCLE, type HandWritten, PERPETUAL, SPOT, VENUE_FILL } from './by-hand.ts';

const wrong = (what: string, expected: string, found: string) => ({ what, expected, found });

const submitted = (changes: object = {}): HandWritten => account().order(changes).add('OrderSubmitted', { order: 1 });
const prepared = (changes: object = {}): HandWritten =>
  submitted(changes).add('OrderPrepared', { order: 1, quantity: '2000', clientOrderId: 0 });
const tryFill = (at: HandWritten, fields: object = {}) =>
  at.try('OrderFilledAtVenue', { ...VENUE_FILL, order: 1, ...fields });

describe('an order on its way to a venue', () => {
  test('was submitted, or is unresolved, and asks for something', () => {
    const ask = { order: 1, quantity: '2000', clientOrderId: 0 };
    expect(account().order().try('OrderPrepared', ask)).toEqual(
      wrong('state', 'an order that is submitted', 'Initialized'),
    );
    expect(submitted().try('OrderPrepared', { ...ask, quantity: '0' })).toEqual(
      wrong('quantity', 'more than nothing', '0'),
    );
    expect(submitted().try('OrderPrepared', { ...ask, clientOrderId: 1 })).toEqual(
      wrong('reason', 'a text below 1', '1'),
    );
    expect(submitted().try('OrderPrepared', { ...ask, order: 2 })).toEqual(wrong('order', '1 to 1', '2'));
    const again = prepared().add('OrderUnresolved', { order: 1, reason: 0 });
    expect(again.try('OrderPrepared', { ...ask, quantity: '1000' })).toBeUndefined();
    expect(again.fold.account.orders[0].asked).toBe(1_000n);
  });

  test('is acknowledged only where a venue was asked', () => {
    const told = { order: 1, venueOrderId: 0 };
    expect(prepared().try('OrderAcknowledged', told)).toBeUndefined();
    expect(submitted().try('OrderAcknowledged', told)).toEqual(wrong('order', 'one that a venue was asked for', '1'));
    expect(prepared().try('OrderAcknowledged', { ...told, venueOrderId: 3 })).toEqual(
      wrong('reason', 'a text below 1', '3'),
    );
    expect(prepared().try('OrderAcknowledged', { ...told, order: 2 })).toEqual(wrong('order', '1 to 1', '2'));
  });

  test('is released from being watched only where no venue was asked', () => {
    const release = { order: 1, quantity: '2000', trigger: '9000', triggered: true };
    const watched = submitted({ type: 'stop', trigger: '9500' }).add('OrderWatched', { order: 1, reason: 0 });
    expect(watched.try('OrderReleased', release)).toBeUndefined();
    expect(watched.fold.account.orders[0]).toMatchObject({ triggered: true, trigger: 9_000n, state: 'Submitted' });
    const asked = prepared().add('OrderAccepted', { order: 1 });
    expect(asked.try('OrderReleased', release)).toEqual(wrong('order', 'one that no venue was asked for', '1'));
    expect(submitted().try('OrderReleased', release)).toEqual(
      wrong('state', 'a state that Submitted may follow', 'Submitted'),
    );
    expect(watched.try('OrderReleased', { ...release, order: 2 })).toEqual(wrong('order', '1 to 1', '2'));
  });
});

describe('a fill at a venue', () => {
  test('moves cash and position, and ends the order where it completes it', () => {
    const at = prepared();
    expect(tryFill(at)).toBeUndefined();
    expect(at.fold.position(0, SPOT)).toMatchObject({ quantity: 2_000n, cost: 20_000n, fees: 20n, realised: 0n });
    expect(at.fold.account).toMatchObject({ cash: 979_980n, reservedCash: 0n });
    expect(at.fold.account.orders[0]).toMatchObject({ state: 'Filled', filled: 2_000n, filledNotional: 20_020n });
  });

  test('in parts leaves the order at work, and one that is being canceled so', () => {
    const part = { quantity: '500', fee: '5', cash: '994995', position: '500', complete: false };
    const at = prepared();
    expect(tryFill(at, part)).toBeUndefined();
    expect(at.fold.account.orders[0].state).toBe('PartiallyFilled');
    const canceling = prepared().add('OrderPendingCancel', { order: 1, reason: 0 });
    expect(tryFill(canceling, part)).toBeUndefined();
    expect(canceling.fold.account.orders[0].state).toBe('PendingCancel');
    expect(tryFill(prepared(), { ...part, complete: true })).toEqual(wrong('complete', 'false', 'true'));
    expect(tryFill(prepared(), { complete: false })).toEqual(wrong('complete', 'true', 'false'));
  });

  test('of more than was asked is the venue’s word', () => {
    const at = prepared();
    expect(tryFill(at, { quantity: '3000', fee: '30', cash: '969970', position: '3000' })).toBeUndefined();
  });

  test.each([
    ['of an order that no venue was asked for', submitted, {}, 'order', 'one that a venue was asked for', '1'],
    ['of an order that is not there', prepared, { order: 2 }, 'order', '1 to 1', '2'],
    ['of nothing', prepared, { quantity: '0' }, 'quantity', 'more than nothing', '0'],
    ['for nothing', prepared, { price: '0' }, 'price', 'more than nothing', '0'],
    ['under a name that is not there', prepared, { fill: 7 }, 'reason', 'a text below 1', '7'],
    ['with another cash', prepared, { cash: '979981' }, 'cash', '979980', '979981'],
    ['with another profit', prepared, { realised: '1' }, 'realised', '0', '1'],
    ['with another position', prepared, { position: '2001' }, 'position', '2000', '2001'],
    ['with two fees', prepared, { feeQuantity: '2' }, 'feeQuantity', 'a fee in money or in the base', '2'],
  ])('does not hold %s', (_, at, fields, what, expected, found) => {
    expect(tryFill(at(), fields)).toEqual(wrong(what, expected, found));
  });

  test('with a fee in the base leaves the position so much smaller, on either side', () => {
    const bought = prepared().fillAtVenue(1, { fee: '0', feeQuantity: '2', cash: '980000', position: '1998' });
    expect(bought.fold.position(0, SPOT)).toMatchObject({ quantity: 1_998n, cost: 20_000n, fees: 0n });
    bought
      .order({ side: 'sell', purpose: 'exit', reduceOnly: true, quantity: '1000', reserved: '0', exposure: '0' })
      .add('OrderSubmitted', { order: 2 })
      .add('OrderPrepared', { order: 2, quantity: '1000', clientOrderId: 0 });
    // 1,001 of 1,998 leave, which cost 10,020.02 of 20,000: 10,021 against the account.
    const sale = { quantity: '1000', fee: '0', feeQuantity: '1', cash: '990000', position: '997' };
    const found = bought.try('OrderFilledAtVenue', { ...VENUE_FILL, order: 2, ...sale, realised: '-21' });
    expect([found, bought.fold.position(0, SPOT)]).toEqual([
      undefined,
      expect.objectContaining({ quantity: 997n, cost: 9_979n, realised: -21n }),
    ]);
  });

  test('whose fee takes all that was bought is a loss', () => {
    const at = prepared().fillAtVenue(1, {
      fee: '0',
      feeQuantity: '2000',
      realised: '-20000',
      cash: '980000',
      position: '0',
    });
    expect(at.fold.position(0, SPOT)).toMatchObject({ quantity: 0n, cost: 0n, realised: -20_000n });
  });

  test('has no fee in the base of a perpetual', () => {
    const at = prepared({ instrument: PERPETUAL });
    expect(tryFill(at, { fee: '0', feeQuantity: '2', cash: '1000000', position: '1998' })).toEqual(
      wrong('feeQuantity', 'a fee in money or in the base', '2'),
    );
  });

  test('of a perpetual takes the fee and what was realised, and rounds against the account', () => {
    const at = prepared({ instrument: PERPETUAL, reserved: '0' });
    at.fillAtVenue(1, { price: '10001', cash: '999980' });
    expect(at.fold.position(0, PERPETUAL)).toMatchObject({ quantity: 2_000n, cost: 20_002n });
    const odd = prepared({ reserved: '0' });
    odd.fillAtVenue(1, { quantity: '1', price: '10001', fee: '0', cash: '999989', position: '1', complete: false });
    expect(odd.fold.position(0, SPOT).cost).toBe(11n);
    const sold = prepared({ side: 'sell', reserved: '0' });
    sold.fillAtVenue(1, { quantity: '1', price: '10009', fee: '0', cash: '1000010', position: '-1', complete: false });
    expect(sold.fold.position(0, SPOT).cost).toBe(-10n);
    expect(sold.fold.account.orders[0].filledNotional).toBe(10n);
  });
});

describe('what a venue does by itself', () => {
  test('is nobody’s where it fills an order that is not ours', () => {
    const at = account();
    const fill = { ...VENUE_FILL, instrument: SPOT, side: 'buy' };
    expect(at.try('ExternalFilled', fill)).toBeUndefined();
    expect(at.fold.position(EXTERNAL, SPOT)).toMatchObject({ quantity: 2_000n, cost: 20_000n });
    expect(at.fold.position(0, SPOT).quantity).toBe(0n);
    const sale = { ...fill, side: 'sell', cash: '999960', position: '0' };
    expect(at.try('ExternalFilled', sale)).toBeUndefined();
    expect(at.try('ExternalFilled', { ...fill, instrument: 2 })).toEqual(wrong('instrument', 'below 2', '2'));
  });

  test('closes what is held of a perpetual, and no more', () => {
    const close = { strategy: 0, instrument: PERPETUAL, side: 'sell', fill: 0, time: CYCLE, maker: false };
    const amounts = { quantity: '2000', price: '9000', fee: '0', realised: '-2000', cash: '997980', position: '0' };
    const long = (): HandWritten =>
      prepared({ instrument: PERPETUAL, reserved: '0' }).fillAtVenue(1, { cash: '999980' });
    const at = long();
    expect(at.try('ClosedAtVenue', { ...close, ...amounts })).toBeUndefined();
    expect(at.fold.position(0, PERPETUAL)).toMatchObject({ quantity: 0n, realised: -2_000n });
    expect(long().try('ClosedAtVenue', { ...close, ...amounts, quantity: '2001' })).toEqual(
      wrong('quantity', 'at most 2000, in a perpetual', '2001'),
    );
    expect(long().try('ClosedAtVenue', { ...close, ...amounts, side: 'buy' })).toEqual(
      wrong('quantity', 'at most -2000, in a perpetual', '2000'),
    );
    expect(long().try('ClosedAtVenue', { ...close, ...amounts, strategy: 1 })).toEqual(
      wrong('strategy', 'below 1', '1'),
    );
    const spot = prepared().fillAtVenue(1, {});
    expect(spot.try('ClosedAtVenue', { ...close, ...amounts, instrument: SPOT })).toEqual(
      wrong('quantity', 'at most 2000, in a perpetual', '2000'),
    );
    const short = prepared({ instrument: PERPETUAL, side: 'sell', reserved: '0' });
    short.fillAtVenue(1, { cash: '999980', position: '-2000' });
    expect(short.try('ClosedAtVenue', { ...close, ...amounts, side: 'buy', price: '11000' })).toBeUndefined();
  });

  test('pays and charges what it says, into the funding of who holds', () => {
    const at = account();
    const pay = { strategy: 0, instrument: PERPETUAL, payment: 0, time: CYCLE };
    expect(at.try('PaidAtVenue', { ...pay, amount: '-30', cash: '999970' })).toBeUndefined();
    expect(at.try('PaidAtVenue', { ...pay, amount: '10', cash: '999980' })).toBeUndefined();
    expect(at.fold.position(0, PERPETUAL).funding).toBe(-20n);
    expect(at.try('PaidAtVenue', { ...pay, amount: '1', cash: '999980' })).toEqual(wrong('cash', '999981', '999980'));
    expect(account().try('PaidAtVenue', { ...pay, amount: '1', cash: '1000001', instrument: 2 })).toEqual(
      wrong('instrument', 'below 2', '2'),
    );
    expect(account().try('PaidAtVenue', { ...pay, amount: '1', cash: '1000001', payment: 1 })).toEqual(
      wrong('reason', 'a text below 1', '1'),
    );
  });
});

describe('coins that a venue took by themselves', () => {
  const pay = { strategy: 0, instrument: SPOT, payment: 0, time: CYCLE, realised: '0' };
  const held = (): HandWritten => prepared().fillAtVenue(1, {});

  test('leave what is held with all that it has cost; the last of them is lost with its cost', () => {
    const at = held();
    expect(at.try('PaidInBaseAtVenue', { ...pay, quantity: '-5', position: '1995' })).toBeUndefined();
    expect(at.fold.position(0, SPOT)).toMatchObject({ quantity: 1_995n, cost: 20_000n, realised: 0n });
    expect(at.try('PaidInBaseAtVenue', { ...pay, quantity: '5', position: '2000' })).toBeUndefined();
    const all = { ...pay, quantity: '-2000', position: '0', realised: '-20000' };
    expect(at.try('PaidInBaseAtVenue', all)).toBeUndefined();
    expect(at.fold.position(0, SPOT)).toMatchObject({ quantity: 0n, cost: 0n, realised: -20_000n });
    expect(at.fold.account.cash).toBe(979_980n);
  });

  test('are no more than a strategy holds, and may be more than nobody’s', () => {
    const more = { ...pay, quantity: '-2001', position: '-1' };
    expect(held().try('PaidInBaseAtVenue', more)).toEqual(wrong('quantity', 'at most 2000 taken', '2001'));
    expect(held().try('PaidInBaseAtVenue', { ...more, strategy: EXTERNAL, position: '-2001' })).toBeUndefined();
  });

  test('are held against what the event says, and against its instrument', () => {
    const one = { ...pay, quantity: '-1', position: '1999' };
    expect(held().try('PaidInBaseAtVenue', { ...one, position: '2000' })).toEqual(wrong('position', '1999', '2000'));
    expect(held().try('PaidInBaseAtVenue', { ...one, realised: '-10' })).toEqual(wrong('realised', '0', '-10'));
    expect(held().try('PaidInBaseAtVenue', { ...one, payment: 1 })).toEqual(wrong('reason', 'a text below 1', '1'));
    expect(held().try('PaidInBaseAtVenue', { ...one, instrument: 2 })).toEqual(wrong('instrument', 'below 2', '2'));
    const perpetual = { ...one, instrument: PERPETUAL, quantity: '1', position: '1' };
    expect(held().try('PaidInBaseAtVenue', perpetual)).toEqual(wrong('instrument', 'one whose base is held', '1'));
  });
});

test('live trading is armed with limits, and disarmed without', () => {
  const arm = (fields: object, at = account()) => [at.try('LiveArmed', { reason: 0, ...fields }), at] as const;
  const armed = { armed: true, maxOrderNotional: '1', maxExposure: '2' };
  const [none, at] = arm(armed);
  expect([none, at.fold.account.armed]).toEqual([undefined, true]);
  expect(arm({ armed: false, maxOrderNotional: '0', maxExposure: '0' }, at)[0]).toBeUndefined();
  expect(at.fold.account.armed).toBe(false);
  expect(arm({ ...armed, maxExposure: '0' })[0]).toEqual(wrong('maxOrderNotional', 'limits above nothing', '1 and 0'));
  expect(arm({ ...armed, maxOrderNotional: '0' })[0]).toEqual(
    wrong('maxOrderNotional', 'limits above nothing', '0 and 2'),
  );
  expect(arm({ armed: false, maxOrderNotional: '0', maxExposure: '2' })[0]).toEqual(
    wrong('maxOrderNotional', 'nothing', '0 and 2'),
  );
  expect(arm({ ...armed, reason: 1 })[0]).toEqual(wrong('reason', 'a text below 1', '1'));
});
