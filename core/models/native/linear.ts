import type { Container } from './container.ts';
import { describedIn, type Evaluator } from './evaluator.ts';
import { applyLink, type Link, linkOf, scoresOf } from './link.ts';
import { Scaler } from './scaler.ts';

/** Linear and logistic regression. */
export class Linear implements Evaluator {
  readonly features: readonly string[];
  readonly classes: readonly number[];
  readonly scores: number;
  readonly #scaler: Scaler | undefined;
  /** A row a score. */
  readonly #weights: Float64Array;
  readonly #intercept: Float64Array;
  readonly #link: Link;
  readonly #room: Float64Array;

  constructor(file: Container) {
    const { features, classes } = describedIn(file);
    this.features = features;
    this.classes = classes;
    this.#link = linkOf(file.header.link, classes.length);
    this.scores = scoresOf(this.#link, classes.length);
    this.#scaler = Scaler.in(file, features.length);
    this.#weights = file.array('weights', 'f64', this.scores * features.length);
    this.#intercept = file.array('intercept', 'f64', this.scores);
    this.#room = new Float64Array(this.scores);
  }

  score(row: Float64Array, out: Float64Array): void {
    const x = this.#scaler?.of(row) ?? row;
    const count = this.features.length;
    for (let k = 0; k < this.scores; k++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += this.#weights[k * count + i] * x[i];
      out[k] = sum + this.#intercept[k];
    }
  }

  predict(row: Float64Array, out: Float64Array): void {
    this.score(row, this.#room);
    applyLink(this.#link, this.#room, out);
  }
}
