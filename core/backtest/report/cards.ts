import { escapeHtml } from './text.ts';

/** Its name, its value, and the class of its sign, '' where it has none. */
export type Card = readonly [name: string, value: string, sign: string];

/** The figures of a report that are looked at first. */
export function cardList(cards: readonly Card[]): string {
  const items = cards.map(
    ([name, value, sign]) =>
      `<div><dt>${escapeHtml(name)}</dt><dd${sign ? ` class="${sign}"` : ''}>${escapeHtml(value)}</dd></div>`,
  );
  return `<dl class="cards">${items.join('')}</dl>`;
}
