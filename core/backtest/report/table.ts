import { escapeHtml } from './text.ts';

/** A cell: plain text, or text with a class of ours. */
export type Cell = string | { readonly text: string; readonly class: string };

/** A table of names and values, the names as row headers. */
export function pairsTable(caption: string, rows: readonly (readonly [string, Cell])[]): string {
  const body = rows.map(([name, cell]) => `<tr><th scope="row">${escapeHtml(name)}</th>${cellHtml(cell)}</tr>`);
  return `<table class="numbers"><caption>${escapeHtml(caption)}</caption><tbody>${body.join('')}</tbody></table>`;
}

export interface GridTable {
  readonly caption: string;
  readonly class: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Whether the first cell of a row is its header. */
  readonly rowHeaders: boolean;
}

/** A table in a box that scrolls by itself where the page is narrower than it; it can be reached by keyboard. */
export function gridTable(table: GridTable): string {
  const head = table.columns.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join('');
  const body = table.rows
    .map((row) => `<tr>${row.map((cell, k) => gridCell(table, cell, k)).join('')}</tr>`)
    .join('\n');
  const caption = escapeHtml(table.caption);
  return `<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table class="${table.class}"><caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody></table></div>`;
}

function gridCell(table: GridTable, cell: Cell, column: number): string {
  if (column > 0 || !table.rowHeaders) return cellHtml(cell);
  return `<th scope="row">${escapeHtml(typeof cell === 'string' ? cell : cell.text)}</th>`;
}

function cellHtml(cell: Cell): string {
  if (typeof cell === 'string') return `<td>${escapeHtml(cell)}</td>`;
  const attribute = cell.class === '' ? '' : ` class="${cell.class}"`;
  return `<td${attribute}>${escapeHtml(cell.text)}</td>`;
}
