import { chartHtml } from '../../backtest/report/chart.ts';
import { PROVENANCE_BADGES } from '../../backtest/report/input.ts';
import { pageHtml, section } from '../../backtest/report/page.ts';
import { type Cell, gridTable, pairsTable } from '../../backtest/report/table.ts';
import {
  changeText,
  dateText,
  decimalsFor,
  decimalText,
  escapeHtml,
  percentText,
  signClass,
  timeText,
} from '../../backtest/report/text.ts';
import type { Loss, RiskReport } from '../report.ts';
import type { LimitState, LimitUse } from './limit-use.ts';
import type { StressOutcome } from './scenarios.ts';
import { CONFIDENCES, isRefused, type RefusedFigure, type TailFigure } from './tail.ts';

/** A risk report as one HTML page that needs nothing else. */
export function riskReportHtml(report: RiskReport): string {
  const title = `Risk of ${report.account} on ${report.date}`;
  return pageHtml({
    title,
    provenance: report.provenance,
    style: STYLE,
    body: `${header(report, title)}
${headline(report)}
${section('What is missing or stale', notes(report))}
${section('Use of the limits', limits(report))}
${section('Loss', losses(report))}
${section('Exposure', exposure(report))}
${section('Value at risk, one day', tail(report))}
${section('Stress', stress(report))}
${section('Liquidation', liquidations(report))}
${section('How it is measured', `<ul class="notes">${METHOD.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join('')}</ul>`)}`,
  });
}

const STYLE = `
.use{min-width:7rem}
.use svg{display:block;width:100%;height:.7rem;border-radius:.2rem;background:var(--badge)}
.use rect{fill:var(--line)}.use .near{fill:var(--fall)}
.quiet.none{margin:.25rem 0}
td.grow{min-width:14rem}
td.use{padding-top:.6rem}
.uses th:nth-child(n+3):nth-child(-n+6),.losses th:nth-child(n+2),.tail th:nth-child(n+2),.components th:nth-child(n+2),.instruments th:nth-child(n+2):nth-child(-n+8),.stress th:nth-child(n+3):nth-child(-n+4),.liquidations th:nth-child(n+3){text-align:right}
@media (max-width:40rem){.use{min-width:4rem}}
`;

function header({ account, kind, provenance, currency, asOf, tradingState }: RiskReport, title: string): string {
  const said = `the ${kind} account ${account} in ${currency}, measured at ${timeText(asOf)} UTC; trading is ${tradingState}`;
  return `<header>
<h1>${escapeHtml(title)}</h1>
<p><span class="badge">${PROVENANCE_BADGES[provenance]}</span> ${escapeHtml(said)}</p>
</header>`;
}

function headline(report: RiskReport): string {
  const { equity, currency, losses, exposure } = report;
  const worst = knownWorst(report);
  const [nearest] = usesOf(report);
  const historical = report.tail.figures.find(
    (figure): figure is TailFigure =>
      !isRefused(figure) && figure.method === 'historical' && figure.confidence === 0.95,
  );
  const cards: [string, string, string][] = [
    [`Equity, ${currency}`, money(equity), ''],
    ['Profit of the day', lossText(losses.day), signClass(-(losses.day?.loss ?? 0))],
    ['Below the peak', losses.drawdown ? percentText(losses.drawdown.share) : NOT_KNOWN, ''],
    ['Gross exposure', orNotKnown(exposure.grossShare, percentText), ''],
    ['Net exposure', orNotKnown(exposure.netShare, percentText), ''],
    nearest ? [`Used of ${nearest.name}`, percentText(nearest.share), ''] : ['Nearest limit', 'none is used', ''],
    ['95 % of days lose less than', historical ? money(historical.valueAtRisk) : NOT_KNOWN, ''],
    [
      'Worst named scenario',
      worst === undefined ? NOT_KNOWN : money(worst),
      worst === undefined ? '' : signClass(worst),
    ],
  ];
  const items = cards.map(
    ([name, value, sign]) =>
      `<div><dt>${escapeHtml(name)}</dt><dd${sign ? ` class="${sign}"` : ''}>${escapeHtml(value)}</dd></div>`,
  );
  return `<dl class="cards">${items.join('')}</dl>`;
}

const knownWorst = ({ stress }: RiskReport): number | undefined => {
  const profits = stress.flatMap(({ profit }) => (profit === null ? [] : [profit]));
  return profits.length === 0 ? undefined : Math.min(...profits);
};

