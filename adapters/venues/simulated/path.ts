/**
 * The simulated price and volume of one instrument: a tree over time, whose every node is a bar.
 *
 * A node knows its open, high, low and close (base-2 logarithms of the scaled price), its variance and its volume, and
 * splits into two children that add up to it: one has its high, one its low, the first has its open and the last its close.
 * What a child gets is drawn from a hash of its place alone. So any bar of any length is found from the root in about thirty
 * splits without what came before it, and bars of one length add up exactly to those of another.
 *
 * Where a node is cut, the price is that of a Brownian bridge, and the child without the node's high or low has that of its own
 * bridge. The variance is cut unevenly at every scale (the multiplicative cascade of Mandelbrot, Fisher and Calvet, "A
 * Multifractal Model of Asset Returns", 1997): that is where quiet and wild months, clustered volatility and fat tails come
 * from. Volume follows variance. Roots of 1,024 days hang between anchors near the instrument's reference price, so that the
 * price stays within a fixed band for ever.
 */
import { Draws, type HashState, hashChild, hashText, inverseExp2, mixPair, naturalLog } from './noise.ts';

export interface PathParameters {
  /** Everything else being equal, another seed is another world. */
  readonly seed: string;
  /** What the price stays near, as a scaled integer. It is within a factor of 16 of it, up and down, for ever. */
  readonly referencePrice: number;
  /** Standard deviation of a year's logarithmic return: 0.6 is 60 %. */
  readonly annualVolatility: number;
  /** The usual volume of a day, as a scaled quantity. */
  readonly dailyVolume: number;
  /** Scaled quantity of one unit: 10^quantityDecimals. */
  readonly quantityScale: number;
}

/** Receives the nodes that make up what was asked for, in order of time. Prices are base-2 logarithms. */
export type NodeSink = (bucket: number, open: number, high: number, low: number, close: number, volume: number) => void;

const SECONDS_A_DAY = 86_400;
const DAYS_A_ROOT = 1_024;
const ROOT_SECONDS = DAYS_A_ROOT * SECONDS_A_DAY;
const SECONDS_A_YEAR = 365.25 * SECONDS_A_DAY;

/** Lengths at which the tree meets the clock, in seconds, each a multiple of the next: 1d, 4h, 1h, 15m, 5m, 1m, 1s. */
const UNITS: readonly number[] = [SECONDS_A_DAY, 14_400, 3_600, 900, 300, 60, 1];

/** Octaves between a root's anchors and the reference price, at most. */
const ANCHOR_OCTAVES = 1.25;
/** Octaves that the price may ever be from the reference price. */
const BAND_OCTAVES = 4;
/** How unevenly variance is cut in two: 0.5 leaves a half with a quarter to three quarters. */
const CASCADE = 0.5;
/**
 * High and low are drawn apart from the cut, and folding the cut between them makes it smaller than a bridge's. These two, found
 * by measurement over eight worlds, bring the volatility of closes and that of ranges back to what was asked for.
 */
const CUT_GAIN = 2;
const VOLATILITY_GAIN = 1.18;

export class SimulatedPath {
  readonly quantityScale: number;
  readonly #root: HashState;
  readonly #reference: number;
  readonly #rootVariance: number;
  readonly #rootVolume: number;
  readonly #draws = new Draws();
  #from = 0;
  #to = 0;
  #length = 1;
  #origin = 0;
  #sink: NodeSink = () => {};

  constructor(parameters: PathParameters) {
    this.quantityScale = parameters.quantityScale;
    this.#root = hashText(parameters.seed);
    this.#reference = inverseExp2(parameters.referencePrice);
    const octaves = (VOLATILITY_GAIN * parameters.annualVolatility) / -naturalLog(0.5);
    this.#rootVariance = octaves * octaves * (ROOT_SECONDS / SECONDS_A_YEAR);
    this.#rootVolume = parameters.dailyVolume * DAYS_A_ROOT;
  }

  /**
   * Hands `sink` every node of [`from`, `to`): each lies within one bucket of `length` seconds counted from `origin`, and its
   * number is that bucket's. All are whole seconds; `from` and `to` are on the bounds of buckets, `from` is at least 0.
   */
  walk(from: number, to: number, length: number, origin: number, sink: NodeSink): void {
    this.#from = from;
    this.#to = to;
    this.#length = length;
    this.#origin = origin;
    this.#sink = sink;
    const last = Math.ceil(to / ROOT_SECONDS);
    for (let index = Math.floor(from / ROOT_SECONDS); index < last; index++) this.#visitRoot(index);
  }

