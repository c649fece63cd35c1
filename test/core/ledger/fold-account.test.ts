/** What the fold holds against definitions, stops of trading, changes of limits, charges and simulated fills. */
import { describe, expect, test } from 'vitest';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { fold } from '../../../core/ledger/fold.ts';
import { ceilDivide, floorDivide } from '../../../core/ledger/fold-numbers.ts';
import { account, CYCLE, HandWritten, listing, PERPETUAL, SPOT } from './by-hand.ts';

const wrong = (what: string, expected: string, found: string) => ({ what, expected, found });

test.each([
  [7n, 2n, 3n, 4n],
  [-7n, 2n, -4n, -3n],
  [6n, 2n, 3n, 3n],
  [-6n, 2n, -3n, -3n],
  [0n, 5n, 0n, 0n],
  [1n, 5n, 0n, 1n],
  [-1n, 5n, -1n, 0n],
])('%s / %s lies between %s and %s', (value, divisor, floor, ceil) => {
  expect([floorDivide(value, divisor), ceilDivide(value, divisor)]).toEqual([floor, ceil]);
});

describe('a fold', () => {
  const opened = (cycle = CYCLE): LedgerEvent => ({
    kind: 'StreamOpened',
    version: 1,
    cycle,
    body: { stream: 'test/hand', currency: 'USD', provenance: 'simulated' },
  });

  test('begins with an account that holds nothing', () => {
    expect(new HandWritten().fold.account).toEqual({
      sequence: 0,
      cycle: 0,
      stream: '',
      currency: '',
      provenance: '',
      cash: 0n,
      reservedCash: 0n,
      tradingState: 'Active',
      armed: false,
      instruments: [],
      strategies: [],
      texts: [''],
      configurationHash: '',
      borrowBpsPerYear: 0n,
      limits: { version: 0, held: 0 },
      orders: [],
    });
  });

  test('is of a stream that is opened first, and once', () => {
    const { body } = opened();
    expect(new HandWritten().try('CashMoved', { amount: '1', cash: '1' })).toEqual(
      wrong('kind', 'StreamOpened first and only first', 'CashMoved'),
    );
    expect(account().try('StreamOpened', { body })).toEqual(
      wrong('kind', 'StreamOpened first and only first', 'StreamOpened'),
    );
  });

  test('knows every kind of event, and no property of an object', () => {
    for (const kind of ['DividendPaid', 'toString'])
      expect(account().try(kind as LedgerEvent['kind'])).toEqual(wrong('kind', 'a kind that the fold knows', kind));
  });

  test('leaves the account as it was at an event that may not be', () => {
    const at = account();
    expect(at.try('CashMoved', { cycle: CYCLE - 1, amount: '5', cash: '1000005' })).toEqual(
      wrong('cycle', `at least ${CYCLE}`, String(CYCLE - 1)),
    );
    expect(at.fold.account.cash).toBe(1_000_000n);
  });

  test('of events gives the account, or throws at the first that does not follow', () => {
    expect(fold([opened()]).account).toMatchObject({ sequence: 1, cycle: CYCLE, currency: 'USD' });
    expect(() => fold([opened(), opened()])).toThrow(
      expect.objectContaining({
        code: 'LEDGER_DOES_NOT_FOLD',
        message:
          'event 2 (StreamOpened) does not follow: kind is StreamOpened, expected StreamOpened first and only first',
        remedy: 'restore the ledger from a copy whose chain holds',
      }),
    );
  });

  test('ends an order that was lost', () => {
    const at = account()
      .order()
      .add('OrderSubmitted', { order: 1 })
      .add('OrderUnresolved', { order: 1, reason: 0 })
      .add('OrderLost', { order: 1, reason: 0 });
    expect(at.fold.account.orders[0]).toMatchObject({ state: 'Lost', reserved: 0n });
  });
});

