/** The risk of an account from the command line, whether the platform runs or not. */
import { PlimsollError } from '../../core/errors.ts';
import { formatInstant } from '../../core/market/civil.ts';
import { riskReportHtml } from '../../core/risk/report/html.ts';
import type { RiskReport } from '../../core/risk/report.ts';
import type {
  RiskLimitsOutput,
  RiskReportOutput,
  RiskStressOutput,
  RiskVarOutput,
} from '../../operations/risk/schema.ts';
import { operate } from './instance.ts';
import { writePage } from './written-file.ts';

export interface RiskArguments {
  readonly config: string;
  readonly data?: string;
  readonly account?: string;
  readonly json?: boolean;
}

export interface RiskReportArguments extends RiskArguments {
  readonly date?: string;
  readonly html?: string;
}

/** Prints what an account risks, and writes it as a page where one is asked for. */
export async function riskReport(given: RiskReportArguments): Promise<void> {
  const { date, html } = given;
  const input = { ...accountOf(given), ...(date === undefined ? {} : { date }) };
  const { report, because } = await operate<RiskReportOutput>(given, 'risk.report', input);
  if (!report) throw notOpen(because);
  if (html !== undefined) await writePage(html, riskReportHtml(report as unknown as RiskReport));
  if (given.json) return print(report);
  tellReport(report);
  if (html !== undefined) say(`Written as a page to ${html}.`);
}

export async function riskVar(given: RiskArguments): Promise<void> {
  const shown = await operate<RiskVarOutput>(given, 'risk.var', accountOf(given));
  if (given.json) return print(shown);
  const { tail, notes } = shown;
  if (!tail) throw notOpen(notes[0]);
  say(headOf(shown));
  tellTail(tail, shown.currency);
  for (const note of notes) say(`Note: ${note}`);
}

export async function riskStress(given: RiskArguments): Promise<void> {
  const shown = await operate<RiskStressOutput>(given, 'risk.stress', accountOf(given));
  if (given.json) return print(shown);
  if (shown.asOf === null) throw notOpen(shown.notes[0]);
  say(headOf(shown));
  tellStress(shown.scenarios, shown.currency);
  for (const note of shown.notes) say(`Note: ${note}.`);
}

export async function riskLimits(given: RiskArguments): Promise<void> {
  const shown = await operate<RiskLimitsOutput>(given, 'risk.limits', accountOf(given));
  if (given.json) return print(shown);
  say(headOf(shown));
  table([
    ['limit', 'set to', 'default', 'owner', 'used'],
    ...shown.limits.map(({ name, setting, default: usual, owner, use }) => [
      name,
      settingText(setting),
      settingText(usual),
      owner,
      use === null ? '-' : `${percent(use.share)}, ${figure(use.used)} of ${figure(use.limit)} ${use.unit}`,
    ]),
  ]);
}

type Report = NonNullable<RiskReportOutput['report']>;
type Tail = Report['tail'];

function tellReport(report: Report): void {
  const { currency, losses, exposure, limits, tail, stress, liquidations, notes } = report;
  say(`${headOf(report)}; the report of ${report.date}`);
  say('');
  table([
    ['Trading', report.tradingState],
    ['Equity', `${figure(report.equity)} ${currency}, ${figure(report.freeCash)} of it free cash`],
    ['Day', lossText(losses.day, currency)],
    ['Week', lossText(losses.week, currency)],
    ['Peak', lossText(losses.drawdown, currency)],
    [
      'Gross',
      `${orNotKnown(exposure.gross, figure)} ${currency}, ${orNotKnown(exposure.grossShare, percent)} of equity`,
    ],
    ['Net', `${orNotKnown(exposure.net, figure)} ${currency}, ${orNotKnown(exposure.netShare, percent)} of equity`],
    ['Orders', `${exposure.workingOrders} working, may open ${figure(exposure.openOrderNotional)} ${currency}`],
  ]);
  say('\nLimits, nearest first:');
  table(
    limits.map(({ name, use: { share, used, limit, unit, where } }) => [
      `  ${name}`,
      percent(share),
      `${figure(used)} of ${figure(limit)} ${unit}`,
      where ?? '',
    ]),
  );
  say('');
  tellTail(tail, currency);
  say('');
  if (stress.length === 0) say('No named day is told of: nothing is held, or something held has no price.');
  tellStress(stress, currency);
  for (const { instrument, strategy, distance, liquidationPrice } of liquidations)
    say(`${instrument} of ${strategy}: ${percent(distance)} from liquidation at ${figure(liquidationPrice)}`);
  if (notes.length > 0) say('');
  for (const note of notes) say(`Note: ${note}`);
}

