/** When an account arms and disarms its venue's switch, and what it remembers of it. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../../core/engine/engine.ts';
import { liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import type { SendPhase } from '../../../../core/execution/live/account.ts';
import { planSwitch, type SwitchPlan, takeSwitch } from '../../../../core/execution/live/cancel-switch.ts';
import { Order } from '../../../../core/execution/order.ts';
import type { VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import { spot } from '../../engine/account.ts';
import { alerts, CAPABILITIES, liveAccount } from './sent.ts';

const AFTER = 60_000;
const HAS = (scope: 'account' | 'instruments'): VenueCapabilities => ({
  ...CAPABILITIES,
  cancelAllAfter: { minMs: 1_000, maxMs: 86_400_000, scope },
});

/** Three markets, and orders in some of them that the venue has unless told otherwise. */
function working(
  orders: readonly (Partial<Order> & { phase?: SendPhase })[],
  cancelAllAfterMs: number | undefined = AFTER,
): Engine {
  const instruments = ['A', 'B', 'C'].map((base) => spot({ symbol: `${base}/USD`, base }));
  const engine = liveAccount(0, { instruments, live: { cancelAllAfterMs } });
  orders.forEach(({ phase = 'known', ...fields }, k) => {
    const order = Object.assign(new Order(), { id: k + 1, type: 'limit', state: 'Accepted', ...fields });
    engine.markets[order.instrument].orders.push(order);
    liveOf(engine).orders.set(order.id, { order: order.id, instrument: order.instrument, phase, sends: 0 } as never);
  });
  return engine;
}

const shown = (plan: SwitchPlan | undefined) =>
  plan && {
    disarm: plan.disarm.map(({ base }) => base).join(''),
    arm: plan.arm.map(({ base }) => base).join(''),
    ms: plan.ms,
  };

const stop = { type: 'stop', reduceOnly: true } as const;

describe('the switch', () => {
  test.each<[string, Parameters<typeof working>[0], object | undefined, object | undefined]>([
    ['where nothing works', [], undefined, undefined],
    [
      'where orders work',
      [{ instrument: 1 }],
      { disarm: '', arm: 'ABC', ms: AFTER },
      { disarm: '', arm: 'B', ms: AFTER },
    ],
    [
      'where a stop protects',
      [{ instrument: 1 }, { instrument: 2, ...stop }],
      { disarm: 'ABC', arm: '', ms: AFTER },
      { disarm: 'C', arm: 'B', ms: AFTER },
    ],
    [
      'where an order works beside a stop',
      [{ instrument: 2 }, { instrument: 2, ...stop }],
      { disarm: 'ABC', arm: '', ms: AFTER },
      { disarm: 'C', arm: '', ms: AFTER },
    ],
    [
      'where what protects has been triggered',
      [{ purpose: 'stop-loss', ...stop, triggered: true }],
      { disarm: 'ABC', arm: '', ms: AFTER },
      { disarm: 'A', arm: '', ms: AFTER },
    ],
    [
      'where a stop opens',
      [{ type: 'stop' }],
      { disarm: '', arm: 'ABC', ms: AFTER },
      { disarm: '', arm: 'A', ms: AFTER },
    ],
    [
      'where a target waits',
      [{ reduceOnly: true }],
      { disarm: '', arm: 'ABC', ms: AFTER },
      { disarm: '', arm: 'A', ms: AFTER },
    ],
    [
      'where one is about to be sent',
      [{ phase: 'sending' }],
      { disarm: '', arm: 'ABC', ms: AFTER },
      { disarm: '', arm: 'A', ms: AFTER },
    ],
    ['where what waits has not been sent', [{ phase: 'prepared' }], undefined, undefined],
  ])('%s', (_, orders, ofAccount, ofInstruments) => {
    expect(shown(planSwitch(working(orders), HAS('account')))).toEqual(ofAccount);
    expect(shown(planSwitch(working(orders), HAS('instruments')))).toEqual(ofInstruments);
  });

  test('knows nothing of what is sent and over', () => {
    const engine = working([{}]);
    engine.markets[0].orders = [];
    expect(planSwitch(engine, HAS('account'))).toBeUndefined();
  });

  test('is disarmed everywhere where an account no longer wants it, if it may be armed and the venue has one', () => {
    const engine = working([{}]);
    Object.assign(liveOf(engine), { settings: { ...liveOf(engine).settings, cancelAllAfterMs: undefined } });
    expect(planSwitch(engine, HAS('account'))).toBeUndefined();
    liveOf(engine).mayCancelAll = true;
    expect(shown(planSwitch(engine, HAS('account')))).toEqual({ disarm: 'ABC', arm: '', ms: 0 });
    expect(planSwitch(engine, CAPABILITIES)).toBeUndefined();
  });
});

describe('what became of it', () => {
  const instruments = working([]).markets.map(({ instrument }) => instrument);
  const [a] = instruments;
  const armed = (plan: Partial<SwitchPlan>, isSet: boolean, before: boolean): boolean => {
    const engine = working([]);
    liveOf(engine).mayCancelAll = before;
    takeSwitch(engine, { arm: [], disarm: [], ms: AFTER, ...plan }, { isSet, reason: 'no' });
    return liveOf(engine).mayCancelAll;
  };

  test.each<[string, Partial<SwitchPlan>, boolean, boolean, boolean]>([
    ['armed', { arm: [a] }, true, false, true],
    ['perhaps armed: no answer came', { arm: [a] }, false, false, true],
    ['armed in one market and disarmed in the others', { arm: [a], disarm: instruments }, true, false, true],
    ['disarmed everywhere', { disarm: instruments }, true, true, false],
    ['perhaps disarmed: no answer came', { disarm: instruments }, false, true, true],
    ['disarmed in one market', { disarm: [a] }, true, true, true],
  ])('is remembered: %s', (_, plan, isSet, before, after) => {
    expect(armed(plan, isSet, before)).toBe(after);
  });

  test('is told while it is not set, once, and no longer when it is', () => {
    const engine = working([]);
    const plan = { arm: [a], disarm: [], ms: AFTER };
    takeSwitch(engine, plan, { isSet: false, reason: 'no answer' });
    takeSwitch(engine, plan, { isSet: false, reason: 'still none' });
    expect(alerts(engine)).toEqual([{ code: 'CANCEL_SWITCH_NOT_SET', what: 'no answer', since: engine.time }]);
    takeSwitch(engine, plan, { isSet: true, reason: '' });
    expect(liveOf(engine).standingAlerts).toEqual([]);
  });
});
