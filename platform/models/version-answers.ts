/** What a version says that the platform does not evaluate itself: asked about the rows that are new, and kept. */
import type { KeptAnswers } from '../../adapters/models/monitoring/kept-answers.ts';
import type { ModelVersion } from '../../adapters/models/registry.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Answers, askedElsewhere } from '../../core/models/answers.ts';
import type { Judge } from '../../core/models/monitoring/prediction-log.ts';
import { type AskModel, MAX_QUESTION_ROWS } from '../../core/ports/model-server.ts';

/** Rows that are asked about at one look; the rest is at the next ones. */
export const MOST_ASKED_ROWS = 50_000;
/** Questions between two times that answers are kept: what was answered before a crash is not asked again. */
const QUESTIONS_A_SAVE = 10;

export interface Asked<Result> {
  readonly result: Result;
  /** In a sentence, why rows are without an answer. Undefined where all have one. */
  readonly waitsFor?: string;
}

export class VersionAnswers {
  /** Throws `MODEL_NOT_ANSWERED` about a row that nobody has answered. */
  readonly judge: Judge;
  readonly #answers: Answers;
  readonly #version: ModelVersion;
  readonly #kept: KeptAnswers;
  readonly #ask: AskModel | undefined;

  /** @param ask without it, only what is kept is known */
  constructor(version: ModelVersion, kept: KeptAnswers, ask: AskModel | undefined) {
    const { answers, ensemble } = askedElsewhere(version.manifest);
    this.judge = ensemble();
    this.#answers = answers;
    this.#version = version;
    this.#kept = kept;
    this.#ask = ask;
  }

  /**
   * Does `work`, which asks the judge, once to learn about which rows, and again with their answers. Who cannot be asked, or answers what is
   * no answer, is no refusal of the version: its rows wait. Throws what `work` and the store throw.
   */
  async during<Result>(work: () => Result): Promise<Asked<Result>> {
    this.#answers.collect();
    const before = work();
    const wanted = this.#answers.collected();
    if (wanted.length === 0) return { result: before };
    try {
      const waitsFor = await this.#learned(wanted);
      const result = work();
      return waitsFor === undefined ? { result } : { result, waitsFor };
    } finally {
      // Whatever is needed again is in what `work` made, or is kept.
      this.#answers.forget();
    }
  }

  /** In the order of the rows, so that those without an answer are the last. Returns why there are such. */
  async #learned(rows: readonly Float64Array[]): Promise<string | undefined> {
    const kept = await this.#kept.of(rows);
    const known = rows.flatMap((row, k) => (kept[k] ? [{ row, answer: kept[k] }] : []));
    this.#answers.take(
      known.map(({ row }) => row),
      known.map(({ answer }) => answer),
    );
    const unknown = rows.filter((_, k) => kept[k] === undefined);
    try {
      return await this.#asked(unknown);
    } finally {
      await this.#kept.save();
    }
  }

  async #asked(rows: readonly Float64Array[]): Promise<string | undefined> {
    const { name: model, version } = this.#version;
    if (rows.length > 0 && this.#ask === undefined) return 'nobody is there to be asked';
    for (let from = 0, questions = 1; from < rows.length; from += MAX_QUESTION_ROWS, questions++) {
      if (from >= MOST_ASKED_ROWS) return `${rows.length - from} rows are asked about at the next looks`;
      const part = rows.slice(from, from + MAX_QUESTION_ROWS);
      try {
        const answers = await this.#ask!({ model, version, rows: part });
        this.#answers.take(part, answers);
        await this.#kept.add(part, answers);
      } catch (error) {
        if (error instanceof PlimsollError) return error.message;
        throw error;
      }
      if (questions % QUESTIONS_A_SAVE === 0) await this.#kept.save();
    }
    return undefined;
  }
}
