/** The champions that a deployment watches, with the bars that each learned from. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { SeriesId } from '../../../adapters/lake/lake.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import type { LifecycleLimits } from '../../../core/models/monitoring/limits.ts';
import type { ModelsAtHand } from '../../../core/models/opinion.ts';
import { bundledFile } from '../bundled-file.ts';
import type { Retraining } from '../retraining/settings.ts';
import { barsFromBytes } from '../sweep/bars-object.ts';
import type { RetrainingPort } from './retraining.ts';

/** The most bars of one model that a deployment carries. */
export const MOST_WATCHED_BARS = 200_000;
/** The most models of one deployment: what their bars add to the function's code. */
export const MOST_WATCHED_MODELS = 10;

/** A champion that the platform evaluates itself. */
export interface WatchedModel {
  readonly name: string;
  /** Of the rows that it was trained on, ms UTC. */
  readonly period: { readonly from: number; readonly to: number };
  /** The bars that it learned from and those since, as gzipped columns beside the code, and their hash. */
  readonly bars: { readonly file: string; readonly hash: string };
  /** What goes on in the lake where they end. */
  readonly series: SeriesId;
  /** From one look to the next. */
  readonly everyMinutes: number;
  /** Of these, those that say when a training is due, and when what it left is better. */
  readonly limits: LifecycleLimits;
  /** Where the deployment trains it anew; else what is due waits for a person. */
  readonly retraining?: Retraining;
}

export interface DeployedWatch {
  readonly models: ModelsAtHand;
  readonly watched: readonly WatchedModel[];
  /** The way to trainings, from the environment that the stack sets; where a model is trained. */
  readonly retraining?: (variables: NodeJS.ProcessEnv) => Promise<RetrainingPort>;
}

/** Throws `MODEL_WATCH_DAMAGED`. */
export function carriedBars({ name, bars: { file, hash } }: WatchedModel, code = import.meta.url): BarColumns {
  try {
    const bytes = gunzipSync(readFileSync(bundledFile(file, code)));
    const [bars] = barsFromBytes(bytes, hash).values();
    return bars;
  } catch (cause) {
    throw new PlimsollError(
      'MODEL_WATCH_DAMAGED',
      `the bars that the model "${name}" learned from are not those that were deployed`,
      'deploy again',
      { kept: 'it was not looked at', cause },
    );
  }
}
