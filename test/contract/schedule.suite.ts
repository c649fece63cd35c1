import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SchedulePlan, SchedulePort } from '../../core/ports/schedule.ts';
import type { PortUnderTest } from './port-under-test.ts';

const MINUTE = 60_000;
/** A full hour. */
const START = Date.UTC(2026, 0, 5, 12);

export interface ScheduleUnderTest extends PortUnderTest<SchedulePort> {
  /** Lets `ms` pass, and everything that falls due in it happen. */
  advance(ms: number): Promise<void>;
  /** Sets the clock without anything happening in between, as when the machine was asleep; then lets a minute pass. */
  wakeAt(time: number): Promise<void>;
  /** The port of the next process on the same data, after the first was stopped or killed. */
  restart(): Promise<SchedulePort>;
}

/** What every schedule adapter must do. `makePort` gives a schedule that has settled nothing, at `time`. */
export function scheduleContract(name: string, makePort: (time: number) => Promise<ScheduleUnderTest>): void {
  describe(`the schedule port on ${name}`, () => {
    const plan: SchedulePlan = { name: 'cycle', everyMs: 5 * MINUTE, delayMs: 2_000, maxCatchUp: 3 };
    let held: ScheduleUnderTest;
    let calls: [minute: number, skipped: number][];
    const due = async (time: number, skipped: number) => {
      calls.push([(time - START) / MINUTE, skipped]);
    };

    beforeEach(async () => {
      held = await makePort(START + MINUTE);
      calls = [];
    });
    afterEach(() => held?.stop());

    it('calls with the last logical time at the start, then with each one after its delay', async () => {
      await held.port.start(plan, due);
      await held.advance(0);
      expect(calls).toEqual([[0, 0]]);

      await held.advance(4 * MINUTE + 1_999);
      expect(calls).toEqual([[0, 0]]);
      await held.advance(1);
      expect(calls).toEqual([
        [0, 0],
        [5, 0],
      ]);
      await held.advance(15 * MINUTE);
      expect(calls.map(([minute]) => minute)).toEqual([0, 5, 10, 15, 20]);
    });

    it('catches up after a sleep, oldest first, and counts what it skips', async () => {
      await held.port.start(plan, due);
      await held.advance(0);
      await held.wakeAt(START + 61 * MINUTE);
      expect(calls).toEqual([
        [0, 0],
        [50, 9],
        [55, 0],
        [60, 0],
      ]);
    });

    it('catches up after the process was away', async () => {
      await held.port.start(plan, due);
      await held.advance(0);
      const next = await held.restart();
      await held.wakeAt(START + 11 * MINUTE);
      await next.start(plan, due);
      await held.advance(0);
      expect(calls).toEqual([
        [0, 0],
        [5, 0],
        [10, 0],
      ]);
    });

    it('never calls twice for a settled time, whatever the clock does and however often it starts', async () => {
      await held.port.start(plan, due);
      await held.advance(5 * MINUTE);
      await held.wakeAt(START - 30 * MINUTE);
      await held.wakeAt(START + 6 * MINUTE);
      await (await held.restart()).start(plan, due);
      await held.advance(0);
      expect(calls.map(([minute]) => minute)).toEqual([0, 5]);
    });

    it('calls again for a time that was not handled, before any later one', async () => {
      let failures = 2;
      await held.port.start(plan, async (time, skipped) => {
        await due(time, skipped);
        if (failures-- > 0) throw new Error('the venue is away');
      });
      await held.advance(6 * MINUTE);
      expect(calls.map(([minute]) => minute)).toEqual([0, 0, 0, 5]);
    });

    it('does not call for the next time while one is being handled', async () => {
      let running = 0;
      let most = 0;
      let release: (() => void) | undefined;
      await held.port.start(plan, async () => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => (release = resolve));
        running--;
      });
      for (let k = 0; k < 4; k++) {
        await held.advance(5 * MINUTE);
        release?.();
      }
      await held.advance(0);
      release?.();
      expect(most).toBe(1);
    });

    it('stops only when no call is running, and calls no more', async () => {
      let release: (() => void) | undefined;
      let stopped = false;
      await held.port.start(plan, async (time, skipped) => {
        await due(time, skipped);
        await new Promise<void>((resolve) => (release = resolve));
      });
      await held.advance(0);
      const stopping = held.port.stop().then(() => (stopped = true));
      await held.advance(10 * MINUTE);
      expect(stopped).toBe(false);
      release?.();
      await stopping;
      await held.advance(10 * MINUTE);
      expect(calls.map(([minute]) => minute)).toEqual([0]);
    });

    it('goes on at multiples of the new period when the plan changed', async () => {
      await held.port.start(plan, due);
      await held.advance(5 * MINUTE);
      const next = await held.restart();
      await next.start({ ...plan, everyMs: 3 * MINUTE }, due);
      await held.advance(4 * MINUTE);
      expect(calls.map(([minute]) => minute)).toEqual([0, 5, 6, 9]);
    });
  });
}

