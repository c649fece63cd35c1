/** The parameters that a sweep tries: every combination of the values of its axes. */
import { PlimsollError } from '../../errors.ts';

export type ParameterValue = string | number | boolean;

/** The values of one parameter, in the order in which they are tried. */
export interface GridAxis {
  readonly name: string;
  readonly values: readonly ParameterValue[];
}

export type GridPoint = Readonly<Record<string, ParameterValue>>;

/** Runs of one command, over all of its windows. */
export const MOST_RUNS = 10_000;

/**
 * Every combination, the last axis the fastest. Throws `USAGE` without an axis, for an axis without values, twice the same axis or
 * value, and `RESEARCH_TOO_MUCH` with the count above {@link MOST_RUNS}.
 */
export function gridPoints(axes: readonly GridAxis[]): GridPoint[] {
  assertAxes(axes);
  assertRuns(
    axes.reduce((count, { values }) => count * values.length, 1),
    'the grid',
  );
  return axes.reduce<GridPoint[]>(
    (points, { name, values }) => points.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}],
  );
}

/** Throws `RESEARCH_TOO_MUCH` above {@link MOST_RUNS}. */
export function assertRuns(count: number, what: string): void {
  if (count <= MOST_RUNS) return;
  throw new PlimsollError(
    'RESEARCH_TOO_MUCH',
    `${what} is ${count} runs, more than ${MOST_RUNS}`,
    'give fewer values; every run more is also a reason more to doubt the best',
    { kept: 'nothing was run' },
  );
}

function assertAxes(axes: readonly GridAxis[]): void {
  if (axes.length === 0)
    throw new PlimsollError('USAGE', 'there is no grid', 'give one or more, as in --grid fast=5,10,20');
  const names = new Set<string>();
  for (const { name, values } of axes) {
    if (names.has(name))
      throw new PlimsollError('USAGE', `the grid has "${name}" twice`, 'give all values of a parameter at once');
    names.add(name);
    if (values.length === 0)
      throw new PlimsollError('USAGE', `the grid has no values for "${name}"`, 'write --grid name=value,value');
    const twice = values.find((value, k) => values.indexOf(value) !== k);
    if (twice !== undefined)
      throw new PlimsollError('USAGE', `the grid has ${name}=${twice} twice`, 'give each value once');
  }
}
