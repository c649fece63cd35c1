/** Models are found by what they do, how they are served, when they are good, and how good. */
import type { Regime, Verdict } from './entry.ts';

/** What a search has to know of a model. */
export interface Found {
  readonly name: string;
  readonly task: string;
  readonly category: string;
  readonly served: string;
  readonly score: number;
  readonly baseline: number;
  readonly higherIsBetter: boolean;
  readonly verdict: Verdict;
  readonly regimes: Readonly<Partial<Record<Regime, { readonly score: number; readonly baseline: number }>>>;
}

export interface Search {
  readonly task?: string | undefined;
  readonly category?: string | undefined;
  readonly served?: string | undefined;
  /** Those alone that surely beat their baseline. */
  readonly beatsBaseline?: boolean | undefined;
  /** Those alone that were judged in it, by what they gained in it. */
  readonly regime?: Regime | undefined;
}

/** Those that are asked for, the largest gain first: of different metrics, as shares of their baselines. */
export function searchModels<Model extends Found>(models: readonly Model[], search: Search): Model[] {
  const { task, category, served, beatsBaseline, regime } = search;
  return models
    .filter(
      (model) =>
        (task === undefined || model.task === task) &&
        (category === undefined || model.category === category) &&
        (served === undefined || model.served === served) &&
        (!beatsBaseline || model.verdict === 'beats') &&
        (regime === undefined || model.regimes[regime] !== undefined),
    )
    .sort((a, b) => gainOf(b, regime) - gainOf(a, regime) || (a.name < b.name ? -1 : 1));
}

/** What is gained over the baseline, as a share of it; in a regime where one is named. 0 where the baseline is 0. */
export function gainOf(model: Found, regime?: Regime): number {
  const { score, baseline } = (regime && model.regimes[regime]) ?? model;
  if (baseline === 0) return 0;
  return ((score - baseline) / Math.abs(baseline)) * (model.higherIsBetter ? 1 : -1);
}
