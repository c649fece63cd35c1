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
/** Runs of a sweep that is spread over many machines. */
export const MOST_SPREAD_RUNS = 100_000;

/**
 * Every combination, the last axis the fastest. Throws `USAGE` without an axis, for an axis without values, twice the same axis or
 * value, and `RESEARCH_TOO_MUCH` with the count above `most`.
 */
export function gridPoints(axes: readonly GridAxis[], most = MOST_RUNS): GridPoint[] {
  assertAxes(axes);
  assertRuns(gridSize(axes), 'the grid', most);
  return axes.reduce<GridPoint[]>(
    (points, { name, values }) => points.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}],
  );
}

/** Combinations of a grid. */
export const gridSize = (axes: readonly GridAxis[]): number =>
  axes.reduce((count, { values }) => count * values.length, 1);

/** The combination in the place `index` of {@link gridPoints}, without those before it. */
export function gridPointAt(axes: readonly GridAxis[], index: number): GridPoint {
  let left = index;
  const values = axes.map(() => 0);
  for (let k = axes.length - 1; k >= 0; k--) {
    const { length } = axes[k].values;
    values[k] = left % length;
    left = Math.floor(left / length);
  }
  return Object.fromEntries(axes.map((axis, k) => [axis.name, axis.values[values[k]]]));
}

/** Throws `RESEARCH_TOO_MUCH` above `most`. */
export function assertRuns(count: number, what: string, most = MOST_RUNS): void {
  if (count <= most) return;
  throw new PlimsollError(
    'RESEARCH_TOO_MUCH',
    `${what} is ${count} runs, more than ${most}`,
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
