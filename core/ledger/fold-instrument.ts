import { invariant } from '../errors.ts';
import { ceilDivide } from './fold-numbers.ts';

/** What the fold needs to know of an instrument. */
export interface FoldedInstrument {
  readonly symbol: string;
  readonly isPerpetual: boolean;
  /** Money of `quantity × price` is `quantity × price × numerator / divisor`. */
  readonly numerator: bigint;
  readonly divisor: bigint;
  /** Millionths of the notional. */
  readonly makerFee: bigint;
  readonly takerFee: bigint;
  /** Millionths of the value, a year. */
  readonly borrowRate: bigint;
  /** By a person: nothing is opened in it. */
  halted: boolean;
}

/** From the body of an InstrumentListed event. */
export function instrumentOf(body: Record<string, unknown>): FoldedInstrument {
  const multiplier = decimalOf(body.multiplier);
  const shift = Number(body.priceDecimals) + Number(body.quantityDecimals) - Number(body.moneyDecimals);
  return {
    symbol: String(body.symbol),
    isPerpetual: body.type === 'linear-perpetual' || body.type === 'currency-pair',
    numerator: multiplier.digits * 10n ** BigInt(Math.max(0, -shift)),
    divisor: multiplier.scale * 10n ** BigInt(Math.max(0, shift)),
    makerFee: rateOf(body.makerFeeBps),
    takerFee: rateOf(body.takerFeeBps),
    borrowRate: rateOf(body.borrowBpsPerYear),
    halted: false,
  };
}

/** Basis points as millionths, rounded up. */
export function rateOf(bps: unknown): bigint {
  const { digits, scale } = decimalOf(bps);
  return ceilDivide(digits * 100n, scale);
}

/** A scaled integer from the text of an event. */
export function scaledByHand(text: unknown): bigint {
  invariant(typeof text === 'string' && /^-?\d+$/.test(text), `${String(text)} is a scaled integer as text`);
  return BigInt(text);
}

/** A number of JSON, exactly as its shortest decimal: `digits / scale`. */
function decimalOf(value: unknown): { digits: bigint; scale: bigint } {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  invariant(match, `${String(value)} is a number`);
  const fraction = match[3] ?? '';
  const exponent = Number(match[4] ?? 0) - fraction.length;
  const digits = BigInt(match[2] + fraction) * (match[1] ? -1n : 1n);
  return exponent >= 0
    ? { digits: digits * 10n ** BigInt(exponent), scale: 1n }
    : { digits, scale: 10n ** BigInt(-exponent) };
}
