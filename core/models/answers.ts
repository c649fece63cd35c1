/** What a model that is asked elsewhere said to rows. It is gathered before opinions are needed, since they cannot wait. */
import { PlimsollError } from '../errors.ts';
import type { ModelAnswers } from '../ports/model-server.ts';
import { Ensemble, type Member } from './ensemble.ts';
import type { ModelManifest } from './manifest.ts';
import type { ServedModel } from './opinion.ts';

/** The answers of one version, for as long as something is asked under them: a cycle, a backtest. By row, whichever bar that is of. */
export class Answers {
  readonly manifest: ModelManifest;
  readonly #known = new Map<string, readonly number[]>();
  #wanted: Map<string, Float64Array> | undefined;
  #refusal: string | undefined;

  constructor(manifest: ModelManifest) {
    this.manifest = manifest;
  }

  /** From now on, rows that are asked about and not known are noted. */
  collect(): void {
    this.#wanted = new Map();
  }

  /** What was noted, each row once; nothing is noted from now on. */
  collected(): Float64Array[] {
    const rows = [...(this.#wanted?.values() ?? [])];
    this.#wanted = undefined;
    return rows;
  }

  /** Throws `MODEL_SERVER_ANSWER_INVALID` where answers are not of as many rows and members, or one of them is no probability: all are doubted then. */
  assertFits(rows: readonly Float64Array[], answers: ModelAnswers): void {
    const members = this.manifest.members.length;
    if (answers.length !== rows.length)
      throw invalid(`its server answered about ${answers.length} rows and was asked about ${rows.length}`);
    const odd = answers.find((answer) => answer.length !== members);
    if (odd) throw invalid(`its server answered for ${odd.length} members, where its manifest names ${members}`);
    const bad = answers.flat().find((up) => !(up >= 0 && up <= 1));
    if (bad !== undefined) throw invalid(`its server answered ${bad}, which is no probability`);
  }

  /** Takes answers to rows, all or none. Throws as {@link assertFits}. */
  take(rows: readonly Float64Array[], answers: ModelAnswers): void {
    this.assertFits(rows, answers);
    rows.forEach((row, k) => {
      this.#known.set(keyOf(row), answers[k]);
    });
  }

  /** In words, why there is no answer to what was asked last. */
  refuse(why: string): void {
    this.#refusal = why;
  }

  /** Another cycle shall not find what was said in this one: whether this process saw it is chance. */
  forget(): void {
    this.#known.clear();
    this.#refusal = undefined;
  }

  get refusal(): string {
    return this.#refusal ?? 'it was not asked about this bar';
  }

  /** By member, the probability of class 1. Throws `MODEL_NOT_ANSWERED`. */
  of(row: Float64Array): readonly number[] {
    const key = keyOf(row);
    const known = this.#known.get(key);
    if (known) return known;
    this.#wanted?.set(key, row.slice());
    throw new PlimsollError('MODEL_NOT_ANSWERED', this.refusal, 'see its server, and `plimsoll models show`');
  }
}

/** Whether the platform evaluates a version itself. */
export const isNative = ({ served }: ModelManifest): boolean => served === undefined || served === 'native';

/** What serves a version whose members answer elsewhere. */
export function askedElsewhere(manifest: ModelManifest): Pick<ServedModel, 'ensemble'> & { readonly answers: Answers } {
  const answers = new Answers(manifest);
  const ensemble = new Ensemble(
    manifest,
    manifest.members.map(
      (_, member): Member => ({
        features: manifest.features,
        classes: manifest.classes,
        predict: (row, out) => {
          out[1] = answers.of(row)[member];
          out[0] = 1 - out[1];
        },
      }),
    ),
  );
  return { answers, ensemble: () => ensemble };
}

/** Rows are the same where their bits are. */
const keyOf = (row: Float64Array): string =>
  String.fromCharCode(...new Uint16Array(row.buffer, row.byteOffset, row.length * 4));

const invalid = (what: string): PlimsollError =>
  new PlimsollError('MODEL_SERVER_ANSWER_INVALID', what, 'look at what is deployed under its name', {
    kept: 'nothing of the answer is used',
  });