describe('what a stream names', () => {
  test('takes the next index', () => {
    const at = account();
    expect(at.try('InstrumentListed', { body: { index: 1, instrument: listing('B') } })).toEqual(
      wrong('index', '2', '1'),
    );
    expect(account().try('StrategyRegistered', { body: { index: 0, id: 'b' } })).toEqual(wrong('index', '1', '0'));
    expect(account().try('TextDefined', { body: { index: 2, text: 'b' } })).toEqual(wrong('index', '1', '2'));
    at.add('TextDefined', { body: { index: 1, text: 'why' } });
    expect(at.fold.account).toMatchObject({
      stream: 'test/hand',
      currency: 'USD',
      provenance: 'simulated',
      configurationHash: 'hash',
      texts: ['', 'why'],
      strategies: [{ id: 'one', paused: false }],
    });
  });

  test.each<[string, object, object]>([
    ['as it is', {}, { isPerpetual: false, numerator: 1n, divisor: 1_000n, makerFee: 500n, takerFee: 1_000n }],
    ['a perpetual', { type: 'linear-perpetual' }, { isPerpetual: true }],
    ['a currency pair', { type: 'currency-pair' }, { isPerpetual: true }],
    ['a multiplier', { multiplier: 100 }, { numerator: 100n, divisor: 1_000n }],
    ['a fraction of a multiplier', { multiplier: 0.25 }, { numerator: 25n, divisor: 100_000n }],
    ['money finer than price and quantity', { moneyDecimals: 8 }, { numerator: 1_000n, divisor: 1n }],
    ['a fee of a part of a basis point', { makerFeeBps: 1.25, takerFeeBps: 0.001 }, { makerFee: 125n, takerFee: 1n }],
    ['a rebate', { makerFeeBps: -0.005 }, { makerFee: 0n }],
    ['a larger rebate', { makerFeeBps: -1.5 }, { makerFee: -150n }],
    ['a number with an exponent', { multiplier: 1e21 }, { numerator: 10n ** 21n }],
    ['a small number with an exponent', { multiplier: 1.5e-7 }, { numerator: 15n, divisor: 10n ** 11n }],
    ['a cost of borrowing', { borrowBpsPerYear: 365 }, { borrowRate: 36_500n }],
  ])('is an instrument, from what was listed: %s', (_, changes, expected) => {
    const at = account().add('InstrumentListed', { body: { index: 2, instrument: listing('B/USD', changes) } });
    expect(at.fold.account.instruments[2]).toMatchObject({ symbol: 'B/USD', halted: false, ...expected });
  });

  test.each(['x1', '1x', '', null, 'Infinity'])('is no instrument with %j for a number', (multiplier) => {
    const listed = { body: { index: 2, instrument: listing('B', { multiplier }) } };
    expect(account().try('InstrumentListed', listed)).toEqual(wrong('multiplier', 'a number', String(multiplier)));
  });

  test.each(['1.5', 'x1', '1x', '', 1, undefined])('has no amount of %j', (amount) => {
    expect(() => account().try('CashMoved', { amount, cash: '0' })).toThrow(`${amount} is a scaled integer as text`);
  });

  test('may be listed anew with other fees, and nothing else', () => {
    const relist = (changes: object, index = SPOT, at = account()) => {
      const instrument = listing('A/USD', changes);
      return [
        at.try('InstrumentRelisted', { body: { index, instrument } }),
        at.fold.account.instruments[index],
      ] as const;
    };
    const halted = account().add('InstrumentHalted', { instrument: SPOT, halted: true, reason: 0 });
    expect(relist({ takerFeeBps: 20 }, SPOT, halted)).toEqual([
      undefined,
      expect.objectContaining({ takerFee: 2_000n, halted: true }),
    ]);
    expect(relist({ symbol: 'B/USD' })[0]).toEqual(wrong('symbol', 'A/USD', 'B/USD'));
    expect(relist({ type: 'linear-perpetual' })[0]).toEqual(wrong('isPerpetual', 'false', 'true'));
    expect(relist({ multiplier: 2 })[0]).toEqual(wrong('numerator', '1', '2'));
    expect(relist({ priceDecimals: 3 })[0]).toEqual(wrong('divisor', '1000', '10000'));
  });
});

