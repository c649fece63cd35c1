/** The gate before an ONNX file is served: ONNX Runtime has to say here what the library said, row by row. */
import { Container, damaged } from '../../core/models/native/container.ts';
import type { Parity } from '../../core/models/parity.ts';
import type { OnnxAnswers, OnnxModel } from './onnx.ts';

/** Rows and what the library said to them: `parity.bin` beside an ONNX file. `assertParity` in core says whether it is near enough. */
export class OnnxParityRows {
  readonly #rows: Float64Array;
  readonly #said: Float64Array;
  readonly #decided: Int32Array | undefined;

  /** Throws `MODEL_FILE_DAMAGED`. */
  constructor(bytes: Uint8Array) {
    const file = new Container(bytes);
    this.#rows = file.array('rows', 'f64');
    this.#said = file.array('said', 'f64');
    this.#decided = file.has('decided') ? file.array('decided', 'i32') : undefined;
  }

  /**
   * How far the model lies from its library; scores are its numbers as they are, differences are shares of the scale. Throws
   * `MODEL_FILE_DAMAGED` where the answers are not those of such rows, and as {@link OnnxModel.predict}.
   */
  async compare(model: OnnxModel): Promise<Parity> {
    const answers = await model.predict(this.#rows);
    if (this.#said.length !== answers.values.length)
      throw damaged(`it has ${this.#said.length} answers of the library, and ${answers.values.length} were given here`);
    if (this.#decided?.length !== answers.decisions?.length)
      throw damaged('the decisions of the library are not of the same rows');
    const largestScoreDifference = largest(this.#said.map((value, k) => answers.values[k] - value));
    // A probability's scale is 1, any other number's is the largest one.
    const scale = model.signature.kind === 'probabilities' ? 1 : largest(this.#said) || 1;
    return {
      rows: answers.rows,
      unequalScores: this.#said.reduce((count, value, k) => count + Number(value !== answers.values[k]), 0),
      largestScoreDifference,
      largestDifference: largestScoreDifference / scale,
      flipped: this.#flipped(answers),
    };
  }

  #flipped({ decisions }: OnnxAnswers): number {
    return this.#decided?.reduce((count, label, row) => count + Number(label !== decisions?.[row]), 0) ?? 0;
  }
}

/** NaN where one of them is: a comparison that failed must not pass. */
const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
