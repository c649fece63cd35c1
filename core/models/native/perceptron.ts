import { type Container, damaged } from './container.ts';
import { describedIn, type Evaluator } from './evaluator.ts';
import { applyLink, type Link, linkOf, logistic, scoresOf } from './link.ts';
import { Scaler } from './scaler.ts';

const ACTIVATIONS: { readonly [name: string]: (x: number) => number } = {
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
  logistic,
  identity: (x) => x,
};

interface Layer {
  /** A row a neuron. */
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  readonly out: Float64Array;
}

/** Layers of neurons, each joined to all of the layer before. */
export class Perceptron implements Evaluator {
  readonly features: readonly string[];
  readonly classes: readonly number[];
  readonly scores: number;
  readonly #scaler: Scaler | undefined;
  readonly #layers: readonly Layer[];
  readonly #activate: (x: number) => number;
  readonly #link: Link;
  readonly #room: Float64Array;

  constructor(file: Container) {
    const { features, classes } = describedIn(file);
    this.features = features;
    this.classes = classes;
    this.#link = linkOf(file.header.link, classes.length);
    this.scores = scoresOf(this.#link, classes.length);
    this.#scaler = Scaler.in(file, features.length);
    const activate = Object.entries(ACTIVATIONS).find(([name]) => name === file.header.activation)?.[1];
    if (!activate) throw damaged(`the activation "${String(file.header.activation)}" is not known`);
    this.#activate = activate;
    const sizes = [features.length, ...file.array('sizes', 'i32')];
    this.#layers = sizes.slice(1).map((size, k) => ({
      weights: file.array(`weights${k}`, 'f64', size * sizes[k]),
      biases: file.array(`biases${k}`, 'f64', size),
      out: new Float64Array(size),
    }));
    if (sizes.at(-1) !== this.scores) throw damaged('its last layer does not give its scores');
    this.#room = new Float64Array(this.scores);
  }

  score(row: Float64Array, out: Float64Array): void {
    let x = this.#scaler?.of(row) ?? row;
    const last = this.#layers.length - 1;
    for (const [depth, { weights, biases, out: neurons }] of this.#layers.entries()) {
      const count = x.length;
      for (let k = 0; k < neurons.length; k++) {
        let sum = 0;
        for (let i = 0, at = k * count; i < count; i++, at++) sum += weights[at] * x[i];
        sum += biases[k];
        neurons[k] = depth < last ? this.#activate(sum) : sum;
      }
      x = neurons;
    }
    out.set(x);
  }

  predict(row: Float64Array, out: Float64Array): void {
    this.score(row, this.#room);
    applyLink(this.#link, this.#room, out);
  }
}
