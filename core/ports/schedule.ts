/**
 * The schedule port: says which logical times are due. It fires at least once for each; the cycle's id makes that once.
 */
export interface SchedulePort {
  /**
   * Calls `due` with each logical time (ms UTC, a multiple of `everyMs`) that has passed since the last one that was settled,
   * oldest first, at most `maxCatchUp` of them after a sleep (older ones are skipped and counted in `skipped`). A time is
   * settled when `due` resolves; when it rejects, the time comes again.
   */
  start(plan: SchedulePlan, due: (time: number, skipped: number) => Promise<void>): Promise<void>;
  /** Stops; resolves when no call of `due` is running. */
  stop(): Promise<void>;
}

export interface SchedulePlan {
  readonly name: string;
  readonly everyMs: number;
  /** How long after a logical time it fires, so that the bar that closed then can be asked for. */
  readonly delayMs: number;
  readonly maxCatchUp: number;
}

/** The logical times after `last` up to `now`, oldest first, bounded; pure, so that every adapter agrees. */
export function dueTimes(
  plan: SchedulePlan,
  last: number | undefined,
  now: number,
): { times: number[]; skipped: number } {
  const latest = Math.floor((now - plan.delayMs) / plan.everyMs) * plan.everyMs;
  const first = last === undefined ? latest : last + plan.everyMs;
  const count = Math.max(0, Math.floor((latest - first) / plan.everyMs) + 1);
  const skipped = Math.max(0, count - plan.maxCatchUp);
  const times = Array.from({ length: count - skipped }, (_, k) => first + (skipped + k) * plan.everyMs);
  return { times, skipped };
}
