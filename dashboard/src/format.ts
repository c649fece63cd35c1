/** Figures as people read them. Decimal text is formatted digit for digit; it never passes through a float. */

const MINUS = '−';

export interface DecimalStyle {
  /** Digits after the point: rounded half away from zero to `most`, and filled with zeros up to `least`. */
  readonly least?: number;
  readonly most?: number;
  /** A plus before what is above zero. */
  readonly signed?: boolean;
}

/** Decimal text ("-69123.4567") grouped by thousands. Text that is no decimal comes back as it is. */
export function decimal(text: string, { least = 0, most = 8, signed = false }: DecimalStyle = {}): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!parts) return text;
  const [, minus, whole, fraction = ''] = parts;
  const rounded = roundDigits(whole, fraction, most);
  const digits = rounded.fraction.replace(/0+$/, '').padEnd(least, '0');
  const isZero = /^0*$/.test(rounded.whole + rounded.fraction);
  const sign = isZero ? '' : minus ? MINUS : signed ? '+' : '';
  const grouped = rounded.whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return sign + grouped + (digits ? `.${digits}` : '');
}

function roundDigits(whole: string, fraction: string, places: number): { whole: string; fraction: string } {
  if (fraction.length <= places) return { whole, fraction };
  const kept = BigInt(whole + fraction.slice(0, places)) + (fraction[places] >= '5' ? 1n : 0n);
  const digits = kept.toString().padStart(places + 1, '0');
  const point = digits.length - places;
  return { whole: digits.slice(0, point), fraction: digits.slice(point) };
}

/** Money in two digits, as an account is read; the exact text belongs beside it. */
export const money = (text: string, signed = false): string => decimal(text, { least: 2, most: 2, signed });

/** -1, 0 or 1, from the text alone. */
export function signOf(text: string): -1 | 0 | 1 {
  if (!/[1-9]/.test(text)) return 0;
  return text.startsWith('-') ? -1 : 1;
}

/** A fraction as per cent. */
export const percent = (fraction: number, digits = 2): string =>
  `${(fraction * 100).toFixed(digits).replace('-', MINUS)} %`;

/** A figure that is a float already, as those of a backtest are. */
export const number = (value: number, digits = 2): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace('-', MINUS);

const timeFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayYearFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** In the viewer's zone; the day where it is not today. */
export function localTime(ms: number, now: number): string {
  const [date, today] = [new Date(ms), new Date(now)];
  if (date.toDateString() === today.toDateString()) return timeFormat.format(date);
  const day = date.getFullYear() === today.getFullYear() ? dayFormat : dayYearFormat;
  return `${day.format(date)}, ${timeFormat.format(date)}`;
}

export const utcTime = (ms: number): string =>
  `${new Date(ms).toISOString().replace('T', ' ').replace('.000Z', '')} UTC`;

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A length of time in its largest unit: "3 min". */
export function duration(ms: number): string {
  const [unit, length] = UNITS.find(([, size]) => ms >= size) ?? ['ms', 1];
  return `${Math.floor(ms / length)} ${unit}`;
}
