import { PlimsollError } from '../../errors.ts';
import type { Container } from './container.ts';
import { damaged } from './container.ts';

/** A model at work. It keeps room for one row, so that a row costs no allocation. */
export interface Evaluator {
  /** What a row holds, in this order. */
  readonly features: readonly string[];
  /** Labels of the classes, in the order of the probabilities; none where it predicts a value. */
  readonly classes: readonly number[];
  /** How many raw scores a row has. */
  readonly scores: number;
  /** The library's own raw scores: margins of boosters, sums of a forest's distributions over its trees, decision values of the others. */
  score(row: Float64Array, out: Float64Array): void;
  /** Probabilities by class, or the one value. */
  predict(row: Float64Array, out: Float64Array): void;
}

/** What every file says of its model. */
export interface Described {
  readonly features: readonly string[];
  readonly classes: readonly number[];
}

/** Throws `MODEL_FILE_DAMAGED`. */
export function describedIn({ header }: Container): Described {
  const { features, classes } = header;
  if (!Array.isArray(features) || features.length === 0 || features.some((name) => typeof name !== 'string'))
    throw damaged('it does not say which features it takes');
  if (!Array.isArray(classes) || classes.length === 1 || classes.some((label) => typeof label !== 'number'))
    throw damaged('it does not say which classes it tells apart');
  return { features: features as readonly string[], classes: classes as readonly number[] };
}

/**
 * Checks a row before a model sees it: trees take a NaN for an answer, and no order may rest on one. Throws `FEATURES_INVALID`.
 * @param row as long as `features`
 */
export function assertRow(features: readonly string[], row: Float64Array): void {
  if (row.length !== features.length)
    throw invalid(
      `the model takes ${features.length} features and was given ${row.length}`,
      'compute the features that its card names',
    );
  for (let k = 0; k < row.length; k++) {
    if (!Number.isFinite(row[k]))
      throw invalid(`the feature "${features[k]}" is ${row[k]}`, 'look for missing bars, or let its warm-up end');
  }
}

const invalid = (message: string, remedy: string): PlimsollError =>
  new PlimsollError('FEATURES_INVALID', message, remedy);
