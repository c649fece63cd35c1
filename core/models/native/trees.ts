/**
 * Ensembles of trees as their libraries evaluate them, to the last bit of the raw score: scikit-learn's forests and gradient boosting,
 * LightGBM, XGBoost. What differs between them is said in the file:
 *
 * - `single`: features, thresholds and sums are float32 (XGBoost); else features are looked at as float32 where `roundsRow` says so
 *   (scikit-learn), and the rest is float64.
 * - `strict`: a row goes left where it is below the threshold; else also where it is at it.
 */
import { type Container, damaged } from './container.ts';
import { type Described, describedIn, type Evaluator } from './evaluator.ts';
import { applyLink, type Link, linkOf, scoresOf } from './link.ts';

interface Nodes {
  /** By tree: its first node. */
  readonly roots: Int32Array;
  /** By node: the feature that it asks for; -1 at a leaf. */
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  /** By node: the next one; of a leaf `left` is the place of its values. */
  readonly left: Int32Array;
  readonly right: Int32Array;
}

/** How rows find their leaves. */
interface Rule {
  readonly strict: boolean;
  readonly roundsRow: boolean;
}

/** Throws `MODEL_FILE_DAMAGED` where a node would lead out of the file, or in a circle. */
function nodesIn(file: Container, features: number, leaves: number): Nodes {
  const feature = file.array('feature', 'i32');
  const count = feature.length;
  const nodes = {
    roots: file.array('roots', 'i32'),
    feature,
    threshold: file.array('threshold', 'f64', count),
    left: file.array('left', 'i32', count),
    right: file.array('right', 'i32', count),
  };
  const { roots, left, right } = nodes;
  if (roots.length === 0 || roots.some((root) => root < 0 || root >= count)) throw damaged('a tree has no root');
  for (let k = 0; k < count; k++) {
    const isSound =
      feature[k] === -1
        ? left[k] >= 0 && left[k] < leaves
        : // Each node leads to later ones, so that every walk ends.
          feature[k] >= 0 &&
          feature[k] < features &&
          left[k] > k &&
          left[k] < count &&
          right[k] > k &&
          right[k] < count;
    if (!isSound) throw damaged(`the node ${k} of its trees leads nowhere`);
  }
  return nodes;
}

function leafOf({ feature, threshold, left, right }: Nodes, root: number, row: Float64Array, strict: boolean): number {
  let node = root;
  for (let asked = feature[node]; asked >= 0; asked = feature[node]) {
    const x = row[asked];
    const limit = threshold[node];
    node = (strict ? x < limit : x <= limit) ? left[node] : right[node];
  }
  return left[node];
}

/** What is common to forests and boosters. */
abstract class Trees implements Evaluator {
  readonly features: readonly string[];
  readonly classes: readonly number[];
  abstract readonly scores: number;
  protected readonly nodes: Nodes;
  readonly #rule: Rule;
  readonly #row: Float64Array;

  constructor(file: Container, { features, classes }: Described, leaves: number) {
    this.features = features;
    this.classes = classes;
    this.nodes = nodesIn(file, features.length, leaves);
    this.#rule = { strict: file.header.strict === true, roundsRow: file.header.roundsRow === true };
    this.#row = new Float64Array(features.length);
  }

  abstract score(row: Float64Array, out: Float64Array): void;
  abstract predict(row: Float64Array, out: Float64Array): void;

  /** Calls `take` with the leaf that the row comes to in each tree, in order. */
  protected walk(row: Float64Array, take: (leaf: number, tree: number) => void): void {
    const { strict, roundsRow } = this.#rule;
    let asked = row;
    if (roundsRow) {
      asked = this.#row;
      for (let k = 0; k < asked.length; k++) asked[k] = Math.fround(row[k]);
    }
    const { roots } = this.nodes;
    for (let tree = 0; tree < roots.length; tree++) take(leafOf(this.nodes, roots[tree], asked, strict), tree);
  }
}

/** A forest: the mean of its trees' distributions, or of their values. */
export class Forest extends Trees {
  readonly scores: number;
  /** By leaf: its distribution, or its value. */
  readonly #values: Float64Array;

  constructor(file: Container) {
    const described = describedIn(file);
    const scores = Math.max(1, described.classes.length);
    const values = file.array('values', 'f64');
    super(file, described, values.length / scores);
    this.scores = scores;
    this.#values = values;
  }

  score(row: Float64Array, out: Float64Array): void {
    const { scores } = this;
    const values = this.#values;
    out.fill(0);
    this.walk(row, (leaf) => {
      for (let k = 0; k < scores; k++) out[k] += values[leaf * scores + k];
    });
  }

  predict(row: Float64Array, out: Float64Array): void {
    this.score(row, out);
    const trees = this.nodes.roots.length;
    for (let k = 0; k < this.scores; k++) out[k] /= trees;
  }
}

/** A booster: what its trees' leaves add up to, from its first guess on, and the link of its loss. */
export class Booster extends Trees {
  readonly scores: number;
  readonly #values: Float64Array;
  /** By score. */
  readonly #first: Float64Array;
  /** By tree: the score that it adds to. */
  readonly #adds: Int32Array;
  readonly #learningRate: number;
  readonly #single: boolean;
  readonly #link: Link;
  readonly #room: Float64Array;

  constructor(file: Container) {
    const described = describedIn(file);
    const values = file.array('values', 'f64');
    super(file, described, values.length);
    this.#link = linkOf(file.header.link, described.classes.length);
    this.scores = scoresOf(this.#link, described.classes.length);
    this.#values = values;
    this.#first = file.array('first', 'f64', this.scores);
    this.#adds = file.array('adds', 'i32', this.nodes.roots.length);
    if (this.#adds.some((score) => score < 0 || score >= this.scores)) throw damaged('a tree adds to no score');
    this.#learningRate = file.number('learningRate');
    this.#single = file.header.single === true;
    this.#room = new Float64Array(this.scores);
  }

  score(row: Float64Array, out: Float64Array): void {
    const values = this.#values;
    const adds = this.#adds;
    const rate = this.#learningRate;
    out.set(this.#first);
    if (this.#single)
      this.walk(row, (leaf, tree) => void (out[adds[tree]] = Math.fround(out[adds[tree]] + values[leaf])));
    else this.walk(row, (leaf, tree) => void (out[adds[tree]] += rate * values[leaf]));
  }

  predict(row: Float64Array, out: Float64Array): void {
    this.score(row, this.#room);
    applyLink(this.#link, this.#room, out, this.#single ? Math.fround : undefined);
  }
}
