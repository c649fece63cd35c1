import type { RiskReport } from '../../core/risk/report.ts';
import type { OperationContext } from '../operation.ts';
import { accountNamed, viewIfOpen } from '../support/account.ts';
import { measureRisk, NOT_OPEN, reportUnknown } from './measure.ts';
import { reportKey } from './report-key.ts';
import type { RiskReportOutput } from './schema.ts';

interface Asked {
  readonly account?: string | undefined;
  readonly date?: string | undefined;
}

export default async function report(context: OperationContext, { account, date }: Asked): Promise<RiskReportOutput> {
  if (date !== undefined) return { report: shown(await keptReport(context, account, date)), because: null };
  const view = await viewIfOpen(context, account);
  if (!view) return { report: null, because: NOT_OPEN };
  return { report: shown(await measureRisk(context, view)), because: null };
}

/** The report as it was made at the end of that day. Throws `ACCOUNT_UNKNOWN` and `RISK_REPORT_UNKNOWN`. */
async function keptReport(context: OperationContext, account: string | undefined, date: string): Promise<RiskReport> {
  const { id } = accountNamed(context, account);
  const bytes = await context.reports?.get(reportKey(id, date, 'json'));
  if (!bytes) throw reportUnknown(id, date);
  return JSON.parse(new TextDecoder().decode(bytes)) as RiskReport;
}

/** The same; schemas have no read-only arrays. */
const shown = (report: RiskReport) => report as unknown as NonNullable<RiskReportOutput['report']>;
