/** Models that are evaluated in the cycle itself, without a runtime beside it. */
import { Container, unknown } from './container.ts';
import type { Evaluator } from './evaluator.ts';
import { Linear, Perceptron } from './layers.ts';
import { Booster, Forest } from './trees.ts';
import { SupportVectors } from './vectors.ts';

export type { Evaluator } from './evaluator.ts';
export { assertRow } from './evaluator.ts';

const KINDS: { readonly [kind: string]: new (file: Container) => Evaluator } = {
  forest: Forest,
  booster: Booster,
  linear: Linear,
  vectors: SupportVectors,
  perceptron: Perceptron,
};

/** The model in a file. Throws `MODEL_FILE_DAMAGED`, or `MODEL_FILE_UNKNOWN` for a kind or a version that is not read here. */
export function evaluatorOf(bytes: Uint8Array): Evaluator {
  const file = new Container(bytes);
  const { kind } = file.header;
  const form = Object.hasOwn(KINDS, String(kind)) ? KINDS[String(kind)] : undefined;
  if (!form) throw unknown(`there is no kind "${String(kind)}"`);
  return new form(file);
}
