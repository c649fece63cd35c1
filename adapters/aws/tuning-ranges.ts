/** The catalogue's spaces of hyperparameters as SageMaker's ranges. */
import type { ParameterRanges } from '@aws-sdk/client-sagemaker';
import { PlimsollError } from '../../core/errors.ts';
import type { CatalogueEntry } from '../../core/models/catalogue/entry.ts';

export type Space = CatalogueEntry['space'];

/** Channels that a trial chooses among. */
export type TableRange = readonly string[];

/** Of SageMaker, in one tuning job: estimators, and ranges of all of them together. */
const MOST_ESTIMATORS = 10;
const MOST_RANGES = 30;
/** What the name of a setting begins with; as in models/plimsoll_models/trial.py. */
export const SETTING = 'set_';
const TABLE = 'table';

/**
 * By estimator, the ranges of its settings, and of the table where there are several. Throws `SAGEMAKER_SPACES` where there are more
 * estimators or settings than SageMaker tunes together, and where an estimator has nothing to be tuned.
 */
export function parameterRanges(
  spaces: ReadonlyMap<string, Space>,
  tables: TableRange,
): ReadonlyMap<string, ParameterRanges> {
  if (spaces.size > MOST_ESTIMATORS) throw tooMany(`${spaces.size} estimators, of ${MOST_ESTIMATORS}`);
  const counts = [...spaces].map(
    ([name, space]) => [name, Object.keys(space).length + (tables.length > 1 ? 1 : 0)] as const,
  );
  const fixed = counts.find(([, count]) => count === 0);
  if (fixed) throw tooMany(`${fixed[0]}, which has no setting to be tuned, and one table; nothing`);
  const ranges = counts.reduce((sum, [, count]) => sum + count, 0);
  if (ranges > MOST_RANGES) throw tooMany(`estimators with ${ranges} settings in all, of ${MOST_RANGES}`);
  return new Map([...spaces].map(([name, space]) => [name, rangesOf(space, tables)]));
}

function rangesOf(space: Space, tables: TableRange): ParameterRanges {
  const ContinuousParameterRanges: NonNullable<ParameterRanges['ContinuousParameterRanges']> = [];
  const IntegerParameterRanges: NonNullable<ParameterRanges['IntegerParameterRanges']> = [];
  const CategoricalParameterRanges: NonNullable<ParameterRanges['CategoricalParameterRanges']> = [];
  for (const [setting, knob] of Object.entries(space)) {
    const Name = `${SETTING}${setting}`;
    if (knob.kind === 'choice') {
      CategoricalParameterRanges.push({ Name, Values: knob.options.map(textOf) });
      continue;
    }
    const { low, high, log } = knob;
    const range = {
      Name,
      MinValue: String(low),
      MaxValue: String(high),
      ScalingType: log ? ('Logarithmic' as const) : ('Linear' as const),
    };
    if (knob.kind === 'real') ContinuousParameterRanges.push(range);
    else IntegerParameterRanges.push(range);
  }
  if (tables.length > 1) CategoricalParameterRanges.push({ Name: TABLE, Values: [...tables] });
  return { ContinuousParameterRanges, IntegerParameterRanges, CategoricalParameterRanges };
}

/** As the job reads it: texts as they are, all else as JSON. */
const textOf = (option: string | number | boolean | null): string =>
  typeof option === 'string' ? option : JSON.stringify(option);

const tooMany = (what: string): PlimsollError =>
  new PlimsollError(
    'SAGEMAKER_SPACES',
    `there are ${what} that SageMaker tunes together`,
    'name fewer with --set estimators=NAME,NAME',
    { kept: 'nothing was started' },
  );
