/**
 * Weights by recent log loss: the exponentially weighted forecaster (N. Cesa-Bianchi and G. Lugosi, Prediction, Learning, and Games, 2006,
 * section 2.2) whose past losses are forgotten exponentially. With labels that do not overlap it is the posterior of the member being the
 * right one, with forgetting (A. Raftery, M. Kárný and P. Ettler, Online Prediction under Model Uncertainty, 2010).
 */
import { PlimsollError } from '../../errors.ts';
import { Remembering } from '../../indicators/memory.ts';
import { assertBounds, boundedWeights, type WeightBounds } from './bounds.ts';
import { assertLabel, assertMembers, assertProbability, logLoss, predictionsInvalid } from './predictions.ts';

export interface RecentOptions extends WeightBounds {
  /** Outcomes after which one counts half. */
  readonly halfLifeRows: number;
  /** Rows that share the time of their labels, and so count as one outcome together: 24 for labels of 24 bars. */
  readonly overlapRows: number;
}

/** What came of a row. */
export interface Outcome {
  /** When it was known, ms UTC. */
  readonly end: number;
  /** 1 or 0. */
  readonly label: number;
  /** By member, as it was said before. */
  readonly up: ArrayLike<number>;
}

/** Losses of members, the recent ones counting most. */
export class MemberLosses extends Remembering<{ mass: number; sums: Float64Array }> {
  readonly #keep: number;

  constructor(members: number, halfLifeRows: number) {
    super({ mass: 0, sums: new Float64Array(members) });
    this.#keep = 0.5 ** (1 / halfLifeRows);
  }

  learn({ label, up }: Outcome): void {
    const { memory } = this;
    memory.mass = memory.mass * this.#keep + 1;
    for (let k = 0; k < memory.sums.length; k++) memory.sums[k] = memory.sums[k] * this.#keep + logLoss(label, up[k]);
  }

  /** Outcomes that are remembered, each by what is left of it. */
  get mass(): number {
    return this.memory.mass;
  }

  /** By member, in nats. */
  get sums(): Float64Array {
    return this.memory.sums;
  }
}

/** Weights for a manifest, moved by each outcome. Its state is plain data: `snapshot` and `restore`. */
export class RecentLogLoss extends Remembering<{ losses: MemberLosses }> {
  readonly #options: RecentOptions;

  /** Throws `PREDICTIONS_INVALID`. */
  constructor(members: number, options: RecentOptions) {
    assertRecent(members, options);
    super({ losses: new MemberLosses(members, options.halfLifeRows) });
    this.#options = options;
  }

  /** @param now ms UTC. Throws `OUTCOME_NOT_KNOWN` where the outcome lies after it, or `PREDICTIONS_INVALID`. */
  learn(outcome: Outcome, now: number): void {
    assertOutcome(outcome, this.memory.losses.sums.length, now);
    this.memory.losses.learn(outcome);
  }

  /** By member, summing to 1; equal before the first outcome. */
  weights(): number[] {
    return weightsOf(this.memory.losses.sums, this.#options);
  }
}

/** Bounded weights in proportion to exp(−loss). */
export function weightsOf(
  sums: ArrayLike<number>,
  { overlapRows, floor, ceiling }: Omit<RecentOptions, 'halfLifeRows'>,
): number[] {
  const losses = Array.from(sums);
  const least = Math.min(...losses);
  return boundedWeights(
    losses.map((sum) => Math.exp((least - sum) / overlapRows)),
    { floor, ceiling },
  );
}

/** Throws `PREDICTIONS_INVALID`. */
export function assertRecent(members: number, options: RecentOptions): void {
  assertMembers(members);
  assertBounds(options, members);
  if (!(options.halfLifeRows >= 1 && options.halfLifeRows <= 1e9))
    throw predictionsInvalid(`the half-life is ${options.halfLifeRows} rows`, 'pass 1 to 1,000,000,000');
  if (!(options.overlapRows >= 1 && options.overlapRows <= 1e6))
    throw predictionsInvalid(`labels overlap over ${options.overlapRows} rows`, 'pass 1 to 1,000,000');
}

/** Throws `OUTCOME_NOT_KNOWN` or `PREDICTIONS_INVALID`. */
export function assertOutcome({ end, label, up }: Outcome, members: number, now: number): void {
  if (!(end <= now))
    throw new PlimsollError(
      'OUTCOME_NOT_KNOWN',
      `an outcome of ${end} was to be learned from at ${now}, before it was known`,
      'learn from it when its label has ended',
    );
  if (up.length !== members)
    throw predictionsInvalid(`${up.length} probabilities of ${members} members`, 'pass one a member');
  assertLabel(label, 'an outcome');
  for (let k = 0; k < members; k++) assertProbability(up[k], `member ${k}`);
}
