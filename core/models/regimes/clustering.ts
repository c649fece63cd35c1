/** Regimes as clusters of features: found in the past, then frozen. */
import { type Indicator, type IndicatorSpec, type IndicatorState, indicatorSpec } from '../../indicators/indicator.ts';
import type { BarColumns } from '../../market/bars.ts';
import { Combined } from '../features/feature.ts';
import { featureColumns, featureSet } from '../features/feature-set.ts';
import { type KMeansOptions, kMeans, nearestCentroid } from './k-means.ts';
import { assertColumns, regimeInvalid, volatilityOfRank } from './regime.ts';

/** Standard deviations that a cluster's mean return is from that of all bars where it is called a trend. */
const TREND_DEVIATIONS = 0.5;
const CHUNK_BARS = 1_024;

export interface ClusterOptions extends KMeansOptions {
  /** By whose centre clusters are ordered from calm to turbulent. @default 'atr-share-24' */
  readonly volatilityFeature?: string;
  /** Whose centre says which way a cluster goes. @default 'return-72' */
  readonly trendFeature?: string;
  /** Others. @default ['adx-24'] */
  readonly features?: readonly string[];
}

export interface ClusterModel {
  /** Names of features: that of volatility, that of the trend, and the others. */
  readonly features: readonly string[];
  /** By feature: what is taken from it, and what it is divided by. */
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  /** By cluster, calmest first, by standardised feature. */
  readonly centroids: readonly (readonly number[])[];
}

/**
 * Clusters of these bars alone. Features are brought to mean 0 and deviation 1 first. Throws `REGIME_INPUT_INVALID`,
 * `REGIME_ROWS_TOO_FEW`, or as `featureSet`.
 */
export function fitClusters(bars: BarColumns, options: ClusterOptions = {}): ClusterModel {
  const { volatilityFeature = 'atr-share-24', trendFeature = 'return-72', features: others = ['adx-24'] } = options;
  const set = featureSet([volatilityFeature, trendFeature, ...others]);
  const columns = featureColumns(set, bars).map((column) => Float64Array.from(column.subarray(set.warmUp - 1)));
  assertColumns(columns, 1);
  const means = columns.map((column) => column.reduce((sum, value) => sum + value, 0) / column.length);
  const deviations = columns.map((column, k) =>
    Math.sqrt(column.reduce((sum, value) => sum + (value - means[k]) ** 2, 0) / column.length),
  );
  const standardised = columns.map((column, k) => column.map((value) => (value - means[k]) / deviations[k]));
  const { centroids } = kMeans(standardised, options);
  return { features: set.names, means, deviations, centroids: [...centroids].sort(([a], [b]) => a - b) };
}

/**
 * The cluster that a bar is nearest to. `cluster` counts from the calmest, `volatility` is 0 calm, 1 normal or 2 turbulent by that order, and
 * `trend` is 1 up or -1 down where the centre of the cluster is half a deviation of the trend's feature from its mean, else 0; `distance` is
 * that to its centre, in deviations. Throws `REGIME_INPUT_INVALID` where the model's parts do not fit.
 */
export function clusterRegime(model: ClusterModel): IndicatorSpec<'cluster' | 'volatility' | 'trend' | 'distance'> {
  const { features, means, deviations, centroids } = model;
  const set = featureSet(features);
  const fits = [means, deviations, ...centroids].every(
    (row) => row.length === features.length && row.every(Number.isFinite),
  );
  if (!fits || centroids.length < 2 || features.length < 2 || deviations.some((deviation) => deviation <= 0))
    throw regimeInvalid('the clusters have parts that do not fit', 'take them as they were fitted');
  const parameters = [...features, ...means, ...deviations, ...centroids.flat()];
  return indicatorSpec(
    'clusterRegime',
    parameters,
    ['cluster', 'volatility', 'trend', 'distance'],
    set.warmUp,
    () => new Clustered(model),
  );
}

class Clustered implements Indicator {
  readonly #model: ClusterModel;
  readonly #features: Combined;
  readonly #columns: readonly Float64Array[];
  readonly #row: Float64Array;

  constructor(model: ClusterModel) {
    this.#model = model;
    this.#features = new Combined(featureSet(model.features).specs);
    this.#columns = model.features.map(() => new Float64Array(CHUNK_BARS));
    this.#row = new Float64Array(model.features.length);
  }

  advance(bars: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): void {
    for (let start = from; start < to; start += CHUNK_BARS) {
      const end = Math.min(to, start + CHUNK_BARS);
      this.#features.advance(bars, start, end, this.#columns, 0);
      for (let k = 0; k < end - start; k++) this.#place(k, out, at + start - from + k);
    }
  }

  #place(k: number, [cluster, volatility, trend, distance]: readonly Float64Array[], at: number): void {
    const { means, deviations, centroids } = this.#model;
    const row = this.#row;
    let known = true;
    for (let d = 0; d < row.length; d++) {
      row[d] = (this.#columns[d][k] - means[d]) / deviations[d];
      known &&= Number.isFinite(row[d]);
    }
    const nearest = known ? nearestCentroid(centroids, row) : { cluster: Number.NaN, squared: Number.NaN };
    cluster[at] = nearest.cluster;
    volatility[at] = known ? volatilityOfRank(nearest.cluster, centroids.length) : Number.NaN;
    trend[at] = known ? trendOf(centroids[nearest.cluster][1]) : Number.NaN;
    distance[at] = Math.sqrt(nearest.squared);
  }

  snapshot(): IndicatorState {
    return this.#features.snapshot();
  }

  restore(state: IndicatorState): void {
    this.#features.restore(state);
  }
}

const trendOf = (centre: number): number => (Math.abs(centre) > TREND_DEVIATIONS ? Math.sign(centre) : 0);
