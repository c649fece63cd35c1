import { invariant } from '../errors.ts';
import type { FoldedBody } from './fold-body.ts';
import { ceilDivide, type Ratio } from './fold-numbers.ts';

/** More than any price, quantity or money has. A damaged number of decimals must not become a power that fills the memory. */
const DECIMALS = { most: 32 };

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

/** From the body of an event that lists an instrument. */
export function instrumentOf(body: FoldedBody): FoldedInstrument {
  const multiplier = body.ratio('multiplier');
  const price = body.count('priceDecimals', DECIMALS);
  const shift = price + body.count('quantityDecimals', DECIMALS) - body.count('moneyDecimals', DECIMALS);
  const type = body.text('type');
  return {
    symbol: body.text('symbol'),
    isPerpetual: type === 'linear-perpetual' || type === 'currency-pair',
    numerator: multiplier.digits * 10n ** BigInt(Math.max(0, -shift)),
    divisor: multiplier.scale * 10n ** BigInt(Math.max(0, shift)),
    makerFee: rateOf(body.ratio('makerFeeBps')),
    takerFee: rateOf(body.ratio('takerFeeBps')),
    borrowRate: rateOf(body.ratio('borrowBpsPerYear')),
    halted: false,
  };
}

/** Basis points as millionths, rounded up. */
export const rateOf = ({ digits, scale }: Ratio): bigint => ceilDivide(digits * 100n, scale);

/** A scaled integer from the text of an event. */
export function scaledByHand(text: unknown): bigint {
  invariant(typeof text === 'string' && /^-?\d+$/.test(text), `${String(text)} is a scaled integer as text`);
  return BigInt(text);
}
