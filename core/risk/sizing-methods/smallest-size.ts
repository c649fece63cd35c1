import { type Size, sizeOf } from './size.ts';

export interface ChosenSize {
  /** Of equity; 0 is no size. */
  readonly fraction: number;
  /** The method that set it; undefined where none was asked. */
  readonly method: Size['method'] | undefined;
  readonly because: string;
  /** All that were compared, in the order in which they came, so that a decision can show them. */
  readonly candidates: readonly Size[];
}

/**
 * The smallest of the sizes; the first of equals. It fails closed: one method without a size is no size for all, since what it could
 * not measure is not known to be small.
 */
export function smallestSize(sizes: readonly Size[]): ChosenSize {
  const candidates = sizes.map((size) => sizeOf(size.method, size.fraction, size.because));
  if (candidates.length === 0)
    return { fraction: 0, method: undefined, because: 'no sizing method is configured', candidates };
  const smallest = candidates.reduce((least, size) => (size.fraction < least.fraction ? size : least));
  return { fraction: smallest.fraction, method: smallest.method, because: smallest.because, candidates };
}
