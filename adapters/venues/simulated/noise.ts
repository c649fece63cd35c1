/**
 * Noise that is the same on every machine: 32-bit integer hashing, and float64 arithmetic that IEEE 754 rounds in one way
 * (+ − × ÷ and the square root, which every engine takes from the processor). Math.log, Math.exp and Math.pow may differ in
 * the last bit between engines, so their places are taken by a series and a table here.
 */

/** Two 32-bit words that name a place in the path; everything random there is drawn from them. */
export interface HashState {
  readonly a: number;
  readonly b: number;
}

/** A finalizer of 32 bits with full avalanche (the "lowbias32" constants of C. Wellons' hash prospector). */
export function mix32(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}

/** One word of 32 bits from two. */
export function mixPair(a: number, b: number): number {
  return mix32(a ^ Math.imul(b, 0x9e3779b1));
}

/** A state from text, character by character. */
export function hashText(text: string): HashState {
  let a = 0x2545f491;
  let b = 0x6c8e9cf5;
  for (let i = 0; i < text.length; i++) {
    a = mix32(a ^ Math.imul(text.charCodeAt(i) + 1, 0x9e3779b1));
    b = mix32((b + a) ^ i);
  }
  return { a, b };
}

/** The state of the `index`th thing under a state. `index` is a whole number below 2^53. */
export function hashChild(state: HashState, index: number): HashState {
  const high = Math.floor(index / 4294967296);
  const a = mixPair(state.a, (index >>> 0) + 1);
  const b = mix32(state.b ^ Math.imul(a, 0x85ebca6b) ^ mix32(high));
  return { a, b };
}

/** Draws from one state, in order. Reused over millions of places: `seed` starts it again. */
export class Draws {
  #counter = 0;
  #salt = 0;

  seed(a: number, b: number): void {
    this.#counter = a;
    this.#salt = b;
  }

  /** 32 bits, unsigned. */
  bits(): number {
    this.#counter = (this.#counter + 0x9e3779b9) | 0;
    return mix32(mix32(this.#counter) ^ this.#salt) >>> 0;
  }

  /** Uniform on (−1, 1), never an end. */
  symmetric(): number {
    return (this.bits() + 0.5) / 2147483648 - 1;
  }

  /** Mean 0, variance 1: the sum of four uniforms of 16 bits (Irwin–Hall), so at most 3.46 in size. */
  bell(): number {
    const first = this.bits();
    const second = this.bits();
    const sum = (first & 0xffff) + (first >>> 16) + (second & 0xffff) + (second >>> 16);
    return (sum - 131070) / BELL_DEVIATION;
  }

  /** Exponential with mean 1, at most 22.2 (that of the smallest of 2^32 uniforms). */
  exponential(): number {
    return -naturalLog((this.bits() + 1) / 4294967296);
  }
}

/** Standard deviation of the sum of four uniforms on 0…65535: √(4 (65536² − 1) / 12). */
const BELL_DEVIATION = 37837.22746538498;

/** ln x for x in (0, 1], to 2e-9: the range reduced to [1, 2) by doubling, then the series of the area tangent. */
export function naturalLog(x: number): number {
  let mantissa = x;
  let halvings = 0;
  while (mantissa < 1) {
    mantissa *= 2;
    halvings++;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const q = s * s;
  const series = 1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q * (1 / 13 + q * (1 / 15)))))));
  return 2 * s * series - halvings * Math.LN2;
}

const KNOTS = 256;
const TABLE_BITS = 50;

/** 2^(i/256) × 2^50 as whole numbers, from integer square roots, so that no engine's rounding enters. */
const EXP2_TABLE: Float64Array = exp2Table();

const POWERS_OF_TWO: Float64Array = Float64Array.from({ length: 64 }, (_, k) => 2 ** (k - TABLE_BITS));

/**
 * 2^x rounded to a whole number, for x in [0, 52], with straight lines between 256 knots an octave (within 1e-6 of the power).
 * Never decreasing in x: the knots are whole numbers, so their differences are exact, and rounding keeps order. That is what
 * lets a bar be built from logarithms without ever having a high below its close.
 */
export function wholeExp2(x: number): number {
  const octave = Math.floor(x);
  const position = (x - octave) * KNOTS;
  const knot = Math.floor(position);
  const low = EXP2_TABLE[knot];
  const value = low + (EXP2_TABLE[knot + 1] - low) * (position - knot);
  return Math.floor(value * POWERS_OF_TWO[octave] + 0.5);
}

/** The x whose {@link wholeExp2} is `value`, for values from 1 to 2^52, to the nearest of 2^-30. */
export function inverseExp2(value: number): number {
  let low = 0;
  let high = 52;
  for (let step = 0; step < 36; step++) {
    const middle = (low + high) / 2;
    if (wholeExp2(middle) < value) low = middle;
    else high = middle;
  }
  return high;
}

function exp2Table(): Float64Array {
  const bits = 120n;
  let root = 2n << bits;
  for (let halving = KNOTS; halving > 1; halving /= 2) root = integerRoot(root << bits);
  const table = new Float64Array(KNOTS + 1);
  let power = 1n << bits;
  for (let i = 0; i < KNOTS; i++) {
    table[i] = Number(power >> (bits - BigInt(TABLE_BITS)));
    power = (power * root) >> bits;
  }
  table[KNOTS] = 2 ** (TABLE_BITS + 1);
  return table;
}

function integerRoot(value: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
