/** Amounts as a venue writes them: decimals in text, of any length. */
import { PlimsollError } from '../../errors.ts';
import { EXACT_LIMIT } from '../../numbers.ts';

/** Decimals in which a venue's and the ledger's amounts are compared. */
export const COMPARED_DECIMALS = 18;

const DECIMAL = /^(-?)(\d{1,40})(?:\.(\d{0,60}))?$/;

/** An amount in units of 10^-`decimals`; what is finer is rounded up. Throws `VENUE_ANSWER_MALFORMED`. */
export function unitsOf(text: string, decimals: number): bigint {
  const match = DECIMAL.exec(text);
  if (!match) {
    throw new PlimsollError(
      'VENUE_ANSWER_MALFORMED',
      `the venue gave "${text.slice(0, 40)}" for an amount`,
      'look at the venue’s answer; nothing new is opened until it can be read',
    );
  }
  const fraction = (match[3] ?? '').padEnd(decimals, '0');
  const whole = BigInt(match[2] + fraction.slice(0, decimals));
  const isFiner = /[1-9]/.test(fraction.slice(decimals));
  if (match[1] === '-') return -whole;
  return isFiner ? whole + 1n : whole;
}

/** The same as a scaled integer. */
export function scaledOf(text: string, decimals: number): number {
  const units = Number(unitsOf(text, decimals));
  if (Math.abs(units) < EXACT_LIMIT) return units;
  throw new PlimsollError(
    'VENUE_ANSWER_MALFORMED',
    `the venue gave an amount of ${text}, which cannot be counted exactly`,
    'look at the venue’s answer; nothing new is opened until it can be read',
  );
}

/** A scaled integer in the units in which amounts are compared. */
export const comparable = (scaled: number, decimals: number): bigint =>
  BigInt(scaled) * 10n ** BigInt(COMPARED_DECIMALS - decimals);

/** Compared units as a decimal, without trailing zeros. */
export function decimalOf(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(COMPARED_DECIMALS + 1, '0');
  const fraction = digits.slice(-COMPARED_DECIMALS).replace(/0+$/, '');
  const whole = digits.slice(0, -COMPARED_DECIMALS);
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
