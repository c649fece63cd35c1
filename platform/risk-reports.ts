/**
 * The risk report of each day on a laptop: made when the first cycle that closed at the end of the day or after it is settled. It is
 * made beside trading: what fails here is told and tried again, and holds nothing up.
 */
import { createLake } from '../adapters/lake/lake.ts';
import type { ObjectStore } from '../core/ports/object-store.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import { dayBefore, makeDailyReport } from '../operations/risk/daily.ts';
import type { PlatformLog } from './log.ts';

/** After a report, and after one that failed, no other is begun for so long: recorded bars pass many days a second. */
export const REPORT_PAUSES = { madeMs: 1_000, failedMs: 600_000 } as const;

export interface RiskReportsOptions {
  readonly steps: StepPorts;
  readonly objects: ObjectStore;
  readonly log: Pick<PlatformLog, 'error' | 'write'>;
}

/** Where an account is with its reports. */
interface Followed {
  /** The last day (since the epoch) that is done with. */
  day: number;
  /** Wall clock, ms UTC. */
  pausedUntil: number;
}

export class RiskReports {
  readonly #options: RiskReportsOptions;
  readonly #followed = new Map<string, Followed>();

  constructor(options: RiskReportsOptions) {
    this.#options = options;
  }

  /** A step of a cycle (ms UTC) of the stream is done: makes the report of the day before, where it is due. Never throws. */
  async after({ stream, cycle }: { readonly stream: string; readonly cycle?: number }): Promise<void> {
    const followed = this.#followed.get(stream) ?? { day: Number.NEGATIVE_INFINITY, pausedUntil: 0 };
    this.#followed.set(stream, followed);
    const { steps, log } = this.#options;
    if (cycle === undefined || dayBefore(cycle) <= followed.day || steps.now() < followed.pausedUntil) return;
    try {
      await this.#makeWhereDue(stream, followed);
    } catch (error) {
      followed.pausedUntil = steps.now() + REPORT_PAUSES.failedMs;
      log.error(error, { stream, what: 'the risk report' });
    }
  }

  async #makeWhereDue(stream: string, followed: Followed): Promise<void> {
    const { steps, objects, log } = this.#options;
    const done = await makeDailyReport({ steps, lake: createLake(objects), reports: objects }, stream, followed.day);
    if (!done) return;
    if (done.key !== undefined) {
      followed.pausedUntil = steps.now() + REPORT_PAUSES.madeMs;
      log.write('info', 'the risk report of the day is kept', { stream, key: done.key });
    }
    followed.day = done.day;
  }
}
