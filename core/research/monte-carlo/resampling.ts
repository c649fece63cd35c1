import type { Random } from '../random.ts';

/** How a sample is drawn from returns: always as many as there are. */
export type Resampling = 'iid' | 'block' | 'permutation';

/** What each way keeps of the returns and what it destroys: without this, its figures cannot be read. */
export const CAVEATS: Readonly<Record<Resampling, { readonly keeps: string; readonly destroys: string }>> = {
  iid: {
    keeps: 'how often which return occurs',
    destroys: 'their order: streaks, trends and calm or wild times. Drawdowns come out too small where losses cluster',
  },
  block: {
    keeps: 'how often which return occurs, and their order within blocks',
    destroys: 'whatever lasts longer than a block, and the order of blocks',
  },
  permutation: {
    keeps: 'every return exactly once, so that the final equity and the Sharpe ratio are those of the run',
    destroys:
      'their order. It tells how much of the drawdown was the order, and nothing about returns that did not occur',
  },
};

/** Fills `into` with one sample of `returns`. */
export type Sampler = (returns: Float64Array, into: Float64Array, random: Random) => void;

export const iid: Sampler = (returns, into, random) => {
  const { length } = returns;
  for (let k = 0; k < length; k++) into[k] = returns[random.below(length)];
};

/**
 * Stationary bootstrap: blocks of random length, `meanLength` on average, that go round past the end (D. Politis and J. Romano, The
 * Stationary Bootstrap, Journal of the American Statistical Association 89, 1994).
 */
export const blocksOf =
  (meanLength: number): Sampler =>
  (returns, into, random) => {
    const { length } = returns;
    const ends = 1 / meanLength;
    let at = random.below(length);
    for (let k = 0; k < length; k++) {
      into[k] = returns[at];
      at = random.next() < ends ? random.below(length) : at + 1 === length ? 0 : at + 1;
    }
  };

/** Fisher and Yates. */
export const permutation: Sampler = (returns, into, random) => {
  into.set(returns);
  for (let k = into.length - 1; k > 0; k--) {
    const other = random.below(k + 1);
    const value = into[k];
    into[k] = into[other];
    into[other] = value;
  }
};
