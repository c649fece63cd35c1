/** `models search … --on sagemaker`. */
import { resolve } from 'node:path';
import type { Space } from '../../../adapters/aws/tuning-ranges.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { searchedEntries } from '../../../core/models/catalogue/searched.ts';
import { nearest } from '../../../core/nearest.ts';
import { catalogueAtHand } from '../../../platform/models/catalogue-at-hand.ts';
import { searchOnSageMaker } from '../../../platform/models/sagemaker-search.ts';
import type { Searched } from '../../../platform/models/search.ts';
import { directoryOf } from './arguments.ts';
import { cloudRun, statusLines } from './sagemaker.ts';
import type { SearchArguments } from './search.ts';

const DEFAULT_PARALLEL = 2;
const DEFAULT_MAX_MINUTES = 60;

/** Throws as {@link cloudRun} and {@link searchOnSageMaker} do, and `USAGE` for estimators that no search may choose. */
export async function searchThere(given: SearchArguments): Promise<Searched> {
  const { estimators, ...hyperparameters } = given.set;
  const { trials, minutes, seed, parallel = DEFAULT_PARALLEL } = given;
  const spaces = spacesOf(estimators);
  // No trial may run for longer than all of them.
  const maxMinutes = given.maxMinutes ?? Math.min(DEFAULT_MAX_MINUTES, minutes);
  const { stop, ...run } = await cloudRun({ ...given, maxMinutes });
  return searchOnSageMaker({
    ...run,
    directory: directoryOf(given),
    tables: given.table.map((table) => resolve(table)),
    ...{ spaces, trials, parallel, minutes, seed, hyperparameters },
    onStatus: statusLines(),
  }).finally(stop);
}

/** SageMaker tunes ten estimators together at most, so they have to be named. */
function spacesOf(estimators: string | number | boolean | undefined): ReadonlyMap<string, Space> {
  const known = searchedEntries(catalogueAtHand());
  const names =
    estimators === undefined
      ? []
      : String(estimators)
          .split(',')
          .map((name) => name.trim());
  if (names.length === 0)
    throw new PlimsollError(
      'USAGE',
      'no estimators are named, and SageMaker cannot tune all together',
      `name some with --set estimators=NAME,NAME among ${[...known.keys()].join(', ')}`,
    );
  return new Map(
    names.map((name) => {
      const entry = known.get(name);
      if (entry) return [name, entry.space];
      const near = nearest(name, [...known.keys()]);
      throw new PlimsollError('USAGE', `"${name}" is none that can be searched`, `use ${near}`);
    }),
  );
}