describe('a stop of trading', () => {
  const to = (state: string) => ({ from: 'Active', to: state, reason: 0, equity: '0' });
  const FREE = { reduceOnly: true, reserved: '0', exposure: '0' };

  test('goes on from the state that was', () => {
    const at = account().add('TradingStateChanged', to('Halted'));
    expect(at.fold.account.tradingState).toBe('Halted');
    expect(at.try('TradingStateChanged', to('Active'))).toEqual(wrong('from', 'Halted', 'Active'));
    expect(account().try('TradingStateChanged', { ...to('Halted'), reason: 1 })).toEqual(
      wrong('reason', 'a text below 1', '1'),
    );
  });

  test('lets through a halt only what a person or the venue closes, and sends less than it begins', () => {
    const order = (purpose: string, at: HandWritten) => at.tryOrder({ purpose });
    const allowed = 'while halted one of manual, flatten, liquidation';
    for (const purpose of ['manual', 'flatten', 'liquidation'])
      expect(order(purpose, account().add('TradingStateChanged', to('Halted'))), purpose).toBeUndefined();
    for (const purpose of ['entry', 'exit', 'stop-loss'])
      expect(order(purpose, account().add('TradingStateChanged', to('Halted')))).toEqual(
        wrong('purpose', allowed, purpose),
      );
    const sent = (purpose: string) =>
      account().order({ purpose }).add('TradingStateChanged', to('Halted')).try('OrderSubmitted', { order: 1 });
    expect([sent('flatten'), sent('liquidation')]).toEqual([undefined, undefined]);
    expect(sent('manual')).toEqual(wrong('purpose', 'while halted one of flatten, liquidation', 'manual'));
  });

  test('lets through what reduces, while trading is reducing or its instrument is halted', () => {
    const reducing = () => account().add('TradingStateChanged', to('Reducing'));
    expect(reducing().tryOrder(FREE)).toBeUndefined();
    expect(reducing().tryOrder()).toEqual(wrong('reduceOnly', 'true while trading is reducing', 'false'));
    const halted = () => account().add('InstrumentHalted', { instrument: SPOT, halted: true, reason: 0 });
    expect(halted().tryOrder(FREE)).toBeUndefined();
    expect(halted().tryOrder({ instrument: PERPETUAL })).toBeUndefined();
    expect(halted().tryOrder()).toEqual(wrong('reduceOnly', 'true in a halted instrument', 'false'));
    expect(account().tryOrder()).toBeUndefined();
  });

  test('of an instrument is another state than before, of one that is there', () => {
    const halt = { instrument: SPOT, halted: true, reason: 0 };
    const at = account().add('InstrumentHalted', halt);
    expect(at.fold.account.instruments.map(({ halted }) => halted)).toEqual([true, false]);
    expect(at.try('InstrumentHalted', halt)).toEqual(wrong('halted', 'false', 'true'));
    expect(account().try('InstrumentHalted', { ...halt, instrument: 2 })).toEqual(wrong('instrument', 'below 2', '2'));
    expect(account().try('InstrumentHalted', { ...halt, reason: 1 })).toEqual(wrong('reason', 'a text below 1', '1'));
  });

  test('of a strategy is of one that is there', () => {
    const pause = { strategy: 0, paused: true, reason: 0 };
    expect(account().add('StrategyPaused', pause).fold.account.strategies[0].paused).toBe(true);
    expect(account().try('StrategyPaused', { ...pause, strategy: 1 })).toEqual(wrong('strategy', 'below 1', '1'));
    expect(account().try('StrategyPaused', { ...pause, reason: 1 })).toEqual(wrong('reason', 'a text below 1', '1'));
  });

  test('of one proposal names what is there', () => {
    const failed = { strategy: 0, instrument: 0, reason: 0 };
    expect(account().try('StrategyFailed', failed)).toBeUndefined();
    expect(account().try('StrategyFailed', { ...failed, strategy: 1 })).toEqual(wrong('strategy', 'below 1', '1'));
    expect(account().try('StrategyFailed', { ...failed, instrument: 2 })).toEqual(wrong('instrument', 'below 2', '2'));
    expect(account().try('StrategyFailed', { ...failed, reason: 1 })).toEqual(wrong('reason', 'a text below 1', '1'));
  });

  test('of a cycle leaves no intent that waits', () => {
    const gap = (changes: object = {}, at = account()) => {
      const { cycle } = at.fold.account;
      return at.try('CycleFailed', { body: { cycle, step: 'signal', attempts: 3, ...changes } });
    };
    for (const step of ['reconcile', 'signal', 'risk', 'execute']) expect(gap({ step })).toBeUndefined();
    expect(gap({ step: 'x' })).toEqual(wrong('step', 'one of reconcile, signal, risk, execute', 'x'));
    for (const attempts of [0, -1, 1.5, '3'])
      expect(gap({ attempts })).toEqual(
        wrong('attempts', `a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`, String(attempts)),
      );
    expect(gap({}, account().order())).toEqual(wrong('order', 'no intent that waits to be sent', '1'));
    expect(gap({}, account().order().add('OrderSubmitted', { order: 1 }))).toBeUndefined();
  });
});

