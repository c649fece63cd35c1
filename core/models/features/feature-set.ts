/** Features by their names, and sets of them: what a table holds, a model takes and a strategy computes. */
import { PlimsollError } from '../../errors.ts';
import { checkedLength } from '../../indicators/parameters.ts';
import type { BarColumns } from '../../market/bars.ts';
import { nearestRemedy } from '../../nearest.ts';
import { FAMILIES } from './families.ts';
import { Combined, type FeatureSpec, feature } from './feature.ts';

/** The most features of one set. */
export const MAX_FEATURES = 500;

/** Thirty features of trend, reversion, volatility, the bar's shape and the hour; none asks for a volume, which not every source has. */
export const STANDARD_FEATURES: readonly string[] = [
  ...['return-1', 'return-3', 'return-6', 'return-12', 'return-24', 'return-72'],
  ...['rsi-14', 'rsi-50', 'cci-20', 'cmo-14', 'williams-r-14', 'stochastic-14'],
  ...['adx-14', 'direction-14', 'aroon-25', 'macd', 'macd-histogram'],
  ...['above-sma-20', 'above-sma-50', 'above-ema-200', 'slope-24'],
  ...['band-position-20', 'band-width-20', 'range-position-55', 'atr-share-14', 'atr-ratio-14-100'],
  ...['body', 'upper-shadow', 'hour-sin', 'hour-cos'],
];

/** The feature of that name: its family, and the lengths that the family takes. Throws `FEATURE_UNKNOWN` or `INDICATOR_PARAMETER`. */
export function featureOf(name: string): FeatureSpec {
  const [, family, numbers] = /^([a-z-]*?[a-z])((?:-\d+)*)$/.exec(name) ?? ['', '', ''];
  const lengths = numbers.split('-').slice(1).map(Number);
  const known = Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
  if (!known)
    throw unknown(name, nearestRemedy(family, Object.keys(FAMILIES), `use one of ${Object.keys(FAMILIES).join(', ')}`));
  if (lengths.length !== known.lengths)
    throw unknown(name, `write it as ${[family, ...Array.from({ length: known.lengths }, () => 'BARS')].join('-')}`);
  for (const length of lengths) checkedLength(name, 'length', length);
  return feature(name, known.reads(...lengths), known.combine);
}

const unknown = (name: string, remedy: string): PlimsollError =>
  new PlimsollError('FEATURE_UNKNOWN', `there is no feature "${name}"`, remedy);

/** A set of features, in the order of a row. */
export interface FeatureSet {
  readonly names: readonly string[];
  readonly specs: readonly FeatureSpec[];
  /** Bars until the first row is whole. */
  readonly warmUp: number;
}

/** Throws `FEATURES_INVALID` where there are none, too many or the same twice; and as {@link featureOf}. */
export function featureSet(names: readonly string[]): FeatureSet {
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined) throw invalid(`the feature "${twice}" is there twice`, 'name each feature once');
  if (names.length === 0 || names.length > MAX_FEATURES)
    throw invalid(`a set of ${names.length} features cannot be used`, `name 1 to ${MAX_FEATURES}`);
  const specs = names.map(featureOf);
  return { names, specs, warmUp: Math.max(...specs.map(({ warmUp }) => warmUp)) };
}

const invalid = (message: string, remedy: string): PlimsollError =>
  new PlimsollError('FEATURES_INVALID', message, remedy);

/**
 * Every feature over a series, a column each; NaN before its warm-up. The same values as each of them by itself, which are float32:
 * half of the memory, and to fetch that takes as long as to compute what is in it.
 * @param room the columns to write to, one a feature and at least as long as the bars
 */
export function featureColumns(
  { specs }: FeatureSet,
  bars: BarColumns,
  room: readonly Float32Array[] = specs.map(() => new Float32Array(bars.length)),
): readonly Float32Array[] {
  new Combined(specs).advance(bars, 0, bars.length, room, 0);
  return room;
}
