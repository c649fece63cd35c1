/** Models that decide together, and that say when they do not know. */
import { PlimsollError } from '../errors.ts';
import type { ModelManifest } from './manifest.ts';
import { assertRow, type Evaluator } from './native/index.ts';

/** What an ensemble makes of a row. */
export interface Opinion {
  /**
   * Probability that the price rises, in the sense of the label that it was trained on, or of a meta label that its primary is right: the
   * members' weighted mean.
   */
  readonly up: number;
  /** Standard deviation of the members' probabilities. */
  readonly disagreement: number;
  /** Where it does not know: both ways are possible, or neither is, at the coverage that it was fitted for; or the members disagree. */
  readonly unsure?: 'both-possible' | 'none-possible' | 'disagreement';
  /** Each member's probability, in the order of the manifest. */
  readonly members: readonly number[];
}

/** What an ensemble needs of one that votes. */
export type Member = Pick<Evaluator, 'features' | 'classes' | 'predict'>;

export class Ensemble {
  readonly manifest: ModelManifest;
  readonly #members: readonly Member[];
  readonly #weights: readonly number[];
  readonly #room = new Float64Array(2);

  /** @param members in the order of the manifest. Throws `MODEL_MEMBER_MISMATCH` where one takes other features or classes. */
  constructor(manifest: ModelManifest, members: readonly Member[]) {
    manifest.members.forEach(({ name }, k) => {
      const { features, classes } = members[k] ?? { features: [], classes: [] };
      const fits =
        features.length === manifest.features.length &&
        features.every((feature, i) => feature === manifest.features[i]) &&
        classes.length === 2 &&
        classes.every((label, i) => label === manifest.classes[i]);
      if (!fits)
        throw new PlimsollError(
          'MODEL_MEMBER_MISMATCH',
          `the member "${name}" takes other features or tells other classes apart than its ensemble`,
          'train the ensemble as one',
        );
    });
    this.manifest = manifest;
    this.#members = members;
    const sum = manifest.members.reduce((total, { weight }) => total + weight, 0);
    this.#weights = manifest.members.map(({ weight }) => weight / sum);
  }

  /** Throws `FEATURES_INVALID` where a number of the row is none, or `MODEL_ANSWER_INVALID` where an answer is no probability. */
  opinion(row: Float64Array): Opinion {
    assertRow(this.manifest.features, row);
    const members = this.#members.map((member, k) => this.#probability(member, k, row));
    let up = 0;
    for (let k = 0; k < members.length; k++) up += this.#weights[k] * members[k];
    let variance = 0;
    for (let k = 0; k < members.length; k++) variance += this.#weights[k] * (members[k] - up) ** 2;
    const disagreement = Math.sqrt(variance);
    const unsure = this.#unsure(up, disagreement);
    return { up, disagreement, members, ...(unsure ? { unsure } : {}) };
  }

  #probability(member: Member, k: number, row: Float64Array): number {
    member.predict(row, this.#room);
    const up = this.#room[1];
    if (up >= 0 && up <= 1) return up;
    throw new PlimsollError(
      'MODEL_ANSWER_INVALID',
      `the member "${this.manifest.members[k].name}" answered ${up}, which is no probability`,
      'look at its card, and train it anew',
    );
  }

  #unsure(up: number, disagreement: number): Opinion['unsure'] {
    const { conformal, disagreement: most } = this.manifest;
    const canRise = 1 - up <= conformal.limit;
    const canFall = up <= conformal.limit;
    if (canRise && canFall) return 'both-possible';
    if (!canRise && !canFall) return 'none-possible';
    return disagreement > most.limit ? 'disagreement' : undefined;
  }
}
