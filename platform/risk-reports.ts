/**
 * The risk report of each day: made once, when the first cycle that closed at the end of the day or after it is settled, and kept in
 * the object store as JSON and as a page. It is made beside trading: what fails here is told and tried again, and holds nothing up.
 */
import { createLake } from '../adapters/lake/lake.ts';
import { DAY_MS, formatDay } from '../core/market/civil.ts';
import type { ObjectStore } from '../core/ports/object-store.ts';
import { riskReportHtml } from '../core/risk/report/html.ts';
import { type CycleDocument, KEYS } from '../functions/steps/account-state.ts';
import { accountOf } from '../functions/steps/engines.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import { measureRisk, reportKey } from '../operations/risk/measure.ts';
import { type AccountView, viewOf } from '../operations/support/account.ts';
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
    const view = await viewOf({ steps }, accountOf(steps, stream).id);
    const { cycle, next } = view.state.cursor;
    const day = dayBefore(cycle);
    if (next !== 'settled' || day <= followed.day) return;
    const key = reportKey(view.account.id, formatDay(day), 'json');
    if ((await this.#wasTraded(stream, day)) && !(await objects.get(key))) {
      await this.#make(view, formatDay(day));
      followed.pausedUntil = steps.now() + REPORT_PAUSES.madeMs;
      log.write('info', 'the risk report of the day is kept', { stream, key });
    }
    followed.day = day;
  }

  /** The page first: where the JSON is, both are. The first that is kept stays. */
  async #make(view: AccountView, date: string): Promise<void> {
    const { steps, objects } = this.#options;
    const report = await measureRisk({ steps, lake: createLake(objects) }, view, date);
    const put = (kind: 'json' | 'html', text: string) =>
      objects.put(reportKey(view.account.id, date, kind), new TextEncoder().encode(text), { ifAbsent: true });
    await put('html', riskReportHtml(report));
    await put('json', `${JSON.stringify(report, null, 2)}\n`);
  }

  /** Whether a cycle closed in that day which was more than the history before the first decision. */
  async #wasTraded(stream: string, day: number): Promise<boolean> {
    const after = KEYS.cycle((day + 1) * DAY_MS + 1);
    const query = { prefix: KEYS.cyclePrefix, reverse: true, after, limit: 1 };
    const [last] = await this.#options.steps.ledger.documents(stream, query);
    const cycle = last?.value as unknown as CycleDocument | undefined;
    return cycle !== undefined && cycle.warmUp !== true && cycle.asOf > day * DAY_MS;
  }
}

/** The day that is over at a cycle's time: at 00:00 it is the one that ends then. */
const dayBefore = (time: number): number => Math.floor(time / DAY_MS) - 1;