const NOT_KNOWN = 'not known';
const money = (value: number): string => decimalText(value, decimalsFor(Math.abs(value)));
const orNotKnown = (value: number | null, text: (value: number) => string): string =>
  value === null ? NOT_KNOWN : text(value);
const lossText = (loss: Loss | null): string =>
  loss ? `${money(-loss.loss)} (${changeText(-loss.share)})` : NOT_KNOWN;
const sentence = (text: string): string => `<p class="quiet none">${escapeHtml(text)}</p>`;
const signed = (value: number, text: string): Cell => ({ text, class: `number ${signClass(value)}`.trim() });
const number = (text: string): Cell => ({ text, class: 'number' });

function notes({ notes: sentences }: RiskReport): string {
  if (sentences.length === 0) return sentence('Nothing: every price is of this cycle, and the history goes up to it.');
  return `<ul class="notes">${sentences.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>`;
}

function limits(report: RiskReport): string {
  const { orderLimits, currency } = report;
  const uses = usesOf(report);
  if (uses.length === 0 && orderLimits.length === 0) return sentence('No limit is set.');
  return usesTable(uses) + orderLimitsTable(orderLimits, currency);
}

type NamedUse = LimitUse & { readonly name: string };

/** Of the limits and of what was armed, nearest to its threshold first. */
function usesOf({ limits: used, armed }: RiskReport): NamedUse[] {
  const uses: NamedUse[] = used.map(({ name, use }) => ({ name, ...use }));
  if (armed) uses.push({ ...armed, name: 'armed for live trading' });
  return uses.sort((a, b) => b.share - a.share);
}

/** From this share on a limit is drawn as near. */
const NEAR = 0.8;

