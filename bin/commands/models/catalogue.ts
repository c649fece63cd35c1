/** What can be found: the models of the catalogue, and the versions that were trained here. */
import { readFileSync } from 'node:fs';
import type { ModelRegistry, ModelVersion } from '../../../adapters/models/registry.ts';
import {
  type Catalogue,
  type CatalogueEntry,
  catalogueOf,
  invalid,
  type Verdict,
  verdictOf,
} from '../../../core/models/catalogue/entry.ts';
import type { Found } from '../../../core/models/catalogue/search.ts';
import type { Card } from './card.ts';
import { rounded } from './print.ts';

const PROOF = new URL('../../../proof/catalogue.json', import.meta.url);

/** A model as it is listed, wherever it comes from. */
export interface Listed extends Found {
  readonly source: 'catalogue' | 'trained';
  readonly metric: string;
  /** 95 % interval of the gain over the baseline, in the metric's unit. */
  readonly gained: readonly [number, number];
  readonly verdict: Verdict;
  readonly beatsBaseline: boolean;
  /** Rows, and ms UTC of the first and the last one. */
  readonly fittedOn: { readonly rows: number; readonly from: number; readonly to: number; readonly symbol?: string };
  /** Of a model that was trained here: the version that decides, or else the latest. */
  readonly version?: string;
  readonly status?: string;
  readonly champion?: string | null;
  readonly versions?: number;
}

/** Throws `MODEL_CATALOGUE_INVALID`. */
export function readCatalogue(): Catalogue {
  let figures: unknown;
  try {
    ({ figures } = JSON.parse(readFileSync(PROOF, 'utf8')) as { figures: unknown });
  } catch (error) {
    throw invalid((error as Error).message);
  }
  return catalogueOf(figures);
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

/** Every model of a registry by its name, each as the version that decides or else the latest. */
export async function listedVersions(registry: ModelRegistry): Promise<Listed[]> {
  const models: Listed[] = [];
  for (const name of await registry.names()) {
    const { versions, champion } = await registry.standing(name);
    const version = await registry.version(name);
    models.push({
      ...listedVersion(version, versions.get(version.version)),
      champion: champion ?? null,
      versions: versions.size,
    });
  }
  return models;
}

export function listedVersion({ name, version, card }: ModelVersion, status: string | undefined): Listed {
  const { rows, period, ensemble, baseline, intervals } = card as unknown as Card;
  const verdict = verdictOf(intervals.logLossGained);
  return {
    source: 'trained',
    ...{ name, version, status: status ?? 'candidate', task: card.task as string, category: 'ensemble' },
    ...{ served: 'native', metric: 'logLoss', higherIsBetter: false },
    ...{ score: rounded(ensemble.logLoss), baseline: rounded(baseline.logLoss) },
    ...{ gained: intervals.logLossGained, verdict, beatsBaseline: verdict === 'beats', regimes: {} },
    fittedOn: { rows, from: period.from, to: period.to },
  };
}
