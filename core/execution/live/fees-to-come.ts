/**
 * Fees that a venue takes out of what was received at once, and says only later, as payments. Until then an account holds less than
 * its fills say: what it lacks, up to what the fees may be, is booked as the fee, and the payment that says the same is not booked again.
 * All amounts by asset, in units of 10^-18.
 */

export const FEES_TO_COME_BOUNDS = {
  /** How long after its fill a fee may be taken, ms of the venue's clock. */
  latestMs: 3 * 86_400_000,
  /** Fills whose fees are waited for; the oldest are let go. */
  fills: 1_000,
} as const;

interface Expected {
  readonly asset: string;
  /** The most that may be taken yet. */
  readonly units: bigint;
  /** Of the fill, ms UTC. */
  readonly time: number;
}

export interface FeesToComeSnapshot {
  readonly expected: readonly (readonly [asset: string, units: string, time: number])[];
  readonly ahead: { readonly [asset: string]: string };
}

export class FeesToCome {
  #expected: Expected[] = [];
  /** Booked from a balance, and not said by the venue yet. */
  #ahead = new Map<string, bigint>();

  get isEmpty(): boolean {
    return this.#expected.length === 0 && this.#ahead.size === 0;
  }

  /** A fill whose fee is not known yet, and what it is at most. */
  expect(asset: string, units: bigint, time: number): void {
    const from = time - FEES_TO_COME_BOUNDS.latestMs;
    const waited = this.#expected.filter((one) => one.time >= from);
    this.#expected = [...waited, { asset, units, time }].slice(-FEES_TO_COME_BOUNDS.fills);
  }

  /** The most that may be missing of an asset, and is not booked. */
  mostOf(asset: string): bigint {
    return this.#expected.reduce((sum, one) => (one.asset === asset ? sum + one.units : sum), 0n);
  }

  /** Whether fees may explain that a balance lacks so much. */
  explains(asset: string, units: bigint): boolean {
    return units > 0n && units <= this.mostOf(asset);
  }

  /** So much is booked as fees that the venue has not said. What a balance lacks is all that was taken: no more is expected. */
  book(asset: string, units: bigint): void {
    this.#expected = this.#expected.filter((one) => one.asset !== asset);
    this.#ahead.set(asset, (this.#ahead.get(asset) ?? 0n) + units);
  }

  /** The venue says a fee: what of it is still to be booked. */
  settle(asset: string, units: bigint): bigint {
    const ahead = this.#ahead.get(asset) ?? 0n;
    const booked = ahead < units ? ahead : units;
    if (booked === ahead) this.#ahead.delete(asset);
    else this.#ahead.set(asset, ahead - booked);
    this.#use(asset, units - booked);
    return units - booked;
  }

  snapshot(): FeesToComeSnapshot {
    return {
      expected: this.#expected.map(({ asset, units, time }) => [asset, String(units), time]),
      ahead: Object.fromEntries([...this.#ahead].map(([asset, units]) => [asset, String(units)])),
    };
  }

  restore({ expected, ahead }: FeesToComeSnapshot): void {
    this.#expected = expected.map(([asset, units, time]) => ({ asset, units: BigInt(units), time }));
    this.#ahead = new Map(Object.entries(ahead).map(([asset, units]) => [asset, BigInt(units)]));
  }

  /** Of the oldest fills first. */
  #use(asset: string, units: bigint): void {
    let left = units;
    this.#expected = this.#expected.flatMap((one) => {
      if (one.asset !== asset || left === 0n) return [one];
      const used = one.units < left ? one.units : left;
      left -= used;
      return used === one.units ? [] : [{ ...one, units: one.units - used }];
    });
  }
}