describe('a fill', () => {
  const FILL = {
    order: 1,
    quantity: '2000',
    price: '10000',
    fee: '20',
    realised: '0',
    cash: '979980',
    position: '2000',
    maker: false,
    complete: true,
  };
  const sent = (changes: object = {}): HandWritten => account().order(changes).add('OrderSubmitted', { order: 1 });
  const fill = (fields: object = {}, at = sent()) => at.try('OrderFilled', { ...FILL, ...fields });

  test.each<[string, object, object, [string, string, string] | undefined]>([
    ['as it follows', {}, {}, undefined],
    ['of a maker', {}, { maker: true, fee: '10', cash: '979990' }, undefined],
    ['of nothing', {}, { quantity: '0' }, ['quantity', 'more than nothing', '0']],
    ['for nothing', {}, { price: '0' }, ['price', 'more than nothing', '0']],
    ['of more than the order', {}, { quantity: '2001' }, ['quantity', 'at most 2000', '2001']],
    ['of another order', {}, { order: 2 }, ['order', '1 to 1', '2']],
    ['with another fee', {}, { fee: '19' }, ['fee', '20', '19']],
    ['with another profit', {}, { realised: '1' }, ['realised', '0', '1']],
    ['with another cash', {}, { cash: '1' }, ['cash', '979980', '1']],
    ['with another position', {}, { position: '1' }, ['position', '2000', '1']],
    ['at a limit', { type: 'limit', price: '10000' }, {}, undefined],
    ['above a limit', { type: 'limit', price: '9999' }, {}, ['price', 'no worse than 9999', '10000']],
    ['of a stop that waits', { type: 'stop' }, {}, ['state', 'a stop that was triggered', 'stop']],
    ['within a budget', { quantity: '0', budget: '20020' }, {}, undefined],
    ['above a budget', { quantity: '0', budget: '20019' }, {}, ['budget', 'at most 20019 spent', '20020']],
    ['at a stop’s limit', { type: 'stop-limit', price: '9999' }, {}, ['price', 'no worse than 9999', '10000']],
    [
      'below the limit of a sale',
      { type: 'limit', side: 'sell', price: '10001' },
      {},
      ['price', 'no worse than 10001', '10000'],
    ],
    [
      'of what is not held',
      { reduceOnly: true, side: 'sell', reserved: '0', exposure: '0' },
      {},
      ['quantity', 'at most 0, which is held', '2000'],
    ],
  ])('%s holds, or not', (_, order, fields, expected) => {
    expect(fill(fields, sent(order))).toEqual(expected && wrong(...expected));
  });

  test('in part leaves what it has not used reserved', () => {
    const at = sent();
    const part = { quantity: '500', fee: '5', cash: '994995', position: '500', complete: false };
    expect(fill(part, at)).toBeUndefined();
    expect(at.fold.account.orders[0]).toMatchObject({
      state: 'PartiallyFilled',
      filled: 500n,
      filledNotional: 5_005n,
      reserved: 15_015n,
      exposure: 15_000n,
    });
    expect(at.fold.account.reservedCash).toBe(15_015n);
    const margin = sent({ instrument: PERPETUAL, reserved: '4000' });
    expect(fill({ ...part, cash: '999995' }, margin)).toBeUndefined();
    expect(margin.fold.account.orders[0]).toMatchObject({ reserved: 3_000n, exposure: 15_000n });
    const small = sent({ reserved: '1', exposure: '1' });
    expect(fill(part, small)).toBeUndefined();
    expect(small.fold.account.orders[0]).toMatchObject({ reserved: 0n, exposure: 0n });
    const none = sent({ instrument: PERPETUAL, reserved: '1', exposure: '0' });
    expect(fill({ ...part, cash: '999995' }, none)).toBeUndefined();
    expect(none.fold.account.orders[0]).toMatchObject({ reserved: 1n, exposure: 0n });
  });

  test('is of no more than is left of the order', () => {
    const at = sent();
    fill({ quantity: '500', fee: '5', cash: '994995', position: '500', complete: false }, at);
    expect(fill({ quantity: '1501' }, at)).toEqual(wrong('quantity', 'at most 1500', '1501'));
  });

  test('is worth the multiplier of its instrument', () => {
    const at = account()
      .add('InstrumentListed', { body: { index: 2, instrument: listing('M', { multiplier: 10, takerFeeBps: 0 }) } })
      .order({ instrument: 2, reserved: '0' })
      .add('OrderSubmitted', { order: 1 });
    expect(fill({ fee: '0', cash: '800000' }, at)).toBeUndefined();
  });

  test('that closes, or turns, a position realises at the average cost, against the account', () => {
    const at = sent();
    fill({}, at);
    at.order({ side: 'sell', quantity: '3000', reserved: '0' }).add('OrderSubmitted', { order: 2 });
    // 2 of the 3 close for 220.00 what cost 200.00; the third is a short of 110.00.
    const sale = { order: 2, quantity: '3000', price: '11000', fee: '33', position: '-1000' };
    expect(fill({ ...sale, realised: '2000', cash: '1012947' }, at)).toBeUndefined();
    expect(at.fold.position(0, SPOT)).toEqual({
      quantity: -1_000n,
      cost: -11_000n,
      realised: 2_000n,
      fees: 53n,
      funding: 0n,
    });
    at.order({ reserved: '0', quantity: '500' }).add('OrderSubmitted', { order: 3 });
    expect(
      fill(
        { order: 3, quantity: '500', price: '10001', fee: '6', realised: '499', cash: '1007940', position: '-500' },
        at,
      ),
    ).toBeUndefined();
    expect(at.fold.position(0, SPOT)).toMatchObject({ quantity: -500n, cost: -5_500n, realised: 2_499n });
  });
});

