/** What the fold holds against intents, orders and their parts: every rule with the event that just breaks it. */
import { describe, expect, test } from 'vitest';
import { account, type HandWritten, PERPETUAL } from './by-hand.ts';

const wrong = (what: string, expected: string, found: string) => ({ what, expected, found });
const FREE = { reserved: '0', exposure: '0' };
const missing = (orders: number) => wrong('order', `1 to ${orders}`, '9');

describe('an intent', () => {
  const leg = { reduceOnly: true, parent: 1, side: 'sell', type: 'stop', purpose: 'stop-loss', ...FREE };

  test.each<[string, object, [string, string, string] | undefined]>([
    ['has a quantity', {}, undefined],
    ['or a budget', { quantity: '0', budget: '1' }, undefined],
    ['not neither', { quantity: '0' }, ['quantity', 'a quantity or a budget', '0 and 0']],
    ['not both', { budget: '1' }, ['quantity', 'a quantity or a budget', '2000 and 1']],
    ['reserves nothing below zero', { reserved: '-1' }, ['reserved', 'nothing below zero', '-1 and 20000']],
    ['raises exposure by nothing below zero', { exposure: '-1' }, ['reserved', 'nothing below zero', '20020 and -1']],
    ['may reserve nothing', FREE, undefined],
    ['that reduces needs nothing', { reduceOnly: true, ...FREE }, undefined],
    [
      'that reduces reserves nothing',
      { reduceOnly: true, exposure: '0' },
      ['reserved', 'nothing for an order that reduces', '20020'],
    ],
    [
      'that reduces exposes nothing',
      { reduceOnly: true, reserved: '0' },
      ['reserved', 'nothing for an order that reduces', '0'],
    ],
    ['has the next number', { order: 3 }, ['order', '2', '3']],
    ['has a reason that is there', { reason: 1 }, ['reason', 'a text below 1', '1']],
    ['has a strategy that is there', { strategy: 1 }, ['strategy', 'below 1', '1']],
    ['has an instrument that is there', { instrument: 2 }, ['instrument', 'below 2', '2']],
    ['may be a leg of one before it', leg, undefined],
    ['may be a leg without a size of its own', { ...leg, quantity: '0' }, undefined],
    ['is no leg of itself', { ...leg, parent: 2 }, ['parent', 'an entry before its leg', '2']],
    ['is no leg of a later one', { ...leg, parent: 3 }, ['parent', 'an entry before its leg', '3']],
    ['is no leg that may raise risk', { ...leg, reduceOnly: false }, ['parent', 'an entry before its leg', '1']],
  ])('%s', (_, changes, expected) => {
    expect(account().order().tryOrder(changes)).toEqual(expected && wrong(...expected));
  });

  test('is held as it was written', () => {
    const at = account().order({ parent: 0, group: 4, price: '1', trigger: '2', type: 'stop-limit' });
    expect(at.fold.account.orders).toEqual([
      {
        id: 1,
        strategy: 0,
        instrument: 0,
        side: 'buy',
        type: 'stop-limit',
        purpose: 'entry',
        reduceOnly: false,
        quantity: 2_000n,
        budget: 0n,
        parent: 0,
        group: 4,
        isParent: false,
        carvedFrom: 0,
        price: 1n,
        trigger: 2n,
        state: 'Initialized',
        triggered: false,
        asked: 0n,
        filled: 0n,
        filledNotional: 0n,
        reserved: 20_020n,
        exposure: 20_000n,
      },
    ]);
    expect(at.fold.account.reservedCash).toBe(20_020n);
    expect(at.fold.exposure(0, 'buy')).toBe(20_000n);
    expect([at.fold.exposure(0, 'sell'), at.fold.exposure(1, 'buy')]).toEqual([0n, 0n]);
  });
});