/** A logical time that was handled, and when; ms UTC. */
interface HandledTime {
  readonly time: number;
  readonly handledAt: number;
}

/** A schedule that stands outside of this process, whose clock nobody moves: what it did is read from what it left. */
export interface DeployedSchedule {
  /** The plan of a schedule that fires by itself within minutes. */
  readonly quick: SchedulePlan;
  /** The plan of one that fires by {@link fire} alone. */
  readonly slow: SchedulePlan;
  /** Hands over a call that a schedule made at `time`, the past. */
  calledAt(plan: SchedulePlan, time: number): Promise<void>;
  /** Lets a schedule fire once more, now, as it does by itself; resolves when the call is over. Returns its scheduled time. */
  fire(plan: SchedulePlan): Promise<number>;
  /** Makes every call of a schedule fail until what this returns is called. */
  breakDown(plan: SchedulePlan): Promise<() => Promise<void>>;
  /** What a schedule has handled, in order of time. */
  handled(plan: SchedulePlan): Promise<readonly HandledTime[]>;
  /** How many times were left out, as is on record. */
  skipped(plan: SchedulePlan): Promise<number>;
  /** How many calls failed. */
  failures(): Promise<number>;
}

type Eventually = <T>(attempt: () => Promise<T>, patienceMs: number) => Promise<T>;

/** Sentences of {@link scheduleContract} that can be told of a schedule on the wall clock. Their order counts: they share one. */
export function deployedScheduleContract(name: string, schedule: DeployedSchedule, eventually: Eventually): void {
  const { quick, slow } = schedule;
  const isHandled = async (times: readonly number[]) =>
    eventually(async () => {
      const handled = await schedule.handled(slow);
      expect(handled.map(({ time }) => time)).toEqual(times);
      return handled.map(({ handledAt }) => handledAt);
    }, PATIENCE_MS);

  describe(`the schedule on ${name}`, { timeout: 300_000 }, () => {
    it('calls again for a time that was not handled, and catches up oldest first, counting what it skips', async () => {
      const away = slow.maxCatchUp + 5;
      const first = (Math.floor(Date.now() / slow.everyMs) - away) * slow.everyMs;
      await schedule.calledAt(slow, first);
      await isHandled([first]);

      const mend = await schedule.breakDown(slow);
      await schedule.fire(slow);
      await eventually(async () => expect(await schedule.failures()).toBe(1), PATIENCE_MS);
      await isHandled([first]);
      await mend();

      const fired = await schedule.fire(slow);
      const last = Math.floor(fired / slow.everyMs) * slow.everyMs;
      const caughtUp = Array.from({ length: slow.maxCatchUp }, (_, k) => last - k * slow.everyMs).reverse();
      const handledAt = await isHandled([first, ...caughtUp]);
      expect(handledAt).toEqual(handledAt.toSorted((a, b) => a - b));
      expect(await schedule.skipped(slow)).toBe((last - first) / slow.everyMs - slow.maxCatchUp);
    });

    it('never calls twice for a settled time, however often it fires', async () => {
      const seen = async () => [await schedule.handled(slow), await schedule.skipped(slow), await schedule.failures()];
      const before = await seen();
      await schedule.fire(slow);
      await schedule.fire(slow);
      expect(await seen()).toEqual(before);
    });

    it('calls with each logical time, after its delay, once and in order', async () => {
      await eventually(async () => {
        const handled = await schedule.handled(quick);
        expect(handled.length).toBeGreaterThanOrEqual(2);
        const times = handled.map(({ time }) => time);
        expect(times).toEqual(times.map((_, k) => times[0] + k * quick.everyMs));
        for (const { time, handledAt } of handled) expect(handledAt).toBeGreaterThanOrEqual(time + quick.delayMs);
        expect(await schedule.skipped(quick)).toBe(0);
      }, 4 * quick.everyMs);
    });
  });
}

const PATIENCE_MS = 60_000;
