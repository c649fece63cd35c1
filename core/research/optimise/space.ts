/** The parameters that a search may try: a range of whole or real numbers each, or a list of values. */
import { PlimsollError } from '../../errors.ts';
import type { GridPoint, ParameterValue } from '../sweep/grid.ts';

/** Numbers from `low` to `high`, both among them; searched by their logarithm where `log` is set. */
export interface RangeAxis {
  readonly name: string;
  readonly kind: 'whole' | 'real';
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
}

export interface ChoiceAxis {
  readonly name: string;
  readonly kind: 'choice';
  readonly values: readonly ParameterValue[];
}

export type SearchAxis = RangeAxis | ChoiceAxis;

/** A place in the space, one number an axis: of a range its value or the logarithm of it, of a choice the place in its list. */
export type Place = Float64Array;

const MOST_AXES = 20;
const MOST_VALUES = 1_000;
/** Significant digits of a real parameter: more would be no other strategy. */
const DIGITS = 6;

const RANGE = /^(-?[\d.]+(?:e-?\d+)?)\.\.(-?[\d.]+(?:e-?\d+)?)(,log)?$/i;

/**
 * The axis that `name=text` describes: `2..60` are whole numbers, `0.5..2.5` real ones, `1..1000,log` is searched by its logarithm;
 * anything else is undefined, and a list of values to whoever asks.
 */
export function rangeOf(name: string, text: string): RangeAxis | undefined {
  const found = RANGE.exec(text);
  if (!found) return undefined;
  const [low, high] = [Number(found[1]), Number(found[2])];
  const isWhole = [found[1], found[2]].every((end) => /^-?\d+$/.test(end));
  return { name, kind: isWhole ? 'whole' : 'real', low, high, log: found[3] !== undefined };
}

/** Throws `USAGE` for a space that cannot be searched. Asked before anything is run. */
export function assertSpace(axes: readonly SearchAxis[]): void {
  if (axes.length === 0)
    throw usage('there is no space to search', 'give one or more parameters, as in --space fast=2..60');
  if (axes.length > MOST_AXES) throw usage(`the space has ${axes.length} parameters`, `give ${MOST_AXES} at most`);
  const names = new Set<string>();
  for (const axis of axes) {
    if (names.has(axis.name)) throw usage(`the space has "${axis.name}" twice`, 'give each parameter once');
    names.add(axis.name);
    if (axis.kind === 'choice') assertChoice(axis);
    else assertRange(axis);
  }
}

function assertRange({ name, low, high, log }: RangeAxis): void {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw usage(`"${name}" ranges from ${low} to ${high}`, 'write the smaller number first, as in --space fast=2..60');
  if (log && low <= 0)
    throw usage(`"${name}" begins at ${low}, which has no logarithm`, 'begin above 0, or leave ",log" out');
}

function assertChoice({ name, values }: ChoiceAxis): void {
  if (values.length < 2 || values.length > MOST_VALUES)
    throw usage(
      `"${name}" has ${values.length} values`,
      `give 2 to ${MOST_VALUES}, or set one value with --set ${name}=…`,
    );
  const twice = values.find((value, k) => values.indexOf(value) !== k);
  if (twice !== undefined) throw usage(`the space has ${name}=${twice} twice`, 'give each value once');
}

const usage = (what: string, remedy: string): PlimsollError => new PlimsollError('USAGE', what, remedy);

/** Distinct points of a space; infinite where a parameter is a real number. */
export const sizeOf = (axes: readonly SearchAxis[]): number =>
  axes.reduce((size, axis) => size * (axis.kind === 'real' ? Number.POSITIVE_INFINITY : valuesOf(axis)), 1);

const valuesOf = (axis: SearchAxis): number =>
  axis.kind === 'choice' ? axis.values.length : Math.floor(axis.high) - Math.ceil(axis.low) + 1;

/** Ends of a range as it is searched: those of a whole one are half a step out, so that its ends are as likely as the others. */
export function endsOf({ kind, low, high, log }: RangeAxis): readonly [number, number] {
  const [from, to] = kind === 'whole' ? [low - 0.5, high + 0.5] : [low, high];
  return log ? [Math.log(from), Math.log(to)] : [from, to];
}

/** The parameters at a place. */
export const pointAt = (axes: readonly SearchAxis[], place: Place): GridPoint =>
  Object.fromEntries(axes.map((axis, k) => [axis.name, valueAt(axis, place[k])]));

function valueAt(axis: SearchAxis, coordinate: number): ParameterValue {
  if (axis.kind === 'choice') return axis.values[coordinate];
  const value = axis.log ? Math.exp(coordinate) : coordinate;
  const kept = axis.kind === 'whole' ? Math.round(value) : Number(value.toPrecision(DIGITS));
  return Math.min(axis.high, Math.max(axis.low, kept));
}

/** The place of a point as it is searched: what was rounded is where its value stands. */
export const placeOf = (axes: readonly SearchAxis[], point: GridPoint): Place =>
  Float64Array.from(axes, (axis) => {
    const value = point[axis.name];
    if (axis.kind === 'choice') return axis.values.indexOf(value);
    return axis.log ? Math.log(value as number) : (value as number);
  });
