/**
 * Numbers that look random and follow from a seed, for resampling: never for secrets. The generator is xoshiro128** of D. Blackman and
 * S. Vigna, Scrambled Linear Pseudorandom Number Generators, ACM Transactions on Mathematical Software 47 (2021): a period of
 * 2^128 - 1, and only 32-bit integers, so that every machine draws the same.
 */
import { PlimsollError } from '../errors.ts';

export interface Random {
  /** A multiple of 2^-53 from 0 up to, and without, 1. */
  next(): number;
  /** A whole number from 0 up to, and without, `bound`, which is whole, 1 to 2^32; all are as likely to one part in 2^21. */
  below(bound: number): number;
}

const WORDS = 2 ** 32;

/** A generator of its own. Throws `RESEARCH_INPUT_INVALID` for a seed that is not whole, from 0 to 2^53 - 1. */
export function seededRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new PlimsollError('RESEARCH_INPUT_INVALID', `the seed is ${seed}`, 'pass a whole number from 0 to 2^53 - 1');
  }
  const word = xoshiro128(stateOf(seed));
  const next = (): number => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53;
  return { next, below: (bound) => Math.floor(next() * bound) };
}

/** The generator from its state of four 32-bit words, not all zero, which it changes: the next word, 0 to 2^32 - 1. */
export function xoshiro128(state: Uint32Array): () => number {
  return () => {
    const word = Math.imul(rotated(Math.imul(state[1], 5), 7), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotated(state[3], 11);
    return word;
  };
}

const rotated = (word: number, places: number): number => (word << places) | (word >>> (32 - places));

/** Both halves of the seed, twice each, in a chain: near seeds give states far apart, and no seed gives the state of zeros. */
function stateOf(seed: number): Uint32Array {
  const halves = [seed >>> 0, Math.floor(seed / WORDS)];
  const state = new Uint32Array(4);
  for (let k = 0, chain = 0; k < 4; k++) state[k] = chain = scattered(chain + 0x9e3779b9 + halves[k % 2]);
  return state;
}

/** The finalizer of A. Appleby's MurmurHash3: a bijection of 32-bit words in which each bit in moves half of those out. */
function scattered(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