  #visitRoot(index: number): void {
    const open = this.#anchor(index);
    const close = this.#anchor(index + 1);
    const state = hashChild(this.#root, index * 2 + 1);
    const draws = this.#draws;
    draws.seed(state.a, state.b);
    const variance = this.#rootVariance * (1 + CASCADE * draws.symmetric());
    const volume = Math.floor(this.#rootVolume * (1 + CASCADE * draws.symmetric()));
    const high = Math.min(bridgeHigh(open, close, variance, draws.exponential()), this.#reference + BAND_OCTAVES);
    const low = Math.max(bridgeLow(open, close, variance, draws.exponential()), this.#reference - BAND_OCTAVES);
    const seed = hashChild(state, 0);
    this.#visit(index * ROOT_SECONDS, 0, DAYS_A_ROOT, seed.a, seed.b, open, high, low, close, variance, volume);
  }

  #anchor(index: number): number {
    const state = hashChild(this.#root, index * 2);
    this.#draws.seed(state.a, state.b);
    return this.#reference + ANCHOR_OCTAVES * this.#draws.symmetric();
  }

  /** Numbers instead of an object a node: a day of minutes is some 3,000 nodes, a year of them a million. */
  #visit(
    start: number,
    level: number,
    count: number,
    a: number,
    b: number,
    open: number,
    high: number,
    low: number,
    close: number,
    variance: number,
    volume: number,
  ): void {
    const end = start + count * UNITS[level];
    if (end <= this.#from || start >= this.#to) return;
    const bucket = Math.floor((start - this.#origin) / this.#length);
    if (end - this.#origin <= (bucket + 1) * this.#length) {
      this.#sink(bucket, open, high, low, close, volume);
      return;
    }
    if (count === 1) {
      // One unit is cut as a count of the next shorter one.
      this.#visit(start, level + 1, UNITS[level] / UNITS[level + 1], a, b, open, high, low, close, variance, volume);
      return;
    }
    const draws = this.#draws;
    draws.seed(a, b);
    const leftCount = count >> 1;
    const share = leftCount / count;
    const spread = 2 * share * (1 - share);
    const varianceShare = share + CASCADE * spread * draws.symmetric();
    const leftVariance = variance * varianceShare;
    const rightVariance = variance - leftVariance;
    const volumeShare = 0.4 * share + 0.6 * varianceShare + 0.3 * spread * draws.symmetric();
    const leftVolume = Math.floor(volume * volumeShare);

    const mean = open + (close - open) * varianceShare;
    const cut = mean + CUT_GAIN * Math.sqrt(leftVariance * (1 - varianceShare)) * draws.bell();
    const middle = foldInto(cut, low, high);

    let leftHigh = Math.min(high, bridgeHigh(open, middle, leftVariance, draws.exponential()));
    let rightHigh = Math.min(high, bridgeHigh(middle, close, rightVariance, draws.exponential()));
    if (leftHigh >= rightHigh) leftHigh = high;
    else rightHigh = high;
    let leftLow = Math.max(low, bridgeLow(open, middle, leftVariance, draws.exponential()));
    let rightLow = Math.max(low, bridgeLow(middle, close, rightVariance, draws.exponential()));
    if (leftLow <= rightLow) leftLow = low;
    else rightLow = low;

    const childA = mixPair(a, b);
    const childB = mixPair(b, childA);
    const middleTime = start + leftCount * UNITS[level];
    this.#visit(start, level, leftCount, childA, childB, open, leftHigh, leftLow, middle, leftVariance, leftVolume);
    this.#visit(
      middleTime,
      level,
      count - leftCount,
      ~childB,
      childA ^ 0x5bd1e995,
      middle,
      rightHigh,
      rightLow,
      close,
      rightVariance,
      volume - leftVolume,
    );
  }
}

/** Reflects what lies outside [`low`, `high`] back into it; what lies too far out for one reflection lands in the middle. */
function foldInto(value: number, low: number, high: number): number {
  const folded = value > high ? 2 * high - value : value < low ? 2 * low - value : value;
  return folded >= low && folded <= high ? folded : (low + high) / 2;
}

/**
 * The highest point of a Brownian bridge, from a draw of an exponential e: P(max > m) = exp(−2 (m − x)(m − y) / variance),
 * solved for m.
 */
function bridgeHigh(x: number, y: number, variance: number, e: number): number {
  const span = y - x;
  return Math.max(x, y, (x + y + Math.sqrt(span * span + 2 * variance * e)) / 2);
}

function bridgeLow(x: number, y: number, variance: number, e: number): number {
  const span = y - x;
  return Math.min(x, y, (x + y - Math.sqrt(span * span + 2 * variance * e)) / 2);
}
