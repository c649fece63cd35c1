import { Remembering } from '../../indicators/memory.ts';
import { predictionsInvalid } from './predictions.ts';
import {
  assertOutcome,
  assertRecent,
  MemberLosses,
  type Outcome,
  type RecentOptions,
  weightsOf,
} from './recent-log-loss.ts';

const MAX_REGIMES = 8;

export interface RegimeGatedOptions extends RecentOptions {
  /** Regimes are 0 to one less than this. */
  readonly regimes: number;
  /** Outcomes of a regime as many as which the losses over all regimes count: the larger, the nearer its weights are to the overall ones. */
  readonly shrinkRows: number;
}

/**
 * Weights by regime: as by recent log loss, of the outcomes of rows that were predicted in that regime, together with the mean loss over all
 * regimes as if it were that of `shrinkRows` more. A regime that was never met has weights by the latter alone. State: `snapshot`, `restore`.
 */
export class RegimeGated extends Remembering<{ all: MemberLosses; [regime: `regime${number}`]: MemberLosses }> {
  readonly #options: RegimeGatedOptions;
  readonly #members: number;

  /** Throws `PREDICTIONS_INVALID`. */
  constructor(members: number, options: RegimeGatedOptions) {
    assertRecent(members, options);
    const { regimes, shrinkRows, halfLifeRows } = options;
    if (!(Number.isInteger(regimes) && regimes >= 2 && regimes <= MAX_REGIMES))
      throw predictionsInvalid(`there are ${regimes} regimes`, `pass 2 to ${MAX_REGIMES}`);
    if (!(shrinkRows >= 1 && shrinkRows <= 1e9))
      throw predictionsInvalid(`weights are shrunk as by ${shrinkRows} rows`, 'pass 1 to 1,000,000,000');
    const losses = (): MemberLosses => new MemberLosses(members, halfLifeRows);
    super({
      all: losses(),
      ...Object.fromEntries(Array.from({ length: regimes }, (_, k) => [`regime${k}`, losses()])),
    });
    this.#options = options;
    this.#members = members;
  }

  /**
   * @param regime in which the row was predicted; NaN where none was known
   * @param now ms UTC. Throws `OUTCOME_NOT_KNOWN` where the outcome lies after it, or `PREDICTIONS_INVALID`
   */
  learn(outcome: Outcome, regime: number, now: number): void {
    assertOutcome(outcome, this.#members, now);
    this.memory.all.learn(outcome);
    this.#of(regime)?.learn(outcome);
  }

  /** By member, summing to 1. `regime` is that of now; NaN where none is known. */
  weights(regime: number): number[] {
    const { all } = this.memory;
    const own = this.#of(regime);
    if (own === undefined) return weightsOf(all.sums, this.#options);
    const share = all.mass > 0 ? Math.min(this.#options.shrinkRows, all.mass) / all.mass : 0;
    return weightsOf(
      all.sums.map((sum, k) => own.sums[k] + share * sum),
      this.#options,
    );
  }

  #of(regime: number): MemberLosses | undefined {
    if (Number.isNaN(regime)) return undefined;
    if (Number.isInteger(regime) && regime >= 0 && regime < this.#options.regimes)
      return this.memory[`regime${regime}`];
    throw predictionsInvalid(`${regime} is no regime`, `pass 0 to ${this.#options.regimes - 1}, or NaN`);
  }
}
