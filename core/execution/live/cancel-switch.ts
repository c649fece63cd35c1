/** The switch that a venue throws itself, canceling what works there, unless it is set anew in time: when an account sets it, and to what. */
import type { Engine } from '../../engine/engine.ts';
import { alert, liveOf, orderOf } from '../../engine/venue-bookkeeping.ts';
import type { Instrument } from '../../market/instrument.ts';
import type { VenueCapabilities } from '../../ports/execution-venue.ts';
import { isUntriggeredStop, type Order } from '../order.ts';

/** What the venue is to be told. */
export interface SwitchPlan {
  /** First: a protective order works there, or is about to. */
  readonly disarm: readonly Instrument[];
  /** Where orders work, and none that protects. */
  readonly arm: readonly Instrument[];
  /** Time after which the venue cancels, ms. */
  readonly ms: number;
}

export interface SwitchOutcome {
  /** Whether the venue took all of the plan. */
  readonly isSet: boolean;
  /** Why not, for a person. */
  readonly reason: string;
}

/** The switch would also cancel a stop, so a stop comes first. Undefined: there is nothing to tell the venue. */
export function planSwitch(engine: Engine, { cancelAllAfter }: VenueCapabilities): SwitchPlan | undefined {
  const live = liveOf(engine);
  const ms = live.settings.cancelAllAfterMs;
  const all = engine.markets.map(({ instrument }) => instrument);
  // The account no longer wants it, and it was armed.
  if (ms === undefined) return live.mayCancelAll && cancelAllAfter ? { disarm: all, arm: [], ms: 0 } : undefined;
  const [works, protects] = [new Set<number>(), new Set<number>()];
  for (const sent of live.orders.values()) {
    const order = orderOf(engine, sent);
    if (order && live.isOut(order)) (isProtective(order) ? protects : works).add(order.instrument);
  }
  if (cancelAllAfter?.scope === 'account') {
    if (protects.size > 0) return { disarm: all, arm: [], ms };
    return works.size > 0 ? { disarm: [], arm: all, ms } : undefined;
  }
  const disarm = all.filter((_, index) => protects.has(index));
  const arm = all.filter((_, index) => works.has(index) && !protects.has(index));
  return disarm.length + arm.length > 0 ? { disarm, arm, ms } : undefined;
}

/** What became of a plan. One that failed is told; it may have been done all the same. */
export function takeSwitch(engine: Engine, { arm, disarm }: SwitchPlan, { isSet, reason }: SwitchOutcome): void {
  const live = liveOf(engine);
  if (arm.length > 0) live.mayCancelAll = true;
  else if (isSet && disarm.length === engine.markets.length) live.mayCancelAll = false;
  if (isSet) live.settleAlert(ALERT);
  else alert(engine, ALERT, 'CANCEL_SWITCH_NOT_SET', { what: reason, since: engine.time });
}

/** The alert that stands until the switch is as it should be. */
const ALERT = 'cancel switch';

/** Whether a position is without its stop where this order is canceled. */
const isProtective = (order: Order): boolean =>
  order.purpose === 'stop-loss' || (order.reduceOnly && isUntriggeredStop(order));
