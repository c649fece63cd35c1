/**
 * Execution algorithms: how an order that is too large, or too slow, to be sent at once becomes orders of its own. The order that
 * a strategy proposed is the parent: it passes the risk line as a whole and is never sent. What is sent are its children. Each
 * algorithm is a pure function of the cycle's time and of what has been sent and filled (a file each); driver.ts does what it says.
 */
import type { Side } from '../order.ts';

/** What becomes of the rest when the window ends: it is canceled, or sent at once (at the market, or within the limit). */
export const AT_END = ['cancel', 'send'] as const;
export type AtEnd = (typeof AT_END)[number];

interface Bounded {
  /** The price that no child passes, in plain units; without it a child takes what it finds. */
  readonly limit?: number;
  /** `cancel` where it is left out. */
  readonly atEnd?: AtEnd;
}

/** Equal parts at equal distances: the first at once, the last one distance before the window ends. */
export interface Twap extends Bounded {
  readonly kind: 'twap';
  /** The window in bars of the account's timeframe; or leave it out and give `durationMs`. */
  readonly cycles?: number;
  readonly durationMs?: number;
  /** Parts; one a bar where it is left out. */
  readonly slices?: number;
}

/**
 * Parts in proportion to the volume that the times of day of the window usually have: the average of the last days, as many as the
 * strategy's `volumeDays`, that were over at the decision. Where none was recorded the parts are equal.
 */
export interface Vwap extends Bounded {
  readonly kind: 'vwap';
  /** The window, from the decision on; at most a day. */
  readonly durationMs: number;
}

/** Shows a part at its limit, and the next when that has filled. */
export interface Iceberg extends Bounded {
  readonly kind: 'iceberg';
  readonly limit: number;
  /** What is shown, in base units; or leave it out and give `shownShare`. */
  readonly shown?: number;
  /** What is shown as a fraction of the whole: 0.1 is a tenth. */
  readonly shownShare?: number;
  /** Without it the order works until it is canceled. */
  readonly durationMs?: number;
}

/**
 * A limit order at a distance from the mid, moved with it every cycle. On bars there are no quotes: the mid is the last close.
 */
export interface Peg extends Bounded {
  readonly kind: 'peg';
  /** Whole basis points behind the mid (a buy below it, a sell above); negative reaches across it. 0 where it is left out. */
  readonly offsetBps?: number;
  /** Without it the order works until it is canceled. */
  readonly durationMs?: number;
}

/** What a proposal may ask for. */
export type Algorithm = Twap | Vwap | Iceberg | Peg;

export const ALGORITHM_KINDS = ['twap', 'vwap', 'iceberg', 'peg'] as const;
export type AlgorithmKind = (typeof ALGORITHM_KINDS)[number];

export const ALGORITHM_BOUNDS = {
  /** Longest window, ms: a week; of a VWAP, whose volumes are those of one day, a day. */
  durationMs: 604_800_000,
  vwapDurationMs: 86_400_000,
  cycles: 10_000,
  slices: 1_000,
  /** Parts that an iceberg may have: what it shows is raised to this share of the whole. */
  icebergParts: 1_000,
  offsetBps: 1_000,
  /** Days of volume that a strategy may ask for. */
  volumeDays: 30,
} as const;

interface Common {
  /** ms from its beginning; 0: until it is canceled. */
  readonly durationMs: number;
  readonly atEnd: AtEnd;
}

/** An algorithm with everything set, as the ledger has it. Its limit is the price of the order. */
export type AlgorithmSetting =
  | (Common & { readonly kind: 'twap'; readonly slices: number })
  /** `profile`: the volume of each half hour of the day (UTC) in millionths of the day's; empty where none is known. */
  | (Common & { readonly kind: 'vwap'; readonly profile: readonly number[] })
  /** `shown`: in the order's own measure. */
  | (Common & { readonly kind: 'iceberg'; readonly shown: number })
  | (Common & { readonly kind: 'peg'; readonly offsetBps: number });

/**
 * What an algorithm knows when it is asked. Amounts are in the measure of the order: its quantity, or the money of its budget, in
 * scaled integers.
 */
export interface Situation {
  /** The cycle (ms UTC), and the one in which the algorithm began. */
  readonly now: number;
  readonly begunAt: number;
  /** Of the account's bars. */
  readonly cycleMs: number;
  readonly total: number;
  /** Used up by fills. */
  readonly used: number;
  /** With children that may still fill. */
  readonly working: number;
  /** Cycle of the last child (ms UTC); 0 before the first. */
  readonly lastSentAt: number;
  readonly side: Side;
  /** Last close, and the order's limit (0 for none), scaled. */
  readonly lastPrice: number;
  readonly limit: number;
  /** Smallest step of a price. */
  readonly tick: number;
  /** Limit price of the child at work; 0 where none is. */
  readonly workingPrice: number;
}

/** What an algorithm wants. */
export interface Move {
  /** What should be used up or working from here on; below what is, nothing is sent. */
  readonly due: number;
  /** Limit price of what is sent; 0 at the market. */
  readonly price: number;
  /** Children at work are replaced by what is sent. */
  readonly replaces: boolean;
}

/** Nothing is to be done in this cycle. */
export const WAIT: Move = { due: 0, price: 0, replaces: false };
