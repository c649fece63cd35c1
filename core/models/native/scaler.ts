import type { Container } from './container.ts';

/** Takes the mean off every feature and divides by its deviation, as it was fitted on the rows that were trained on. */
export class Scaler {
  readonly #mean: Float64Array;
  readonly #scale: Float64Array;
  readonly #room: Float64Array;

  private constructor(mean: Float64Array, scale: Float64Array) {
    this.#mean = mean;
    this.#scale = scale;
    this.#room = new Float64Array(mean.length);
  }

  /** Undefined where the model takes its features as they are. */
  static in(file: Container, features: number): Scaler | undefined {
    if (!file.has('mean')) return undefined;
    return new Scaler(file.array('mean', 'f64', features), file.array('scale', 'f64', features));
  }

  /** The row, scaled; it holds until the next one. */
  of(row: Float64Array): Float64Array {
    const room = this.#room;
    for (let k = 0; k < room.length; k++) room[k] = (row[k] - this.#mean[k]) / this.#scale[k];
    return room;
  }
}
