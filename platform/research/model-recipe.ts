/** What the models of a walk forward are made by: the features, the label and the hyperparameters of a version that is there, or of a table. */

import * as z from 'zod';
import { TABLE_FILES } from '../../adapters/files/feature-table.ts';
import { readTableFiles } from '../../adapters/files/table-files.ts';
import type { ModelVersion } from '../../adapters/models/registry.ts';
import { recordShape } from '../../adapters/python/training-record.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { type LabelSpec, labelSchema } from '../../core/models/table.ts';
import { modelsIn } from '../models/strategies-at-hand.ts';

type Hyperparameters = Readonly<Record<string, string | number | boolean>>;

export interface ModelRecipe {
  /** In words, whose it is. */
  readonly from: string;
  readonly features: readonly string[];
  readonly label: LabelSpec;
  readonly timeframe: string;
  /** Empty where it is of a table: the job's own. */
  readonly hyperparameters: Hyperparameters;
  /** Of a version: until when it knows the market (ms UTC), and what its training took. */
  readonly trained?: { readonly until: number; readonly rows: number; readonly seconds: number };
}

/** Throws `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, and `RESEARCH_RECIPE_UNKNOWN` where the version does not say how it was trained. */
export async function recipeOfModel(directory: string, name: string, wanted?: string): Promise<ModelRecipe> {
  const found = await modelsIn(directory, { readOnly: true }).version(name, wanted);
  const { features, label, timeframe } = found.manifest;
  return { from: `${name} ${found.version}`, features, label, timeframe, ...trainingOf(found) };
}

function trainingOf({ name, version, about, card }: ModelVersion): Pick<ModelRecipe, 'hyperparameters' | 'trained'> {
  const read = recordShape.safeParse(about.run);
  if (!read.success)
    throw new PlimsollError(
      'RESEARCH_RECIPE_UNKNOWN',
      `${name} ${version} does not say how it was trained (${read.error.issues[0].path.join('.')})`,
      'name the table that it learned from with --table, and its hyperparameters with --model-set',
    );
  const { hyperparameters, seed, threads, wall_seconds, resumed } = read.data;
  const period = card.period as { readonly to: number };
  return {
    hyperparameters: { ...asGiven(hyperparameters), seed, threads },
    trained: { until: period.to, rows: card.rows as number, seconds: wall_seconds + resumed.seconds },
  };
}

/** As a job is given them: lists with commas, and nothing for what was left out. */
function asGiven(recorded: Readonly<Record<string, Json>>): Hyperparameters {
  const given = Object.entries(recorded).flatMap(([name, value]) => {
    if (value === null || value === '') return [];
    return [[name, Array.isArray(value) ? value.join(',') : value] as const];
  });
  return Object.fromEntries(given) as Hyperparameters;
}

const aboutShape = z.object({ features: z.array(z.string()), label: labelSchema, timeframe: z.string() });

/** Throws `TABLE_MISSING`, `TABLE_CHANGED`, and `TABLE_INVALID` where it does not say what its label is. */
export async function recipeOfTable(folder: string, name: string): Promise<ModelRecipe> {
  const { files } = await readTableFiles(folder);
  const read = aboutShape.safeParse(JSON.parse(new TextDecoder().decode(files.get(TABLE_FILES.about))));
  if (!read.success)
    throw new PlimsollError(
      'TABLE_INVALID',
      `${TABLE_FILES.about} in ${folder} does not say what is learned (${read.error.issues[0].path.join('.')})`,
      'write the table again with `plimsoll models table`',
    );
  return { from: `${name}, by the table of ${read.data.features.length} features`, ...read.data, hyperparameters: {} };
}
