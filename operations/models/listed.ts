/** Models as they are listed, wherever they come from. */
import type { ModelVersion } from '../../adapters/models/registry.ts';
import { PlimsollError } from '../../core/errors.ts';
import {
  type Catalogue,
  type CatalogueEntry,
  type Regime,
  type Verdict,
  verdictOf,
} from '../../core/models/catalogue/entry.ts';
import type { Found } from '../../core/models/catalogue/search.ts';
import type { VersionStatus } from '../../core/models/history.ts';
import type { ModelsPort } from './port.ts';
import { rounded } from './rounded.ts';

/** A model as it is listed. */
export interface Listed extends Found {
  readonly source: 'catalogue' | 'trained';
  readonly metric: string;
  /** 95 % interval of the gain over the baseline, in the metric's unit. */
  readonly gained: readonly [number, number];
  readonly verdict: Verdict;
  readonly beatsBaseline: boolean;
  readonly regimes: Readonly<
    Partial<Record<Regime, { readonly rows: number; readonly score: number; readonly baseline: number }>>
  >;
  /** Rows, and ms UTC of the first and the last one. */
  readonly fittedOn: { readonly rows: number; readonly from: number; readonly to: number; readonly symbol?: string };
  /** Of a model that was trained here: the version that decides, or else the latest. */
  readonly version?: string;
  readonly status?: VersionStatus;
  readonly champion?: string | null;
  readonly versions?: number;
}

/** `card.json`, as the training job writes it. */
export interface Card {
  readonly rows: number;
  readonly period: { readonly from: number; readonly to: number };
  readonly ensemble: { readonly logLoss: number; readonly accuracy: number; readonly auc: number };
  readonly baseline: { readonly logLoss: number };
  readonly beatsBaseline: boolean;
  readonly intervals: {
    readonly logLossGained: readonly [number, number];
    readonly accuracy: readonly [number, number];
  };
  readonly sure: { readonly share: number; readonly accuracy: number | null };
  readonly calibration: { readonly error: number };
  readonly limits: readonly string[];
}

export function listedEntry(entry: CatalogueEntry, { symbol, trained }: Catalogue['data']): Listed {
  const { name, task, category, served, metric, higherIsBetter, verdict, gained, regimes } = entry;
  const [from, to] = trained.period;
  return {
    source: 'catalogue',
    ...{ name, task, category, served, metric, higherIsBetter },
    ...{ score: rounded(entry.score), baseline: rounded(entry.baseline) },
    ...{ gained, verdict, beatsBaseline: verdict === 'beats', regimes },
    fittedOn: { rows: entry.fittedOn, from, to, symbol },
  };
}

/** A model that was trained and cannot be read, with one sentence that says why. */
export interface UnreadableModel {
  readonly name: string;
  readonly problem: string;
}

/** Every model of a registry by its name, each as the version that decides or else the latest; one that cannot be read leaves the others. */
export async function listedVersions(
  registry: ModelsPort['registry'],
): Promise<{ readonly listed: Listed[]; readonly unreadable: UnreadableModel[] }> {
  const listed: Listed[] = [];
  const unreadable: UnreadableModel[] = [];
  for (const name of await registry.names()) {
    try {
      const { versions, champion } = await registry.standing(name);
      const version = await registry.version(name);
      const model = listedVersion(version, versions.get(version.version));
      listed.push({ ...model, champion: champion ?? null, versions: versions.size });
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      unreadable.push({ name, problem: error.sentence });
    }
  }
  return { listed, unreadable };
}

export function listedVersion(
  { name, version, manifest, card }: ModelVersion,
  status: VersionStatus | undefined,
): Listed {
  const { rows, period, ensemble, baseline, intervals } = card as unknown as Card;
  const verdict = verdictOf(intervals.logLossGained);
  return {
    source: 'trained',
    ...{ name, version, status: status ?? 'candidate', task: card.task as string, category: 'ensemble' },
    ...{ served: manifest.served ?? 'native', metric: 'logLoss', higherIsBetter: false },
    ...{ score: rounded(ensemble.logLoss), baseline: rounded(baseline.logLoss) },
    ...{ gained: intervals.logLossGained, verdict, beatsBaseline: verdict === 'beats', regimes: {} },
    fittedOn: { rows, from: period.from, to: period.to },
  };
}
