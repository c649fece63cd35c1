/** Weights of models that decide together, by what came of what they said. */
import { Remembering } from '../../indicators/memory.ts';
import { REGIMES } from '../regimes/regime.ts';
import { axisOf, type CombiningOptions } from './options.ts';
import { Recent } from './recent.ts';
import { weightsOf } from './recent-log-loss.ts';

const NOBODY = -1;

/** Weights bar by bar. Between the calls of a bar: each model's loss first, then the weights. */
export class Weighing extends Remembering<{
  /** The place of the model that decides alone as the best of late, and bars for which it has. */
  leader: number;
  led: number;
  [losses: `losses${number}`]: Recent;
}> {
  readonly #models: readonly string[];
  readonly #options: CombiningOptions;
  readonly #overlapRows: number;

  /** @param overlapRows outcomes that share their time, and so count as one together: as many as a label takes bars */
  constructor(models: readonly string[], options: CombiningOptions, overlapRows: number) {
    const losses = models.map((_, k) => [`losses${k}`, new Recent(options.memory)] as const);
    super({ leader: NOBODY, led: 0, ...Object.fromEntries(losses) });
    this.#models = models;
    this.#options = options;
    this.#overlapRows = overlapRows;
  }

  /** @param loss of model `k` on the row whose outcome this bar told, in nats; NaN where it had said nothing, or nothing is told */
  learn(k: number, loss: number): void {
    this.memory[`losses${k}`].push(loss);
  }

  /**
   * By model, summing to 1; the same for all while nothing is known that would tell them apart.
   * @param regime of the market, NaN where it is not known; it only matters where models are chosen by it
   */
  weights(regime: number): number[] {
    const { method } = this.#options;
    if (this.#models.length === 1 || method === 'equal') return this.#equal();
    if (method === 'by-regime') return this.#alone(this.#models.indexOf(this.#modelIn(regime)));
    const means = this.#models.map((_, k) => this.memory[`losses${k}`].mean);
    return method === 'best-recent' ? this.#alone(this.#led(means)) : this.#byLoss(means);
  }

  #equal(): number[] {
    return this.#models.map((_, __, { length }) => 1 / length);
  }

  #alone(place: number): number[] {
    return place < 0 ? this.#equal() : this.#models.map((_, k) => (k === place ? 1 : 0));
  }

  #modelIn(regime: number): string {
    const { regimes } = this.#options;
    const axis = axisOf(regimes);
    if (axis === undefined || Number.isNaN(regime)) return '';
    return regimes[REGIMES[axis].names[regime - REGIMES[axis].first]] ?? '';
  }

  /** The leader after this bar: another takes over where it was better by the lead, and the one before had its time. */
  #led(means: readonly number[]): number {
    const { memory } = this;
    const lossOf = (k: number): number => (Number.isNaN(means[k]) ? Number.POSITIVE_INFINITY : means[k]);
    const best = means.reduce((least, _, k) => (lossOf(k) < lossOf(least) ? k : least), 0);
    if (lossOf(best) === Number.POSITIVE_INFINITY) return memory.leader;
    memory.led++;
    const { stay, lead } = this.#options;
    const isBeaten = memory.leader === NOBODY || lossOf(best) <= lossOf(memory.leader) - lead;
    if (best !== memory.leader && isBeaten && (memory.leader === NOBODY || memory.led >= stay)) {
      memory.leader = best;
      memory.led = 0;
    }
    return memory.leader;
  }

  /** Losses are set against each other as if all had as many outcomes as the one with fewest; of one without any nothing is known. */
  #byLoss(means: readonly number[]): number[] {
    const known = means.filter((mean) => !Number.isNaN(mean));
    if (known.length === 0) return this.#equal();
    const counts = this.#models.map((_, k) => this.memory[`losses${k}`].count).filter((count) => count > 0);
    const count = Math.min(...counts);
    const average = known.reduce((sum, mean) => sum + mean, 0) / known.length;
    const { leastWeight: floor, mostWeight: ceiling } = this.#options.limits;
    return weightsOf(
      means.map((mean) => count * (Number.isNaN(mean) ? average : mean)),
      { overlapRows: this.#overlapRows, floor, ceiling },
    );
  }
}
