/** The gate before a model is served: what is evaluated here has to be what the library said, row by row. */
import { PlimsollError } from '../errors.ts';
import { Container, damaged } from './native/container.ts';
import type { Evaluator } from './native/index.ts';

/** Of a probability, or of a value as a share of the largest one. */
export const PARITY_BOUND = 1e-5;
/** Fewer rows than this prove nothing. */
export const LEAST_PARITY_ROWS = 1_000;

/** How far what is evaluated here lies from what the library said. */
export interface Parity {
  readonly rows: number;
  /** Raw scores that are not the library's to the last bit. */
  readonly unequalScores: number;
  readonly largestScoreDifference: number;
  readonly largestDifference: number;
  /** Rows for which another class is the likeliest. */
  readonly flipped: number;
}

/** Rows, and what the libraries said to them: `parity.bin` of a training job. */
export class ParityRows {
  readonly #file: Container;
  readonly #rows: Float64Array;

  /** Throws `MODEL_FILE_DAMAGED`. */
  constructor(bytes: Uint8Array) {
    this.#file = new Container(bytes);
    this.#rows = this.#file.array('rows', 'f64');
  }

  /** The rows, for whoever answers elsewhere. Throws `MODEL_FILE_DAMAGED` where they are not of so many features. */
  questions(features: number): Float64Array[] {
    const rows = this.#rows.length / features;
    if (!Number.isInteger(rows)) throw damaged(`its rows are not of ${features} features`);
    return Array.from({ length: rows }, (_, row) => this.#rows.subarray(row * features, (row + 1) * features));
  }

  /**
   * As {@link compare}, of a member that is asked elsewhere, which gives no raw scores: its probabilities stand for them.
   * @param ups by row, the probability of class 1
   */
  compareAnswers(member: string, ups: readonly number[]): Parity {
    const said = this.#file.array(`probabilities/${member}`, 'f64', ups.length * 2);
    let unequalScores = 0;
    let largestDifference = 0;
    let flipped = 0;
    for (const [row, up] of ups.entries()) {
      const theirs = said.subarray(row * 2, row * 2 + 2);
      if (up !== theirs[1]) unequalScores++;
      largestDifference = maximum(largestDifference, Math.abs(up - theirs[1]));
      if (likeliest(Float64Array.of(1 - up, up)) !== likeliest(theirs)) flipped++;
    }
    const largestScoreDifference = largestDifference;
    return { rows: ups.length, unequalScores, largestScoreDifference, largestDifference, flipped };
  }

  /** Throws `MODEL_FILE_DAMAGED` where the file holds no answers of that member. */
  compare(member: string, evaluator: Evaluator): Parity {
    const width = evaluator.features.length;
    const rows = this.#rows.length / width;
    const outputs = Math.max(1, evaluator.classes.length);
    const said = this.#file.array(`probabilities/${member}`, 'f64', rows * outputs);
    const scored = this.#file.array(`scores/${member}`, 'f64', rows * evaluator.scores);
    const scores = new Float64Array(evaluator.scores);
    const answer = new Float64Array(outputs);
    // A value is held to a share of the target's scale; a probability's scale is 1.
    const scale = evaluator.classes.length > 0 ? 1 : largest(said);
    let unequalScores = 0;
    let largestScoreDifference = 0;
    let largestDifference = 0;
    let flipped = 0;
    for (let row = 0; row < rows; row++) {
      const features = this.#rows.subarray(row * width, (row + 1) * width);
      evaluator.score(features, scores);
      for (let k = 0; k < scores.length; k++) {
        const theirs = scored[row * scores.length + k];
        if (scores[k] !== theirs) unequalScores++;
        largestScoreDifference = maximum(largestScoreDifference, Math.abs(scores[k] - theirs));
      }
      evaluator.predict(features, answer);
      const theirs = said.subarray(row * outputs, (row + 1) * outputs);
      for (let k = 0; k < outputs; k++)
        largestDifference = maximum(largestDifference, Math.abs(answer[k] - theirs[k]) / scale);
      if (likeliest(answer) !== likeliest(theirs)) flipped++;
    }
    return { rows, unequalScores, largestScoreDifference, largestDifference, flipped };
  }
}

/** Throws `MODEL_PARITY_FAILED` where the model may not be served. */
export function assertParity(member: string, { rows, largestDifference, flipped }: Parity): void {
  const fault =
    rows < LEAST_PARITY_ROWS
      ? `${rows} rows were compared, and ${LEAST_PARITY_ROWS} are wanted`
      : !(largestDifference <= PARITY_BOUND)
        ? `they differ by up to ${largestDifference}, and ${PARITY_BOUND} is allowed`
        : flipped > 0
          ? `${flipped} of ${rows} decisions differ`
          : undefined;
  if (fault === undefined) return;
  throw new PlimsollError(
    'MODEL_PARITY_FAILED',
    `"${member}" is not the same here as in the library that trained it: ${fault}`,
    'do not serve it; train it anew, or report this with the version of the library',
    { kept: 'it is not registered; whoever decides now goes on deciding' },
  );
}

/** NaN where one of them is: a comparison that failed must not pass. */
const maximum = (a: number, b: number): number => Math.max(a, b);

const largest = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;

function likeliest(answer: Float64Array): number {
  let best = 0;
  for (let k = 1; k < answer.length; k++) if (answer[k] > answer[best]) best = k;
  return best;
}
