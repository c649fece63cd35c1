import { type HistoryEntry, standingOf, type VersionStatus } from '../../core/models/history.ts';
import type { OperationContext } from '../operation.ts';
import { type FoundModel, findModel } from './find.ts';
import { type Listed, listedEntry, listedVersion } from './listed.ts';
import type { ModelsPort } from './port.ts';

/** What became of a version, as it is told. */
export type ToldEntry = Omit<HistoryEntry, 'key'>;

/** A model with all that is known of it. `history`, of all its versions, is that of a model that was trained; oldest first. */
export type ShownModel = FoundModel & { readonly history: readonly ToldEntry[] };

/** Where a version stands. */
export interface VersionStanding {
  readonly version: string;
  readonly status: VersionStatus;
}

/** Throws as {@link findModel}. */
export async function showModel(models: ModelsPort, name: string, wanted?: string): Promise<ShownModel> {
  const found = await findModel(models, name, wanted);
  if (found.source === 'catalogue') return { ...found, history: [] };
  const history = await models.registry.history(name);
  return { ...found, history: history.map(({ key: _, ...told }) => told) };
}

/** As one object: an entry of the catalogue, or a version with its card, its manifest and its history. */
export function shownObject(shown: ShownModel): Listed & Readonly<Record<string, unknown>> {
  if (shown.source === 'catalogue') return { ...shown.entry, ...listedEntry(shown.entry, shown.data) };
  const { version, status, history } = shown;
  const { card, manifest, about } = version;
  const standings = Array.from(
    standingOf(history).versions,
    ([of, standing]): VersionStanding => ({ version: of, status: standing }),
  );
  return { ...listedVersion(version, status), card, manifest, about, history, standings };
}

export default async function show(
  context: OperationContext,
  { name, version }: { name: string; version?: string | undefined },
) {
  return shownObject(await showModel(await context.models(), name, version));
}
