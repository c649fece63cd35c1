/** A chart as inline SVG. The drawing is stretched to its place; labels are text of the page, so that they stay readable. */
import { CHART, type Line, pathOf, point, type Range, rangeOf, ticksOf, xOf, yOf } from './series.ts';
import { dateText, decimalText, escapeHtml, timeText } from './text.ts';

export interface Mark {
  readonly kind: 'entry-long' | 'entry-short' | 'exit';
  readonly time: number;
  readonly value: number;
}

export interface ChartInput {
  /** Unique on the page; letters, digits and dashes. */
  readonly id: string;
  readonly title: string;
  /** What a person sees in it, in words. */
  readonly description: string;
  /** Shown beside the title: where the figures come from. */
  readonly badge: string;
  readonly line: Line;
  /** A line, one over a filled area, or one below a filled area. */
  readonly kind: 'price' | 'equity' | 'depth';
  /** A value that is drawn as a level: the deposit. */
  readonly level?: number;
  readonly marks?: readonly Mark[];
  readonly axis: 'value' | 'percent';
}

/** Marks of one kind that are drawn: one for each column of this many, however many trades there are. */
const MARK_COLUMNS = 250;
/** Beyond this many they are drawn smaller. */
const MARKS_AT_FULL_SIZE = 100;

/** A figure with its caption, drawing and axes. */
export function chartHtml(chart: ChartInput): string {
  const { id, line } = chart;
  const range = rangeOf(line, valuesBeside(chart));
  const title = escapeHtml(chart.title);
  return `<figure class="chart">
<figcaption>${title} <span class="badge">${escapeHtml(chart.badge)}</span></figcaption>
<div class="plot">
<svg viewBox="0 0 ${CHART.width} ${CHART.height}" preserveAspectRatio="none" role="img" aria-labelledby="${id}-title ${id}-description"><title id="${id}-title">${title}</title><desc id="${id}-description">${escapeHtml(chart.description)}</desc>
${drawing(chart, range)}</svg>
${valueAxis(chart, range)}
${timeAxis(range)}
</div>${legend(chart)}
</figure>`;
}

/** What must be in sight beside the line. */
function* valuesBeside({ kind, level, marks }: ChartInput): Generator<number> {
  if (kind === 'depth') yield 0;
  if (level !== undefined) yield level;
  for (const mark of marks ?? []) yield mark.value;
}

function drawing({ kind, line, level, marks }: ChartInput, range: Range): string {
  const path = pathOf(line, range);
  const grid = ticksOf(range).values.map((tick) => `M0 ${yOf(range, tick).toFixed(1)}H${CHART.width}`);
  const base = yOf(range, kind === 'depth' ? 0 : range.low).toFixed(1);
  const end = xOf(range, line.times[line.length - 1]).toFixed(1);
  const parts = [
    `<path class="grid" d="${grid.join('')}"/>`,
    kind !== 'price' && `<path class="area ${kind}" d="${path}V${base}H${xOf(range, line.times[0])}Z"/>`,
    `<path class="stroke ${kind}" d="${path}"/>`,
    level === undefined ? '' : `<path class="level" d="M0 ${yOf(range, level).toFixed(1)}H${end}"/>`,
    ...markPaths(marks ?? [], range),
  ];
  return parts.filter(Boolean).join('\n');
}

/** Points without length: their round or square caps are the marks, of one size in every stretch. */
function markPaths(marks: readonly Mark[], range: Range): string[] {
  const paths = { exit: '', 'entry-long': '', 'entry-short': '' };
  const taken = new Set<string>();
  for (const { kind, time, value } of marks) {
    const column = `${kind}${Math.floor((xOf(range, time) / CHART.width) * MARK_COLUMNS)}`;
    if (taken.has(column)) continue;
    taken.add(column);
    paths[kind] += `M${point(range, time, value)}h0`;
  }
  const size = taken.size > MARKS_AT_FULL_SIZE ? ' small' : '';
  return Object.entries(paths).flatMap(([kind, path]) =>
    path ? [`<path class="mark ${kind}${size}" d="${path}"/>`] : [],
  );
}

function valueAxis({ axis }: ChartInput, range: Range): string {
  const { values, decimals } = ticksOf(range);
  const labels = values.map((tick) => {
    const top = (yOf(range, tick) / CHART.height) * 100;
    const text =
      axis === 'percent' ? `${decimalText(tick * 100, Math.max(0, decimals - 2))} %` : decimalText(tick, decimals);
    return `<span style="top:${top.toFixed(2)}%">${text}</span>`;
  });
  return `<div class="values" aria-hidden="true">${labels.join('')}</div>`;
}

/** Spans shorter than this have times on their axis, longer ones dates. */
const CLOCK_SPAN_MS = 3 * 86_400_000;

function timeAxis({ from, to }: Range): string {
  const text = to - from < CLOCK_SPAN_MS ? timeText : dateText;
  const labels = [0, 0.25, 0.5, 0.75, 1].map((share) => `<span>${text(Math.round(from + share * (to - from)))}</span>`);
  return `<div class="times" aria-hidden="true">${labels.join('')}</div>`;
}

const MARK_NAMES = { 'entry-long': 'entry, long', 'entry-short': 'entry, short', exit: 'exit' } as const;

function legend({ marks }: ChartInput): string {
  if (!marks || marks.length === 0) return '';
  const kinds = (['entry-long', 'entry-short', 'exit'] as const).filter((kind) =>
    marks.some((mark) => mark.kind === kind),
  );
  const items = kinds.map((kind) => {
    const count = marks.filter((mark) => mark.kind === kind).length;
    return `<li><svg viewBox="0 0 12 12" aria-hidden="true"><path class="mark ${kind}" d="M6 6h0"/></svg>${MARK_NAMES[kind]} (${count})</li>`;
  });
  return `\n<ul class="legend">${items.join('')}</ul>`;
}