describe('an order', () => {
  const submitted = (changes: object = {}): HandWritten => account().order(changes).add('OrderSubmitted', { order: 1 });
  const accepted = (changes: object = {}): HandWritten => submitted(changes).add('OrderAccepted', { order: 1 });

  test('is submitted, and a leg is then held', () => {
    const at = account()
      .order()
      .order({ reduceOnly: true, parent: 1, side: 'sell', ...FREE })
      .add('OrderSubmitted', { order: 1 })
      .add('OrderSubmitted', { order: 2 });
    expect(at.fold.account.orders.map(({ state }) => state)).toEqual(['Submitted', 'Held']);
    expect(at.try('OrderSubmitted', { order: 9 })).toEqual(missing(2));
    expect(at.fold.workingOrders().map(({ id }) => id)).toEqual([1, 2]);
  });

  test('is activated where it was held, at the price it has from then on', () => {
    const at = account()
      .order()
      .order({ reduceOnly: true, parent: 1, side: 'sell', type: 'stop', ...FREE })
      .add('OrderSubmitted', { order: 1 })
      .add('OrderSubmitted', { order: 2 });
    expect(at.try('OrderActivated', { order: 1, price: '0', trigger: '0' })).toEqual(
      wrong('state', 'Held', 'Submitted'),
    );
    expect(at.try('OrderActivated', { order: 2, price: '3', trigger: '4' })).toBeUndefined();
    expect(at.fold.account.orders[1]).toMatchObject({ state: 'Accepted', price: 3n, trigger: 4n });
    expect(at.try('OrderActivated', { order: 9, price: '0', trigger: '0' })).toEqual(missing(2));
  });

  test.each(['stop', 'stop-limit', 'trailing-stop'])('that is a %s is triggered once, while it works', (type) => {
    const at = accepted({ type, trigger: '9000' });
    expect(at.try('OrderTriggered', { order: 1, trigger: '9100' })).toBeUndefined();
    expect(at.fold.account.orders[0]).toMatchObject({ triggered: true, trigger: 9_100n });
    expect(at.try('OrderTriggered', { order: 1, trigger: '9100' })).toEqual(
      wrong('trigger', 'a stop that has not fired', type),
    );
    expect(submitted({ type }).try('OrderTriggered', { order: 1, trigger: '1' })).toEqual(
      wrong('state', 'a working order', 'Submitted'),
    );
    expect(at.try('OrderTriggered', { order: 9, trigger: '1' })).toEqual(missing(1));
  });

  test.each(['market', 'limit'])('that is a %s is never triggered', (type) => {
    expect(accepted({ type, price: '10000' }).try('OrderTriggered', { order: 1, trigger: '1' })).toEqual(
      wrong('trigger', 'a stop that has not fired', type),
    );
  });

  test('that is a stop moves nearer to the price, until it has fired', () => {
    const move = (trigger: string, changes: object = {}, at = accepted({ type: 'stop', side: 'sell', ...changes })) =>
      [at.try('StopMoved', { order: 1, trigger }), at.fold.account.orders[0]?.trigger] as const;
    expect(move('9001', { trigger: '9000' })).toEqual([undefined, 9_001n]);
    expect(move('9000', { trigger: '9000' })[0]).toEqual(wrong('trigger', 'nearer than 9000', '9000'));
    expect(move('8999', { trigger: '9000' })[0]).toEqual(wrong('trigger', 'nearer than 9000', '8999'));
    expect(move('8999', { trigger: '9000', side: 'buy' })).toEqual([undefined, 8_999n]);
    expect(move('9000', { trigger: '9000', side: 'buy' })[0]).toEqual(wrong('trigger', 'nearer than 9000', '9000'));
    expect(move('9001', { trigger: '9000', side: 'buy' })[0]).toEqual(wrong('trigger', 'nearer than 9000', '9001'));
    expect(move('9001', { trigger: '9000', type: 'trailing-stop' })[0]).toEqual(
      wrong('order', 'a stop that has not fired', 'trailing-stop'),
    );
    const fired = accepted({ type: 'stop', side: 'sell', trigger: '1' }).add('OrderTriggered', {
      order: 1,
      trigger: '1',
    });
    expect(move('2', {}, fired)[0]).toEqual(wrong('order', 'a stop that has not fired', 'stop'));
    expect(fired.try('StopMoved', { order: 9, trigger: '3' })).toEqual(missing(1));
  });

  test('ends once, with nothing reserved, for a reason that is there', () => {
    for (const kind of ['OrderRejected', 'OrderCanceled', 'OrderExpired'] as const) {
      const at = accepted();
      expect(at.try(kind, { order: 9, reason: 0 })).toEqual(missing(1));
      expect(at.try(kind, { order: 1, reason: 1 })).toEqual(wrong('reason', 'a text below 1', '1'));
      const other = accepted().add(kind, { order: 1, reason: 0 });
      expect(other.fold.account.orders[0]).toMatchObject({ reserved: 0n, exposure: 0n });
      expect([other.fold.account.reservedCash, other.fold.workingOrders()]).toEqual([0n, []]);
      expect(other.try(kind, { order: 1, reason: 0 })).toMatchObject({ what: 'state' });
    }
    expect(accepted().try('OrderPendingCancel', { order: 9, reason: 0 })).toEqual(missing(1));
  });
});

