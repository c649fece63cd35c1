/** How a report writes text and numbers. Everything that is not ours goes through {@link escapeHtml}. */
import { formatInstant } from '../../market/civil.ts';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as it may stand in an element or in a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]);

/** What stands where a figure is not defined. */
const UNDEFINED = '–';

/** 1234567.891 as `1,234,567.89`; a true minus sign. */
export function decimalText(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return UNDEFINED;
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** Decimals that show four digits of small figures and two of all others. */
export const decimalsFor = (size: number): number =>
  size >= 1 || !(size > 0) ? 2 : Math.min(12, 3 - Math.floor(Math.log10(size)));

/** A fraction as `12.34 %`. */
export const percentText = (fraction: number): string =>
  Number.isFinite(fraction) ? `${decimalText(fraction * 100, 2)} %` : UNDEFINED;

/** As {@link percentText}, with a sign also where it is positive. */
export const changeText = (fraction: number): string =>
  fraction > 0 ? `+${percentText(fraction)}` : percentText(fraction);

export const ratioText = (value: number): string => decimalText(value, 2);

export const countText = (value: number): string => decimalText(value, 0);

/** `2024-02-07 22:03` UTC; seconds only where there are some. */
export const timeText = (ms: number): string =>
  formatInstant(ms)
    .replace('T', ' ')
    .replace(/(:00)?Z$/, '');

export const dateText = (ms: number): string => formatInstant(ms).slice(0, 10);

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** The two largest units of a length of time: `12 d 4 h`. */
export function durationText(ms: number): string {
  const first = UNITS.findIndex(([, length]) => ms >= length);
  if (first < 0) return '0 s';
  let rest = ms;
  const parts: string[] = [];
  for (const [unit, length] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${countText(count)} ${unit}`);
  }
  return parts.join(' ');
}

/** The class by which a figure is coloured; its sign is in its text as well. */
export const signClass = (value: number): string => (value > 0 ? 'up' : value < 0 ? 'down' : '');
