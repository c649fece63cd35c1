/** A model by its name: a version that was trained, or an entry of the catalogue. */
import type { ModelVersion } from '../../adapters/models/registry.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Catalogue, CatalogueEntry } from '../../core/models/catalogue/entry.ts';
import type { VersionStatus } from '../../core/models/history.ts';
import { nearestRemedy } from '../../core/nearest.ts';
import type { ModelsPort } from './port.ts';

export type FoundModel =
  | { readonly source: 'catalogue'; readonly entry: CatalogueEntry; readonly data: Catalogue['data'] }
  | { readonly source: 'trained'; readonly version: ModelVersion; readonly status: VersionStatus };

/**
 * What was trained goes before what the catalogue has under the same name.
 * @param wanted a version; the one that decides, or else the latest, when left out
 * Throws `MODEL_UNKNOWN` and `MODEL_VERSION_UNKNOWN`.
 */
export async function findModel(models: ModelsPort, name: string, wanted?: string): Promise<FoundModel> {
  const { registry } = models;
  const trained = await registry.names();
  if (trained.includes(name)) {
    const version = await registry.version(name, wanted);
    const { versions } = await registry.standing(name);
    return { source: 'trained', version, status: versions.get(version.version) ?? 'candidate' };
  }
  const { entries, data } = await models.catalogue();
  const entry = wanted === undefined ? entries.find((each) => each.name === name) : undefined;
  if (entry) return { source: 'catalogue', entry, data };
  throw new PlimsollError(
    'MODEL_UNKNOWN',
    `there is no model "${name}"`,
    nearestRemedy(name, [...trained, ...entries.map((each) => each.name)], 'see them all with `plimsoll models list`'),
  );
}
