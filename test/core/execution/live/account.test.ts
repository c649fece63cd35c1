/** What a live account remembers, how much of it, and that it comes back as it was. */
import { describe, expect, test } from 'vitest';
import { liveSchema } from '../../../../core/configuration/schema.ts';
import { LIVE_BOUNDS, LiveAccount, type LiveOrder } from '../../../../core/execution/live/account.ts';

const SETTINGS = liveSchema.parse({});
const fresh = (): LiveAccount => new LiveAccount(SETTINGS);
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const order = (changes: Partial<LiveOrder>): LiveOrder => ({
  order: 3,
  instrument: 0,
  phase: 'prepared',
  sends: 0,
  clientOrderId: '',
  venueOrderId: '',
  quantity: 1,
  unclearSince: 0,
  unknownAt: 0,
  heldUntil: 0,
  ...changes,
});

/** One in which nothing is as it begins. */
function eventful(): LiveAccount {
  const live = fresh();
  live.arming = { maxOrderNotional: 1, maxExposure: 2 };
  live.highestArmed = { maxOrderNotional: 3, maxExposure: 4 };
  live.reconciled = true;
  live.heard = { at: 5, on: 'start' };
  live.fillCursor = 'f';
  live.paymentCursor = 'p';
  live.feesToCome.book('A', 5n);
  live.feesToCome.expect('A', 7n, 11);
  live.fillsSince = 6;
  live.takeFill('A 1');
  live.takeFill('A 2');
  live.offsets = new Map([['USD', 7n * 10n ** 18n]]);
  live.difference = { since: 8, what: '1 USD', count: 1, total: 2 };
  live.orders.set(3, order({ phase: 'known', sends: 1, clientOrderId: 'c', venueOrderId: 'v' }));
  live.lost = [{ order: 1, instrument: 0, clientOrderId: 'l' }];
  live.found.add('l');
  live.positionIn(2).quantity = 9;
  live.externalOrders.add('x');
  live.raiseAlert('k', { code: 'CODE', what: 'facts', since: 10 });
  return live;
}

describe('a live account', () => {
  test('begins with nothing armed, heard or held', () => {
    expect(fresh().snapshot()).toEqual({
      arming: null,
      highestArmed: null,
      reconciled: false,
      fillCursor: null,
      fillsSince: 0,
      recentFills: [],
      fillsToCompare: 0,
      offsets: null,
      difference: null,
      orders: [],
      lost: [],
      found: [],
      external: [],
      externalOrders: [],
      alerts: [],
    });
    expect(fresh().standingAlerts).toEqual([]);
  });

  test('is stored whole', () => {
    expect(stored(eventful().snapshot())).toEqual({
      arming: { maxOrderNotional: 1, maxExposure: 2 },
      highestArmed: { maxOrderNotional: 3, maxExposure: 4 },
      reconciled: true,
      heard: { at: 5, on: 'start' },
      fillCursor: 'f',
      paymentCursor: 'p',
      feesToCome: { expected: [['A', '7', 11]], ahead: { A: '5' } },
      fillsSince: 6,
      recentFills: ['A 1', 'A 2'],
      fillsToCompare: 2,
      offsets: { USD: '7000000000000000000' },
      difference: { since: 8, what: '1 USD', count: 1, total: 2 },
      orders: [order({ phase: 'known', sends: 1, clientOrderId: 'c', venueOrderId: 'v' })],
      lost: [{ order: 1, instrument: 0, clientOrderId: 'l' }],
      found: ['l'],
      external: [[2, expect.objectContaining({ quantity: 9 })]],
      externalOrders: ['x'],
      alerts: [['k', { code: 'CODE', what: 'facts', since: 10 }]],
    });
  });

  test.each([
    ['a fresh one', fresh],
    ['an eventful one', eventful],
  ])('comes back from storage as it was: %s', (_, make) => {
    const snapshot = stored(make().snapshot());
    for (const target of [fresh(), eventful()]) {
      target.restore(snapshot);
      expect(stored(target.snapshot())).toEqual(snapshot);
    }
    const back = fresh();
    back.restore(snapshot);
    for (const name of ['arming', 'highestArmed', 'fillCursor', 'difference', 'offsets', 'heard'] as const)
      expect(back[name], name).toEqual(make()[name]);
  });

  test('shares nothing with what it was restored from', () => {
    const snapshot = eventful().snapshot();
    const before = stored(snapshot);
    const live = fresh();
    live.restore(snapshot);
    live.orders.get(3)!.phase = 'unclear';
    live.positionIn(2).quantity = 1;
    live.lost.push({ order: 2, instrument: 0, clientOrderId: 'm' });
    expect(stored(snapshot)).toEqual(before);
  });

  test('takes alerts of which an older release kept the keys alone', () => {
    const live = fresh();
    live.restore({ ...fresh().snapshot(), alerts: ['old', ['new', { code: 'C', what: 'w', since: 1 }]] });
    expect(live.standingAlerts).toEqual([
      { key: 'old', code: '', what: '', since: 0 },
      { key: 'new', code: 'C', what: 'w', since: 1 },
    ]);
    expect(live.raiseAlert('old', { code: 'C', what: 'w', since: 2 })).toBe(false);
  });
});

