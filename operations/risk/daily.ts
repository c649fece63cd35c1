/** The risk report of a day that is over: made once for an account, and kept as JSON and as a page. The first that is kept stays. */
import type { Lake } from '../../adapters/lake/lake.ts';
import { DAY_MS, formatDay } from '../../core/market/civil.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { riskReportHtml } from '../../core/risk/report/html.ts';
import { type CycleDocument, KEYS } from '../../functions/steps/account-state.ts';
import { accountOf } from '../../functions/steps/engines.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { type AccountView, viewOf } from '../support/account.ts';
import { measureRisk } from './measure.ts';
import { reportKey } from './report-key.ts';

export interface DailyReportPorts {
  readonly steps: StepPorts;
  readonly lake: Pick<Lake, 'readBars'>;
  /** Where reports are kept. */
  readonly reports: Pick<ObjectStore, 'get' | 'put'>;
}

/** Of the last day that is over for an account. */
export interface DailyReport {
  /** Since the epoch. */
  readonly day: number;
  /** Under which it was kept just now; undefined where it is there already, or the account did not trade that day. */
  readonly key: string | undefined;
}

/**
 * Makes the report of the day before the account's last cycle, where it is due; undefined while a cycle is at work, or where that day
 * is not after `after`. Throws `ACCOUNT_NOT_OPEN`.
 */
export async function makeDailyReport(
  ports: DailyReportPorts,
  stream: string,
  after = Number.NEGATIVE_INFINITY,
): Promise<DailyReport | undefined> {
  const { steps, reports } = ports;
  const view = await viewOf({ steps }, accountOf(steps, stream).id);
  const { cycle, next } = view.state.cursor;
  const day = dayBefore(cycle);
  if (next !== 'settled' || day <= after) return undefined;
  const key = reportKey(view.account.id, formatDay(day), 'json');
  const isDue = (await wasTraded(steps.ledger, stream, day)) && !(await reports.get(key));
  if (isDue) await make(ports, view, formatDay(day));
  return { day, key: isDue ? key : undefined };
}

/** The day that is over at a cycle's time: at 00:00 it is the one that ends then. */
export const dayBefore = (time: number): number => Math.floor(time / DAY_MS) - 1;

/** The page first: where the JSON is, both are. */
async function make({ steps, lake, reports }: DailyReportPorts, view: AccountView, date: string): Promise<void> {
  const report = await measureRisk({ steps, lake }, view, date);
  const put = (kind: 'json' | 'html', text: string) =>
    reports.put(reportKey(view.account.id, date, kind), new TextEncoder().encode(text), { ifAbsent: true });
  await put('html', riskReportHtml(report));
  await put('json', `${JSON.stringify(report, null, 2)}\n`);
}

/** Whether a cycle closed in that day which was more than the history before the first decision. */
async function wasTraded(ledger: LedgerPort, stream: string, day: number): Promise<boolean> {
  const after = KEYS.cycle((day + 1) * DAY_MS + 1);
  const query = { prefix: KEYS.cyclePrefix, reverse: true, after, limit: 1 };
  const [last] = await ledger.documents(stream, query);
  const cycle = last?.value as unknown as CycleDocument | undefined;
  return cycle !== undefined && cycle.warmUp !== true && cycle.asOf > day * DAY_MS;
}
