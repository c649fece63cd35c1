/** The risk of an account as it stands, from its ledger and the bars that the instance has kept. */

import { universeOf } from '../../core/configuration/definition.ts';
import { PlimsollError } from '../../core/errors.ts';
import { DAY_MS, formatDay } from '../../core/market/civil.ts';
import { heldPositions } from '../../core/risk/report/exposure.ts';
import { type RiskReport, riskReport } from '../../core/risk/report.ts';
import type { LakeContext } from '../operation.ts';
import { type AccountView, accountNamed } from '../support/account.ts';
import { provenanceOf } from '../support/provenance.ts';
import { dailyCloses, namedDays } from './history.ts';

/** @param date the day that it is of; without it, the one in which the last cycle closed (00:00 is the end of the day before) */
export async function measureRisk(
  context: LakeContext,
  view: AccountView,
  date = formatDay(Math.floor((view.engine.time - 1) / DAY_MS)),
): Promise<RiskReport> {
  const { account, engine, opening } = view;
  const symbols = heldPositions(engine).map(({ instrument }) => instrument);
  return riskReport({
    account: account.id,
    engine,
    date,
    closes: await dailyCloses(context, view, symbols),
    scenarios: await namedDays(context, view, symbols),
    // Recorded bars are of another time than the clock's.
    ...(opening.provenance === 'recorded' ? {} : { now: context.steps.now() }),
  });
}

/** What every answer on risk begins with, before the account's first cycle. */
export function headBeforeOpening(context: LakeContext, id: string | undefined) {
  const { configuration } = context.steps;
  const account = accountNamed(context, id);
  const provenance = provenanceOf(configuration.venues[universeOf(configuration, account).venue]);
  return { account: account.id, provenance, currency: account.currency, asOf: null };
}

export const NOT_OPEN = 'no cycle of the account has settled yet';

export const reportUnknown = (account: string, date: string): PlimsollError =>
  new PlimsollError(
    'RISK_REPORT_UNKNOWN',
    `there is no risk report of ${account} for ${date}`,
    'ask for a day in which the platform ran, or leave the date out for one of now',
  );