describe('what is remembered', () => {
  test.each<[string, Partial<LiveOrder> | undefined, boolean]>([
    ['that is not known here', undefined, false],
    ['that no venue has heard of', {}, false],
    ['that was sent before and may come to be', { sends: 1 }, true],
    ['that is being sent', { phase: 'sending', sends: 1 }, true],
    ['of which the venue has to say', { phase: 'unclear' }, true],
    ['that the venue has', { phase: 'known' }, true],
  ])('an order %s is out, or not', (_, changes, isOut) => {
    const live = fresh();
    if (changes) live.orders.set(3, order(changes));
    expect(live.isOut({ id: 3 })).toBe(isOut);
  });

  test('a position of nobody is the same one whenever it is asked for', () => {
    const live = fresh();
    live.positionIn(1).quantity = 5;
    expect(live.positionIn(1).quantity).toBe(5);
    expect(live.positionIn(0).quantity).toBe(0);
    expect([...live.external.keys()]).toEqual([1, 0]);
  });

  test('a fill is taken once, and the oldest is forgotten above the bound', () => {
    const live = fresh();
    for (let k = 0; k < LIVE_BOUNDS.recentFills; k++) expect(live.takeFill(`A ${k}`)).toBe(true);
    expect(live.takeFill('A 0')).toBe(false);
    expect(live.fillsToCompare).toBe(LIVE_BOUNDS.recentFills);
    expect(live.takeFill('A new')).toBe(true);
    expect(live.snapshot().recentFills).toHaveLength(LIVE_BOUNDS.recentFills);
    expect(live.takeFill('A 1')).toBe(false);
    expect(live.takeFill('A 0')).toBe(true);
  });

  test('an alert stands until it is settled, and the oldest is forgotten above the bound', () => {
    const live = fresh();
    const told = (since: number) => ({ code: 'C', what: 'w', since });
    expect(live.raiseAlert('a', told(1))).toBe(true);
    expect(live.raiseAlert('a', told(2))).toBe(false);
    expect(live.alertUnder('a')).toEqual(told(1));
    live.settleAlert('a');
    expect(live.alertUnder('a')).toBeUndefined();
    expect(live.raiseAlert('a', told(3))).toBe(true);
    for (let k = 1; k <= LIVE_BOUNDS.alerts; k++) live.raiseAlert(`b ${k}`, told(k));
    expect(live.standingAlerts).toHaveLength(LIVE_BOUNDS.alerts);
    expect(live.standingAlerts[0]).toEqual({ key: 'b 1', ...told(1) });
  });

  test('rounding is added up by asset, once there is something to compare with', () => {
    const live = fresh();
    live.addRounding('USD', 1n);
    expect(live.offsets).toBeUndefined();
    live.offsets = new Map([['USD', 5n]]);
    live.addRounding('USD', -2n);
    live.addRounding('BTC', 4n);
    expect([...live.offsets]).toEqual([
      ['USD', 3n],
      ['BTC', 4n],
    ]);
  });
});