describe('a charge', () => {
  const held = (instrument: number, side: string): HandWritten => {
    const at = account().order({ instrument, side, reserved: '0' }).add('OrderSubmitted', { order: 1 });
    const cash = instrument === PERPETUAL ? '999980' : side === 'buy' ? '979980' : '1019980';
    const fields = {
      order: 1,
      quantity: '2000',
      price: '10000',
      fee: '20',
      realised: '0',
      maker: false,
      complete: true,
    };
    return at.add('OrderFilled', { ...fields, cash, position: side === 'buy' ? '2000' : '-2000' });
  };
  const funding = (at: HandWritten, rateMillionths: number, amount: string, cash: string, mark = '10000') =>
    at.try('FundingSettled', { strategy: 0, instrument: PERPETUAL, rateMillionths, mark, amount, cash });

  test('of funding goes from longs to shorts where the rate is above zero, rounded against the account', () => {
    expect(funding(held(PERPETUAL, 'buy'), 100, '-2', '999978')).toBeUndefined();
    expect(funding(held(PERPETUAL, 'buy'), -100, '2', '999982')).toBeUndefined();
    expect(funding(held(PERPETUAL, 'sell'), 100, '2', '999982')).toBeUndefined();
    expect(funding(held(PERPETUAL, 'sell'), -100, '-2', '999978')).toBeUndefined();
    expect(funding(held(PERPETUAL, 'buy'), 101, '-3', '999977')).toBeUndefined();
    expect(funding(held(PERPETUAL, 'sell'), 149, '2', '999982')).toBeUndefined();
    const at = held(PERPETUAL, 'buy');
    expect(funding(at, 100, '-2', '999979')).toEqual(wrong('cash', '999978', '999979'));
    expect(at.fold.position(0, PERPETUAL).funding).toBe(-2n);
    expect(funding(held(PERPETUAL, 'buy'), 100, '-1', '999978')).toEqual(wrong('amount', '-2', '-1'));
    expect(funding(account(), 100, '0', '1000000')).toEqual(wrong('position', 'a position in a perpetual', '0'));
  });

  test('of funding is of a perpetual that is there', () => {
    const fields = { strategy: 0, instrument: SPOT, rateMillionths: 100, mark: '10000', amount: '-2', cash: '979978' };
    expect(held(SPOT, 'buy').try('FundingSettled', fields)).toEqual(
      wrong('position', 'a position in a perpetual', '2000'),
    );
    expect(account().try('FundingSettled', { ...fields, instrument: 2 })).toEqual(wrong('instrument', 'below 2', '2'));
  });

  test('of borrowing is for a spot short, by the day of a year of 365', () => {
    const at = held(SPOT, 'sell').add('ConfigurationApplied', {
      body: { configurationHash: 'other', execution: { borrowBpsPerYear: 365 } },
    });
    const fields = { strategy: 0, instrument: SPOT, mark: '10000', amount: '-2', cash: '1019978' };
    expect(at.try('BorrowCharged', fields)).toBeUndefined();
    expect(at.fold.position(0, SPOT).funding).toBe(-2n);
    expect(at.try('BorrowCharged', { ...fields, mark: '10001', amount: '-2', cash: '1019975' })).toEqual(
      wrong('amount', '-3', '-2'),
    );
    expect(held(SPOT, 'sell').try('BorrowCharged', { ...fields, amount: '0', cash: '1019980' })).toBeUndefined();
    expect(held(SPOT, 'buy').try('BorrowCharged', fields)).toEqual(
      wrong('position', 'a short that was borrowed', '2000'),
    );
    expect(held(PERPETUAL, 'sell').try('BorrowCharged', { ...fields, instrument: PERPETUAL })).toEqual(
      wrong('position', 'a short that was borrowed', '-2000'),
    );
    expect(account().try('BorrowCharged', fields)).toEqual(wrong('position', 'a short that was borrowed', '0'));
    expect(account().try('BorrowCharged', { ...fields, strategy: 1 })).toEqual(wrong('strategy', 'below 1', '1'));
  });
});