function usesTable(uses: readonly NamedUse[]): string {
  if (uses.length === 0) return sentence('None of the limits that are set is used up by what is held or done.');
  const rows = uses.map(({ name, limit, used, room, share, unit, where }) => {
    const width = Math.max(0, Math.min(100, share * 100)).toFixed(1);
    const drawing = `<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect${share >= NEAR ? ' class="near"' : ''} width="${width}" height="10"/></svg>`;
    const cells = [percentText(share), amount(used, unit), amount(limit, unit), amount(room, unit)];
    return `<tr><th scope="row">${escapeHtml(name)}</th><td class="use">${drawing}</td>${cells.map((text) => `<td class="number">${escapeHtml(text)}</td>`).join('')}<td>${escapeHtml(where ?? 'the account')}</td></tr>`;
  });
  const head = ['Limit', '', 'Used', 'Amount', 'Limit at', 'Room', 'Where'];
  return `<div class="scroll" role="region" tabindex="0" aria-label="Use of the limits"><table class="uses"><caption>Nearest to its threshold first</caption>
<thead><tr>${head.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;
}

/** Counts as they are, money with its decimals. */
const amount = (value: number, unit: string): string =>
  `${Number.isInteger(value) ? decimalText(value, 0) : decimalText(value, decimalsFor(Math.abs(value)))} ${unit}`;

function orderLimitsTable(states: readonly LimitState[], currency: string): string {
  if (states.length === 0) return '';
  return `<br>${gridTable({
    caption: `Set, and held against each order by itself (money in ${currency})`,
    class: 'orders',
    columns: ['Limit', 'Set to', 'Owner', 'What an order fails with'],
    rowHeaders: true,
    rows: states.map(({ name, setting, owner, meaning }) => [
      name,
      settingText(setting),
      owner,
      { text: meaning, class: 'grow' },
    ]),
  })}`;
}

const settingText = (setting: unknown): string => (typeof setting === 'string' ? setting : JSON.stringify(setting));

function losses({ losses: { day, week, drawdown }, currency }: RiskReport): string {
  const row = (name: string, loss: Loss | null): Cell[] =>
    loss
      ? [
          name,
          number(money(loss.from)),
          signed(-loss.loss, money(-loss.loss)),
          signed(-loss.loss, changeText(-loss.share)),
        ]
      : [name, number(NOT_KNOWN), number(NOT_KNOWN), number(NOT_KNOWN)];
  return gridTable({
    caption: `Profit and loss in ${currency}, after fees and funding`,
    class: 'losses',
    columns: ['Since', 'From', 'Profit', 'Share'],
    rowHeaders: true,
    rows: [
      row('the day began (UTC)', day),
      row('the week began (Monday, UTC)', week),
      row('the highest equity', drawdown),
    ],
  });
}

function exposure({ exposure: of, currency, cash, freeCash }: RiskReport): string {
  const whole = pairsTable(`The account, in ${currency}`, [
    ['Gross: all positions and working orders', withShare(of.gross, of.grossShare)],
    ['Net: long minus short', withShare(of.net, of.netShare)],
    ['Cash', money(cash)],
    ['Cash that nothing holds', money(freeCash)],
    ['Working orders', `${of.workingOrders}, may open ${money(of.openOrderNotional)}`],
    ...of.groups.map(({ symbols, gross, limit }): [string, string] => [
      `Group ${symbols.join(', ')}`,
      `${orNotKnown(gross, money)} of ${money(limit)}`,
    ]),
  ]);
  if (of.instruments.length === 0) return `${whole}${sentence('Nothing is held, and no order works.')}`;
  return `${whole}<br>${gridTable({
    caption: 'By instrument, largest first',
    class: 'instruments',
    columns: [
      'Instrument',
      'Quantity',
      'Price',
      'Value',
      'Working buys',
      'Working sells',
      'Gross',
      'Share of equity',
      'Priced at (UTC)',
    ],
    rowHeaders: true,
    rows: of.instruments.map(
      ({ symbol, quantity, price, value, workingBuys, workingSells, gross, share, pricedAt }) => [
        symbol,
        number(decimalText(quantity, 6).replace(/\.?0+$/, '')),
        number(orNotKnown(price, money)),
        number(orNotKnown(value, money)),
        number(money(workingBuys)),
        number(money(workingSells)),
        number(orNotKnown(gross, money)),
        number(orNotKnown(share, percentText)),
        { text: pricedAt === null ? NOT_KNOWN : timeText(pricedAt), class: 'nowrap' },
      ],
    ),
  })}`;
}

const withShare = (value: number | null, share: number | null): string =>
  value === null ? NOT_KNOWN : `${money(value)} (${orNotKnown(share, percentText)} of equity)`;

function tail(report: RiskReport): string {
  const { figures, days, from, to } = report.tail;
  const known = figures.filter((figure): figure is TailFigure => !isRefused(figure));
  const refusals = figures.filter(isRefused);
  const history =
    from === null || to === null ? '' : sentence(`From ${days} daily returns, ${dateText(from)} to ${dateText(to)}.`);
  return `${history}${known.length > 0 ? figuresTable(known, report) : ''}${refusals.length > 0 ? refusalList(refusals) : ''}${profitChart(report)}${known.length > 0 ? componentsTable(known, report) : ''}`;
}

function figuresTable(known: readonly TailFigure[], { currency, equity }: RiskReport): string {
  const share = (value: number): string => (equity > 0 ? percentText(value / equity) : NOT_KNOWN);
  return gridTable({
    caption: `Loss over one day, in ${currency}`,
    class: 'tail',
    columns: ['Method', 'Confidence', 'Value at risk', 'of equity', 'Expected shortfall', 'of equity'],
    rowHeaders: true,
    rows: known.map(({ method, confidence, valueAtRisk, expectedShortfall }) => [
      method,
      number(`${confidence * 100} %`),
      number(money(valueAtRisk)),
      number(share(valueAtRisk)),
      number(money(expectedShortfall)),
      number(share(expectedShortfall)),
    ]),
  });
}

/** One line for each reason, naming what it keeps from being known. */
function refusalList(refusals: readonly RefusedFigure[]): string {
  const byReason = new Map<string, string[]>();
  for (const { method, confidence, because } of refusals)
    byReason.set(because, [...(byReason.get(because) ?? []), `${method} at ${confidence * 100} %`]);
  const items = [...byReason].map(
    ([because, which]) => `<li>${escapeHtml(`Not known by ${which.join(', ')}: ${because}.`)}</li>`,
  );
  return `<ul class="notes">${items.join('')}</ul>`;
}

function profitChart({ tail: { profits, figures }, provenance, currency }: RiskReport): string {
  if (profits.length < 2) return '';
  const historical = figures.find(
    (figure): figure is TailFigure =>
      !isRefused(figure) && figure.method === 'historical' && figure.confidence === CONFIDENCES[0],
  );
  const level = historical && -historical.valueAtRisk;
  const lowest = Math.min(...profits.map(({ profit }) => profit));
  return chartHtml({
    id: 'profits',
    title: `What is held now would have made on each day, in ${currency}`,
    description: `The worst of ${profits.length} days is ${money(lowest)}.${level === undefined ? '' : ` The dashed line is the historical value at risk at 95 %, ${money(level)}.`}`,
    badge: PROVENANCE_BADGES[provenance],
    kind: 'price',
    line: {
      times: profits.map(({ day }) => day),
      values: profits.map(({ profit }) => profit),
      scale: 1,
      length: profits.length,
    },
    ...(level === undefined ? {} : { level }),
    axis: 'value',
  });
}

function componentsTable(known: readonly TailFigure[], { currency }: RiskReport): string {
  const shown = known.filter(({ confidence }) => confidence === CONFIDENCES[0]);
  return gridTable({
    caption: `What each position adds to the value at risk at 95 %, in ${currency}: below zero it hedges the others`,
    class: 'components',
    columns: ['Position', 'Value', ...shown.map(({ method }) => method)],
    rowHeaders: true,
    rows: shown[0].positions.map(({ symbol, value }, at) => [
      symbol,
      number(money(value)),
      ...shown.map(({ positions }) => number(money(positions[at].componentValueAtRisk))),
    ]),
  });
}

function stress({ stress: outcomes, currency, exposure: { instruments } }: RiskReport): string {
  if (outcomes.length === 0)
    return sentence(
      instruments.some(({ quantity }) => quantity !== 0)
        ? 'Something that is held has no price: what the named days would do to it is not known.'
        : 'Nothing is held: no day would change anything.',
    );
  const covered = outcomes.filter(({ positions }) => positions.length > 0);
  const none = outcomes.filter(({ positions }) => positions.length === 0);
  const table = gridTable({
    caption: `What is held now, on days that happened: profit in ${currency}`,
    class: 'stress',
    columns: ['Scenario', 'Days', 'At the close', 'At its worst', 'Each position', 'Not covered'],
    rowHeaders: true,
    rows: covered.map((outcome) => [
      outcome.name,
      { text: daysText(outcome), class: 'nowrap' },
      outcome.profit === null ? number(NOT_KNOWN) : signed(outcome.profit, money(outcome.profit)),
      outcome.worst === null ? number(NOT_KNOWN) : signed(outcome.worst, money(outcome.worst)),
      {
        text: outcome.positions.map(({ symbol, change }) => `${symbol} ${changeText(change)}`).join(', '),
        class: 'grow',
      },
      outcome.missing.map(({ instrument, because }) => `${instrument}: ${because}`).join('; ') || 'none',
    ]),
  });
  return `${covered.length > 0 ? table : ''}${none.length > 0 ? notCovered(none) : ''}`;
}

function notCovered(outcomes: readonly StressOutcome[]): string {
  const names = outcomes.map((outcome) => `${outcome.name} (${daysText(outcome)})`).join(', ');
  return sentence(`Not covered by the bars of what is held: ${names}.`);
}

const daysText = ({ from, to }: StressOutcome): string => {
  const [first, last] = [dateText(from), dateText(to - 1)];
  return first === last ? first : `${first} to ${last}`;
};

function liquidations({ liquidations: distances, currency }: RiskReport): string {
  if (distances.length === 0) return sentence('No perpetual is held that the venue could close.');
  return gridTable({
    caption: `How far the price is from where the venue would close the position (margin in ${currency})`,
    class: 'liquidations',
    columns: ['Position', 'Side', 'Price', 'Liquidated at', 'Distance', 'Usual days of it', 'Margin', 'Required'],
    rowHeaders: true,
    rows: distances.map((one) => [
      `${one.instrument} of ${one.strategy}`,
      one.side,
      number(money(one.price)),
      number(money(one.liquidationPrice)),
      number(percentText(one.distance)),
      number(one.dailyVolatilities === null ? NOT_KNOWN : decimalText(one.dailyVolatilities, 1)),
      number(money(one.margin)),
      number(money(one.maintenanceMargin)),
    ]),
  });
}

const METHOD = [
  'Everything is measured at the last prices. Losses are after fees and funding.',
  'Gross exposure takes each instrument at the larger of its two sides, with the working orders that may open on it: what it could come to.',
  'Value at risk at 95 % is the loss that one day in twenty would pass, at 99 % one in a hundred; expected shortfall is the mean of the days beyond it. Historical: from the returns as they were. Variance–covariance: as if they were normal. Cornish–Fisher: normal, corrected for skewness and kurtosis.',
  'A stress takes the moves of recorded days, from the last close before them, on what is held now. At its worst means every position at its own worst price of those days, which need not have been at one time.',
  'All of it looks back. What has not happened in these days is not in these figures.',
];