describe('an order that an algorithm works', () => {
  const set = { body: { order: 1 } };
  const PARENT = { quantity: '4000', reserved: '40040', exposure: '40000' };
  const worked = (changes: object = {}): HandWritten =>
    account()
      .order({ ...PARENT, ...changes })
      .add('AlgorithmSet', set)
      .add('AlgorithmStarted', { order: 1 });
  const carve = (at: HandWritten, changes: object = {}) => {
    at.order(changes);
    return at.try('ChildCarved', { order: at.fold.account.orders.length, parent: 1 });
  };

  test('is the last one, new, and no leg', () => {
    expect(account().order().try('AlgorithmSet', set)).toBeUndefined();
    expect(account().order().order().try('AlgorithmSet', set)).toEqual(wrong('order', '2, the last', '1'));
    expect(account().try('AlgorithmSet', set)).toEqual(wrong('order', '0, the last', '1'));
    expect(account().order().add('OrderSubmitted', { order: 1 }).try('AlgorithmSet', set)).toEqual(
      wrong('state', 'Initialized', 'Submitted'),
    );
    const leg = account()
      .order()
      .order({ reduceOnly: true, parent: 1, side: 'sell', ...FREE });
    expect(leg.try('AlgorithmSet', { body: { order: 2 } })).toEqual(wrong('order', 'no leg of another', '2'));
  });

  test('is held, and never sent', () => {
    const at = worked();
    expect(at.fold.account.orders[0]).toMatchObject({ state: 'Held', isParent: true });
    expect(account().order().try('AlgorithmStarted', { order: 1 })).toEqual(
      wrong('order', 'one that an algorithm works', '1'),
    );
    expect(at.try('AlgorithmStarted', { order: 9 })).toEqual(missing(1));
    expect(account().order().add('AlgorithmSet', set).try('OrderSubmitted', { order: 1 })).toEqual(
      wrong('order', 'one that no algorithm works', '1'),
    );
  });

  test('gives its part what that needs of what it has reserved', () => {
    const at = worked();
    expect(carve(at)).toBeUndefined();
    expect(at.fold.account.orders).toMatchObject([
      { reserved: 20_020n, exposure: 20_000n },
      { reserved: 20_020n, exposure: 20_000n, carvedFrom: 1 },
    ]);
    expect(at.fold.account.reservedCash).toBe(40_040n);
    at.add('OrderSubmitted', { order: 2 }).add('OrderCanceled', { order: 2, reason: 0 });
    expect(at.fold.account.orders[0]).toMatchObject({ reserved: 40_040n, exposure: 40_000n });
    expect(at.fold.account.reservedCash).toBe(40_040n);
  });

  test.each<[string, object, [string, string, string] | undefined]>([
    ['takes all that is left', { quantity: '4000', reserved: '40040', exposure: '40000' }, undefined],
    ['takes no more', { quantity: '4001' }, ['quantity', 'at most 4000 of what is left', '4001']],
    ['reserves no more', { reserved: '40041' }, ['reserved', 'at most 40040', '40041']],
    ['exposes no more', { exposure: '40001' }, ['exposure', 'at most 40000', '40001']],
    ['is on the same side', { side: 'sell' }, ['side', 'buy', 'sell']],
    ['is in the same instrument', { instrument: PERPETUAL }, ['instrument', '0', '1']],
    ['is for the same purpose', { purpose: 'exit' }, ['purpose', 'entry', 'exit']],
    ['reduces no more than it', { reduceOnly: true, ...FREE }, ['reduceOnly', 'false', 'true']],
    ['is measured alike', { quantity: '0', budget: '20000' }, ['measure', 'quantity', 'budget']],
  ])('has a part that %s', (_, changes, expected) => {
    expect(carve(worked(), changes)).toEqual(expected && wrong(...expected));
  });

  test('of a budget has parts of it', () => {
    const budget = { quantity: '0', budget: '40040' };
    expect(carve(worked(budget), { quantity: '0', budget: '20020' })).toBeUndefined();
    expect(carve(worked(budget), {})).toEqual(wrong('measure', 'budget', 'quantity'));
    expect(carve(worked(budget), { quantity: '0', budget: '40041' })).toEqual(
      wrong('quantity', 'at most 40040 of what is left', '40041'),
    );
  });

  test('has parts that together take no more', () => {
    const at = worked();
    expect(carve(at, { quantity: '1500', reserved: '0', exposure: '0' })).toBeUndefined();
    expect(carve(at, { quantity: '1500', reserved: '0', exposure: '0' })).toBeUndefined();
    expect(carve(at, { quantity: '1001', reserved: '0', exposure: '0' })).toEqual(
      wrong('quantity', 'at most 1000 of what is left', '1001'),
    );
  });

  test('has parts that are new, and of nothing else', () => {
    const at = worked().order().order();
    expect(at.try('ChildCarved', { order: 2, parent: 1 })).toEqual(wrong('order', 'the last, and new', '2'));
    expect(at.try('ChildCarved', { order: 3, parent: 9 })).toEqual(
      wrong('parent', 'an order that an algorithm works', '9'),
    );
    expect(at.try('ChildCarved', { order: 3, parent: 2 })).toEqual(
      wrong('parent', 'an order that an algorithm works', '2'),
    );
    expect(at.try('ChildCarved', { order: 9, parent: 1 })).toEqual(missing(3));
    at.add('ChildCarved', { order: 3, parent: 1 });
    expect(at.try('ChildCarved', { order: 3, parent: 1 })).toEqual(wrong('order', 'a part of nothing', '3'));
    const sent = worked().order().add('OrderSubmitted', { order: 2 });
    expect(sent.try('ChildCarved', { order: 2, parent: 1 })).toEqual(wrong('order', 'the last, and new', '2'));
    const itself = worked()
      .order()
      .add('AlgorithmSet', { body: { order: 2 } });
    expect(itself.try('ChildCarved', { order: 2, parent: 1 })).toEqual(wrong('order', 'a part of nothing', '2'));
  });

  test('has no part any more once it is over or being canceled', () => {
    const canceling = worked().add('OrderPendingCancel', { order: 1, reason: 0 });
    expect(carve(canceling)).toEqual(wrong('state', 'a parent at work', 'PendingCancel'));
    const begun = account().order(PARENT).add('AlgorithmSet', set);
    expect(carve(begun)).toBeUndefined();
  });

  const part = (at: HandWritten, order: number, fields: object): HandWritten =>
    at.add('OrderSubmitted', { order }).add('OrderFilled', {
      order,
      quantity: '2000',
      price: '10000',
      fee: '20',
      realised: '0',
      cash: '979980',
      position: '2000',
      maker: false,
      complete: true,
      ...fields,
    });

  test('fills by its parts, and is over when its last is', () => {
    const end = { order: 1, quantity: '2000', price: '10000' };
    const out = worked();
    carve(out);
    expect(out.try('ParentFilled', { ...end, quantity: '0' })).toEqual(
      wrong('order', 'one of which no part is out', '1'),
    );
    const at = worked();
    carve(at);
    part(at, 2, {});
    expect(at.fold.account.orders[0]).toMatchObject({
      state: 'PartiallyFilled',
      filled: 2_000n,
      filledNotional: 20_020n,
      reserved: 20_020n,
    });
    expect(carve(at, { quantity: '2001', ...FREE })).toEqual(wrong('quantity', 'at most 2000 of what is left', '2001'));
    expect(at.try('ParentFilled', { ...end, order: 9 })).toEqual(missing(3));
    expect(at.try('ParentFilled', { ...end, order: 2 })).toEqual(wrong('order', 'one that an algorithm works', '2'));
  });

  test('is over at a price, with what its parts have filled', () => {
    const filled = (): HandWritten => {
      const at = worked();
      carve(at);
      return part(at, 2, {});
    };
    const end = { order: 1, quantity: '2000', price: '10000' };
    expect(filled().try('ParentFilled', { ...end, quantity: '2001' })).toEqual(wrong('quantity', '2000', '2001'));
    expect(filled().try('ParentFilled', { ...end, price: '0' })).toEqual(wrong('price', 'more than nothing', '0'));
    const at = filled().add('ParentFilled', end);
    expect(at.fold.account.orders[0]).toMatchObject({ state: 'Filled', reserved: 0n });
    expect(at.fold.account.reservedCash).toBe(0n);
    expect(at.try('AlgorithmStopped', { order: 1, price: '1' })).toEqual(
      wrong('state', 'an order that is not over', 'Filled'),
    );
  });

  test('is being canceled until that is done, also while a part fills', () => {
    const at = worked();
    carve(at);
    at.add('OrderPendingCancel', { order: 1, reason: 0 });
    part(at, 2, {});
    expect(at.fold.account.orders[0]).toMatchObject({ state: 'PendingCancel', filled: 2_000n });
  });

  test('stops at a price, before it is over', () => {
    const stop = { order: 1, price: '10000' };
    expect(worked().try('AlgorithmStopped', stop)).toBeUndefined();
    expect(worked().try('AlgorithmStopped', { ...stop, price: '0' })).toEqual(wrong('price', 'more than nothing', '0'));
    expect(worked().try('AlgorithmStopped', { ...stop, order: 9 })).toEqual(missing(1));
    expect(account().order().try('AlgorithmStopped', stop)).toEqual(wrong('order', 'one that an algorithm works', '1'));
  });
});