describe('a change of limits', () => {
  const body = (version: number, ...effects: string[]) => ({
    body: { version, changes: effects.map((effect) => ({ effect })) },
  });

  test('that tightens has the next number', () => {
    const at = account();
    expect(at.try('LimitsApplied', body(1, 'tightens'))).toBeUndefined();
    expect(at.fold.account.limits).toEqual({ version: 1, held: 0 });
    expect(account().try('LimitsApplied', body(2, 'tightens'))).toEqual(wrong('version', '1', '2'));
    expect(account().try('LimitsApplied', body(1, 'tightens', 'loosens'))).toEqual(
      wrong('effect', 'tightens, where nothing waited for approval', 'loosens'),
    );
  });

  test('that loosens waits under the same number or the next, and holds once it is approved', () => {
    const at = account().add('LimitsHeld', body(1, 'loosens'));
    expect(at.fold.account.limits).toEqual({ version: 1, held: 1 });
    expect(at.try('LimitsHeld', body(2, 'loosens'))).toEqual(wrong('held', '0', '1'));
    const approved = account().add('LimitsHeld', body(1, 'loosens')).add('LimitsApplied', body(1, 'loosens'));
    expect(approved.fold.account.limits).toEqual({ version: 1, held: 0 });
    const both = account().add('LimitsApplied', body(1, 'tightens')).add('LimitsHeld', body(1, 'loosens'));
    expect(both.fold.account.limits).toEqual({ version: 1, held: 1 });
    expect(both.try('LimitsApplied', body(2, 'tightens'))).toEqual(wrong('version', '1', '2'));
    for (const version of [0, 2])
      expect(account().try('LimitsHeld', body(version, 'loosens'))).toEqual(
        wrong('version', '0 or the next', String(version)),
      );
  });

  test('that waits is dropped by its number', () => {
    const at = (): HandWritten => account().add('LimitsHeld', body(1, 'loosens'));
    expect(at().add('LimitsDropped', body(1)).fold.account.limits).toEqual({ version: 1, held: 0 });
    expect(at().try('LimitsDropped', body(2))).toEqual(wrong('version', '1', '2'));
    expect(account().try('LimitsDropped', body(0))).toEqual(wrong('held', 'a change that waits', 'none'));
  });
});