function tellTail({ figures, days }: Tail, currency: string): void {
  say(`Loss over one day in ${currency}, from ${days} daily returns:`);
  table(
    figures.map((one) =>
      'code' in one
        ? [`  ${one.method}`, percent(one.confidence), `not known: ${one.because}`]
        : [
            `  ${one.method}`,
            percent(one.confidence),
            `VaR ${figure(one.valueAtRisk)}, ES ${figure(one.expectedShortfall)}`,
          ],
    ),
  );
  const known = figures.find((one) => !('code' in one));
  if (!known || 'code' in known) return;
  say(`Of the ${known.method} VaR at ${percent(known.confidence)}:`);
  table(
    known.positions.map(({ symbol, value, componentValueAtRisk }) => [
      `  ${symbol}`,
      `adds ${figure(componentValueAtRisk)}`,
      `worth ${figure(value)}`,
    ]),
  );
}

function tellStress(scenarios: Report['stress'], currency: string): void {
  const covered = scenarios.filter(({ positions }) => positions.length > 0);
  const others = scenarios.filter(({ positions }) => positions.length === 0);
  if (covered.length > 0) say(`What is held, on days that happened, in ${currency}:`);
  table(
    covered.map(({ name, profit, worst, missing }) => [
      `  ${name}`,
      `${orNotKnown(profit, figure)} at the close`,
      `${orNotKnown(worst, figure)} at its worst`,
      missing.map(({ instrument, because }) => `${instrument}: ${because}`).join('; '),
    ]),
  );
  if (others.length > 0) say(`Not covered by recorded bars: ${others.map(({ name }) => name).join(', ')}.`);
}

interface Head {
  readonly account: string;
  readonly provenance: string;
  readonly asOf: number | null;
}

const headOf = ({ account, provenance, asOf }: Head): string =>
  `${account} (${provenance} data), ${asOf === null ? 'before its first cycle' : `measured at ${formatInstant(asOf)}`}`;

function lossText(loss: Report['losses']['day'], currency: string): string {
  if (!loss) return 'not known';
  const sign = loss.loss > 0 ? 'lost' : 'gained';
  return `${sign} ${figure(Math.abs(loss.loss))} ${currency} (${percent(Math.abs(loss.share))}) of ${figure(loss.from)}`;
}

const notOpen = (because: string | null | undefined): PlimsollError =>
  new PlimsollError(
    'ACCOUNT_NOT_OPEN',
    because ?? 'the account has no ledger yet',
    'start the platform once so that its first cycle opens it',
  );

const accountOf = ({ account }: RiskArguments): { account?: string } => (account === undefined ? {} : { account });
const settingText = (setting: unknown): string =>
  setting === null ? 'off' : typeof setting === 'string' ? setting : JSON.stringify(setting);
/** Two decimals, more for what is small. */
const figure = (value: number): string =>
  Number.isInteger(value) || Math.abs(value) >= 1
    ? value.toFixed(2).replace(/\.00$/, '')
    : String(Number(value.toPrecision(4)));
const percent = (share: number): string =>
  `${(share * 100).toFixed(share * 100 === Math.round(share * 100) ? 0 : 2)} %`;
const orNotKnown = (value: number | null, text: (value: number) => string): string =>
  value === null ? 'not known' : text(value);
const print = (value: unknown): void => say(JSON.stringify(value));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function table(rows: readonly (readonly string[])[]): void {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, k) => Math.max(most[k] ?? 0, cell.length)), []);
  for (const row of rows)
    say(
      row
        .map((cell, k) => cell.padEnd(widths[k]))
        .join('  ')
        .trimEnd(),
    );
}
