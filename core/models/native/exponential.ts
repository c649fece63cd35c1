/**
 * The exponential function, rounded to the nearest number but for some 1 in 10,000 of its values: `Math.exp` may be off by a unit in the
 * last place, by another one in each engine, and a library's own function by one in the other direction.
 *
 * The method is P. T. P. Tang's ("Table-driven implementation of the exponential function in IEEE floating-point arithmetic", ACM
 * Transactions on Mathematical Software 15(2), 1989): x = (64m + j) ln 2/64 + r gives eˣ = 2ᵐ 2^(j/64) eʳ, with |r| ≤ ln 2/128. What is lost
 * in the reduction, in the table and in their product is kept in second numbers (T. J. Dekker, Numerische Mathematik 18, 1971), so that
 * before the last rounding the error is some 2⁻⁶⁸, where half a unit is 2⁻⁵³.
 */

/** Entries of the table, a power of two. */
const STEPS = 64;
/** Beyond these the result is 0, or too large. */
const LEAST = -746;
const MOST = 710;

/** Of the fixed-point numbers that the constants are cut from. */
const BITS = 128n;
const ONE = 1n << BITS;

/** As a number of the sum of 2^-bits ones. */
const scaled = (value: bigint, bits = BITS): number => Number(value) / 2 ** Number(bits);

/** ln 2 = 2 Σ 3^-(2k+1) / (2k+1). */
function naturalLogOfTwo(): bigint {
  let sum = 0n;
  for (let power = (2n * ONE) / 3n, odd = 1n; power > 0n; power /= 9n, odd += 2n) sum += power / odd;
  return sum;
}

/** ln 2/64 in three parts: a multiple of the first two with 17 bits is exact. */
function stepParts(): readonly [number, number, number] {
  const step = naturalLogOfTwo() / BigInt(STEPS);
  const [first, second] = [42n, 78n];
  const upTo = (bits: bigint): bigint => step >> (BITS - bits);
  const middle = upTo(second) - (upTo(first) << (second - first));
  const low = step - (upTo(second) << (BITS - second));
  return [scaled(upTo(first), first), scaled(middle, second), scaled(low)];
}

/** By j, 2^(j/64) in two parts, of which the first has 24 bits. */
function powerTable(): { readonly heads: Float64Array; readonly tails: Float64Array } {
  let root = 2n * ONE;
  for (let roots = STEPS; roots > 1; roots /= 2) root = integerRoot(root << BITS);
  const heads = new Float64Array(STEPS);
  const tails = new Float64Array(STEPS);
  const headBits = 23n;
  for (let j = 0, power = ONE; j < STEPS; j++, power = (power * root) >> BITS) {
    heads[j] = Math.fround(scaled(power));
    tails[j] = scaled(power - (BigInt(heads[j] * 2 ** Number(headBits)) << (BITS - headBits)));
  }
  return { heads, tails };
}

/** Newton's method from above. */
function integerRoot(value: bigint): bigint {
  let root = 2n * ONE;
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

const [STEP_HIGH, STEP_MIDDLE, STEP_LOW] = stepParts();
const STEPS_PER_UNIT = STEPS / Math.LN2;
const { heads: HEADS, tails: TAILS } = powerTable();

/**
 * eˣ, within 0.501 units in the last place where it is 2^-1022 or more, and within 1 below. As `Math.exp` of NaN and the infinities.
 */
export function exponential(x: number): number {
  if (!(x > LEAST && x < MOST)) return x > 0 ? Number.POSITIVE_INFINITY : x < 0 ? 0 : Number.NaN;
  const k = Math.round(x * STEPS_PER_UNIT);
  // r + lost = x - k ln 2/64: the first difference and both products are exact, and the sum is Knuth's.
  const near = x - k * STEP_HIGH;
  const further = -k * STEP_MIDDLE;
  const r = near + further;
  const moved = r - near;
  const lost = near - (r - moved) + (further - moved) - k * STEP_LOW;
  // eʳ - 1 - r, by Taylor; the next term is below 2^-64.
  const curve = r * r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r / 720))));
  const rest = lost + lost * r + curve;
  const j = k & (STEPS - 1);
  const head = HEADS[j];
  const tail = TAILS[j];
  // (head + tail)(1 + r + rest): of 24 bits each, the products of the heads are exact.
  const coarse = Math.fround(r);
  const product = head * coarse;
  const sum = head + product;
  const dropped = product - (sum - head);
  const small = head * (r - coarse) + (tail + tail * r + (head + tail) * rest);
  const value = sum + (dropped + small);
  // In two steps, since 2^m itself may be too large or too small a number.
  const m = (k - j) / STEPS;
  const half = m >> 1;
  return value * 2 ** half * 2 ** (m - half);
}
