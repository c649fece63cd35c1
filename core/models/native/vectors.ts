import { type Container, damaged } from './container.ts';
import { describedIn, type Evaluator } from './evaluator.ts';
import { logistic } from './link.ts';
import { Scaler } from './scaler.ts';

/**
 * A support vector machine with a radial kernel that tells two classes apart: Σ aᵢ exp(-γ |x - vᵢ|²) + b, and for the probability Platt's
 * sigmoid, whose two numbers were fitted on rows that the machine had not seen.
 */
export class SupportVectors implements Evaluator {
  readonly features: readonly string[];
  readonly classes: readonly number[];
  readonly scores = 1;
  readonly #scaler: Scaler | undefined;
  /** A row a vector. */
  readonly #vectors: Float64Array;
  readonly #coefficients: Float64Array;
  readonly #intercept: number;
  readonly #gamma: number;
  readonly #slope: number;
  readonly #offset: number;
  readonly #room = new Float64Array(1);

  constructor(file: Container) {
    const { features, classes } = describedIn(file);
    if (classes.length !== 2) throw damaged('a support vector machine tells two classes apart');
    this.features = features;
    this.classes = classes;
    this.#scaler = Scaler.in(file, features.length);
    this.#coefficients = file.array('coefficients', 'f64');
    this.#vectors = file.array('vectors', 'f64', this.#coefficients.length * features.length);
    this.#intercept = file.number('intercept');
    this.#gamma = file.number('gamma');
    this.#slope = file.number('slope');
    this.#offset = file.number('offset');
  }

  score(row: Float64Array, out: Float64Array): void {
    const x = this.#scaler?.of(row) ?? row;
    const count = this.features.length;
    const vectors = this.#vectors;
    let sum = 0;
    for (let v = 0; v < this.#coefficients.length; v++) {
      let distance = 0;
      for (let i = 0, at = v * count; i < count; i++, at++) {
        const apart = x[i] - vectors[at];
        distance += apart * apart;
      }
      sum += this.#coefficients[v] * Math.exp(-this.#gamma * distance);
    }
    out[0] = sum + this.#intercept;
  }

  predict(row: Float64Array, out: Float64Array): void {
    this.score(row, this.#room);
    out[1] = logistic(this.#slope * this.#room[0] + this.#offset);
    out[0] = 1 - out[1];
  }
}
