/** Named days on which markets broke, as windows of time; their figures come from the bars that one has recorded. */
import { DAY_MS, dayOfCivil } from '../../market/civil.ts';

export interface ScenarioWindow {
  /** Stable: `covid-2020-03-12`. */
  readonly id: string;
  readonly name: string;
  /** What happened, in a sentence. */
  readonly what: string;
  /** ms UTC, inclusive: the first instant of the window. Daily bars are taken by their label. */
  readonly from: number;
  /** ms UTC, exclusive. */
  readonly to: number;
}

/** A window of whole days UTC, from the first to the last of them. Dates are `YYYY-MM-DD`. */
export function scenarioWindow(id: string, name: string, what: string, first: string, last = first): ScenarioWindow {
  return { id, name, what, from: instantOf(first), to: instantOf(last) + DAY_MS };
}

function instantOf(date: string): number {
  const [year, month, day] = date.split('-').map(Number);
  return dayOfCivil(year, month, day) * DAY_MS;
}

/** In order of time. A scenario is applied where its days are recorded, and named as missing where they are not. */
export const NAMED_SCENARIOS: readonly ScenarioWindow[] = [
  scenarioWindow(
    'black-monday-1987',
    'Black Monday',
    'The S&P 500 lost a fifth of its value in one session.',
    '1987-10-19',
  ),
  scenarioWindow(
    'bailout-vote-2008',
    'The bailout fails',
    'The House of Representatives voted down the bank rescue, two weeks after Lehman Brothers had failed.',
    '2008-09-29',
  ),
  scenarioWindow(
    'flash-crash-2010',
    'Flash crash',
    'US shares fell by about 9 % within the day and regained most of it in minutes.',
    '2010-05-06',
  ),
  scenarioWindow(
    'downgrade-2011',
    'US downgrade',
    'The first session after the United States lost their AAA rating at Standard & Poor’s.',
    '2011-08-08',
  ),
  scenarioWindow(
    'swiss-franc-2015',
    'Swiss franc unpegged',
    'The Swiss National Bank gave up its floor under the euro; the franc rose by a fifth within minutes.',
    '2015-01-15',
  ),
  scenarioWindow(
    'brexit-2016',
    'Brexit vote',
    'The United Kingdom had voted to leave the European Union; sterling fell by 8 %.',
    '2016-06-24',
  ),
  scenarioWindow(
    'volatility-2018',
    'Short-volatility unwind',
    'The VIX more than doubled in one session and ended funds that were short of it.',
    '2018-02-05',
  ),
  scenarioWindow(
    'covid-2020',
    'Covid, from the high to the low',
    'US shares lost a third within five weeks.',
    '2020-02-20',
    '2020-03-23',
  ),
  scenarioWindow(
    'covid-2020-03-12',
    'Covid, the worst day of crypto',
    'Shares had their worst day since 1987 and bitcoin lost about 40 % within hours as leveraged positions were liquidated.',
    '2020-03-12',
  ),
  scenarioWindow(
    'covid-2020-03-16',
    'Covid, the worst day of shares',
    'The S&P 500 lost 12 % after an emergency cut of interest rates to zero.',
    '2020-03-16',
  ),
  scenarioWindow(
    'crypto-2021-05-19',
    'Crypto liquidations of May 2021',
    'Bitcoin fell by up to 30 % within the day while exchanges were at times not reachable.',
    '2021-05-19',
  ),
  scenarioWindow(
    'terra-2022',
    'Terra collapses',
    'The stablecoin UST lost its peg and LUNA nearly all of its value.',
    '2022-05-09',
    '2022-05-12',
  ),
  scenarioWindow(
    'ftx-2022-11-08',
    'FTX stops withdrawals',
    'The exchange FTX stopped paying out; three days later it was bankrupt.',
    '2022-11-08',
    '2022-11-09',
  ),
  scenarioWindow(
    'yen-carry-2024',
    'Yen carry unwind',
    'The Nikkei 225 lost 12 % and bitcoin fell below 50,000 dollars as trades funded in yen were closed.',
    '2024-08-05',
  ),
];
