/** Where a report's figures come from and what they take for granted. */
import type { ReportFacts } from './input.ts';
import { gridTable } from './table.ts';
import { countText, decimalText, escapeHtml } from './text.ts';

export function strategiesTable({ definition }: ReportFacts): string {
  return gridTable({
    caption: 'Strategies',
    class: 'strategies',
    columns: ['Strategy', 'Parameters', 'Timeframe', 'Share of equity', 'Instruments', 'SHA-256 of its code'],
    rowHeaders: true,
    rows: definition.strategies.map((running) => [
      running.id === running.definition.name ? running.id : `${running.id} (${running.definition.name})`,
      settings(running.params) || 'none',
      running.timeframe,
      `${decimalText(running.allocation * 100, 0)} %`,
      listOf(running.instruments),
      { text: running.codeHash, class: 'hash' },
    ]),
  });
}

/** Symbols that are named before the rest is counted. */
const NAMED_SYMBOLS = 8;

export function listOf(symbols: readonly string[]): string {
  const named = symbols.slice(0, NAMED_SYMBOLS).join(', ');
  return symbols.length > NAMED_SYMBOLS ? `${named} and ${symbols.length - NAMED_SYMBOLS} more` : named;
}

const settings = (values: object): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

export function provenanceTable({ run, definition, sources, version, badge }: ReportFacts): string {
  const { journal } = run.engine;
  const rows: [string, string][] = [
    ['Figures are from', badge],
    ...sources.flatMap(({ file, sha256 }): [string, string][] => [
      ['Bars', file],
      ['SHA-256 of that file', sha256],
    ]),
    ['Ledger', `${definition.stream}, ${countText(journal.sequence)} events`],
    ['Hash of the ledger', journal.head()],
    ['Hash of the configuration', definition.configurationHash],
    ['Made by', version],
  ];
  const body = rows.map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td class="hash">${escapeHtml(value)}</td></tr>`,
  );
  return `<table><tbody>${body.join('')}</tbody></table>`;
}

/** Each assumption as a sentence. */
export function assumptions({ definition, metrics }: ReportFacts): string {
  const sentences = [
    'A strategy sees closed bars only. Its market orders fill at the open of the next bar of the instrument; stops that the open has passed fill at the open.',
    'Where one bar reaches both the stop and the target of a position, the stop is taken to have come first.',
    ...feeSentences(definition),
    ...frictionSentences(definition),
    ...limitSentences(definition),
    'A position held at the end is marked at the last close. It is not sold, and no fee is counted for that.',
    `Ratios and volatility are made from the returns of ${definition.timeframe} bars, ${countText(metrics.barsPerYear)} of them a year, with a risk-free rate of zero and the sample standard deviation.`,
    'Buy and hold is last close ÷ first close − 1 of each instrument, the mean over all of them, without fees.',
    'This is one run over one stretch of the past. Nothing here corrects for how many settings were tried before it.',
  ];
  return `<ul class="notes">${sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join('')}</ul>`;
}

type Definition = ReportFacts['definition'];

function feeSentences({ instruments }: Definition): string[] {
  const groups = new Map<string, string[]>();
  for (const { symbol, takerFeeBps, makerFeeBps } of instruments) {
    const fees = `${takerFeeBps} basis points to take and ${makerFeeBps} to make`;
    groups.set(fees, [...(groups.get(fees) ?? []), symbol]);
  }
  return [...groups].map(([fees, symbols]) => `Fees on ${listOf(symbols)}: ${fees}.`);
}

function frictionSentences({ execution, instruments }: Definition): string[] {
  const { slippageBps, spreadBps, volumeShare, borrowBpsPerYear, fundingBps } = execution;
  const has = (wanted: string): boolean => instruments.some(({ type }) => type === wanted);
  return [
    `Slippage: ${slippageBps} basis points against every order that takes; spread: ${spreadBps} basis points, half of it paid.`,
    volumeShare
      ? `At most ${decimalText(volumeShare.limit * 100, 2)} % of a bar's volume is there for an order; taking a share s moves the price by ${volumeShare.impactBps} × s² basis points.`
      : 'Any size fills at one price: no share of volume is assumed.',
    ...(borrowBpsPerYear > 0 ? [`Short positions on spot pay ${borrowBpsPerYear} basis points a year.`] : []),
    ...(has('linear-perpetual') ? [`Funding of perpetuals: ${fundingBps} basis points an interval.`] : []),
    ...(has('currency-pair') ? [`Financing of currency pairs: ${fundingBps} basis points an interval.`] : []),
  ];
}

function limitSentences({ limits }: Definition): string[] {
  const set = Object.fromEntries(
    Object.entries(limits).filter(([, value]) => !(Array.isArray(value) && value.length === 0)),
  );
  return [`Risk limits: ${settings(set)}.`];
}
