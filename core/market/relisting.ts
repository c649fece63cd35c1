/** An instrument as its venue defines it now, against how an account has counted in it until now. */
import { invariant } from '../errors.ts';
import type { Instrument } from './instrument.ts';

export type Relisting =
  | { readonly kind: 'same' }
  /** The next version, in the units of the one that is known, and what is another in it. */
  | { readonly kind: 'changed'; readonly instrument: Instrument; readonly fields: readonly FieldChange[] }
  /** It means something else now: the figures of a ledger cannot go on in it. */
  | { readonly kind: 'incompatible'; readonly fields: readonly FieldChange[] };

export interface FieldChange {
  readonly field: keyof Instrument;
  /** Undefined where it had, or has, none. */
  readonly from: string | number | undefined;
  readonly to: string | number | undefined;
}

/** What gives an account's figures their meaning. */
const MEANING = ['type', 'base', 'quote', 'settlement', 'multiplier', 'expiry', 'calendar'] as const;
/** Rules that hold from the next order on. */
const RULES = [
  'tickSize',
  'lotSize',
  'minQuantity',
  'minNotional',
  'makerFeeBps',
  'takerFeeBps',
  'initialMarginBps',
  'maintenanceMarginBps',
  'fundingIntervalMs',
  'borrowBpsPerYear',
] as const;

/**
 * Compares the two. A venue that counts more finely, or more coarsely, than before changes no decimals here: they are those of every
 * figure in the ledger, so its steps are kept in them, as the smallest multiple of ours that is one of its own. Both must be of one
 * venue and symbol, and count money alike.
 */
export function relist(known: Instrument, listed: Instrument): Relisting {
  invariant(
    known.venue === listed.venue && known.symbol === listed.symbol && known.moneyDecimals === listed.moneyDecimals,
    `${listed.symbol} is held against itself`,
  );
  const meaning = changesOf(known, listed, MEANING);
  if (meaning.length > 0) return { kind: 'incompatible', fields: meaning };
  const inOurs = { ...listed, ...stepsOf(known, listed) };
  const fields = changesOf(withSteps(known), inOurs, RULES);
  if (fields.length === 0) return { kind: 'same' };
  const { priceDecimals, quantityDecimals, version } = known;
  return { kind: 'changed', instrument: { ...inOurs, priceDecimals, quantityDecimals, version: version + 1 }, fields };
}

function changesOf(from: Instrument, to: Instrument, fields: readonly (keyof Instrument)[]): FieldChange[] {
  return fields.flatMap((field) => (from[field] === to[field] ? [] : [{ field, from: from[field], to: to[field] }]));
}

type Steps = Required<Pick<Instrument, 'tickSize' | 'lotSize' | 'minQuantity' | 'minNotional'>>;

const withSteps = (of: Instrument): Instrument & Steps => ({
  ...of,
  tickSize: of.tickSize ?? 1,
  lotSize: of.lotSize ?? 1,
  minQuantity: of.minQuantity ?? 0,
  minNotional: of.minNotional ?? 0,
});

/** The steps and least sizes that are listed, in the decimals that are known. */
function stepsOf(known: Instrument, listed: Instrument): Steps {
  const { tickSize, lotSize, minQuantity, minNotional } = withSteps(listed);
  const finer = listed.quantityDecimals - known.quantityDecimals;
  return {
    tickSize: stepIn(tickSize, listed.priceDecimals - known.priceDecimals),
    lotSize: stepIn(lotSize, finer),
    minQuantity: finer > 0 ? Math.ceil(minQuantity / 10 ** finer) : minQuantity * 10 ** -finer,
    minNotional,
  };
}

/** A step that counts `finer` decimals more than we do, as the smallest count of ours that is a whole number of it. */
function stepIn(step: number, finer: number): number {
  return finer > 0 ? step / greatestCommonDivisor(step, 10 ** finer) : step * 10 ** -finer;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
