import { type Container, damaged } from './container.ts';
import { describedIn, type Evaluator } from './evaluator.ts';
import { applyLink, type Link, linkOf, logistic, scoresOf } from './link.ts';
import { Scaler } from './scaler.ts';

interface Layer {
  /** A row a neuron. */
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  readonly out: Float64Array;
}

type Activation = (x: number) => number;

/** Weighted sums of weighted sums: layers of neurons, each joined to all of the layer before, the last of which gives the scores. */
abstract class Layers implements Evaluator {
  readonly features: readonly string[];
  readonly classes: readonly number[];
  readonly scores: number;
  readonly #scaler: Scaler | undefined;
  readonly #layers: readonly Layer[];
  /** Of every layer but the last. */
  readonly #activate: Activation;
  readonly #link: Link;
  readonly #room: Float64Array;

  constructor(file: Container, layersOf: (features: number, scores: number) => readonly Layer[], activate: Activation) {
    const { features, classes } = describedIn(file);
    this.features = features;
    this.classes = classes;
    this.#link = linkOf(file.header.link, classes.length);
    this.scores = scoresOf(this.#link, classes.length);
    this.#scaler = Scaler.in(file, features.length);
    this.#layers = layersOf(features.length, this.scores);
    this.#activate = activate;
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

const identity: Activation = (x) => x;

const ACTIVATIONS: { readonly [name: string]: Activation } = {
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
  logistic,
  identity,
};

const layerIn = (file: Container, weights: string, biases: string, inputs: number, neurons: number): Layer => ({
  weights: file.array(weights, 'f64', neurons * inputs),
  biases: file.array(biases, 'f64', neurons),
  out: new Float64Array(neurons),
});

/** Linear and logistic regression: one layer. */
export class Linear extends Layers {
  constructor(file: Container) {
    super(file, (features, scores) => [layerIn(file, 'weights', 'intercept', features, scores)], identity);
  }
}

/** A multi-layer perceptron. */
export class Perceptron extends Layers {
  constructor(file: Container) {
    super(file, (features, scores) => hiddenAndLast(file, features, scores), activationIn(file));
  }
}

function activationIn({ header: { activation } }: Container): Activation {
  const known = Object.entries(ACTIVATIONS).find(([name]) => name === activation)?.[1];
  if (!known) throw damaged(`the activation "${String(activation)}" is not known`);
  return known;
}

function hiddenAndLast(file: Container, features: number, scores: number): Layer[] {
  const sizes = [features, ...file.array('sizes', 'i32')];
  if (sizes.at(-1) !== scores) throw damaged('its last layer does not give its scores');
  return sizes.slice(1).map((size, k) => layerIn(file, `weights${k}`, `biases${k}`, sizes[k], size));
}
