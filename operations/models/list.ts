/** Models by task, by regime and by score: those of the catalogue, and those that were trained. */
import { PlimsollError } from '../../core/errors.ts';
import { REGIMES, type Regime, SERVED } from '../../core/models/catalogue/entry.ts';
import { gainOf, searchModels } from '../../core/models/catalogue/search.ts';
import { nearest } from '../../core/nearest.ts';
import type { OperationContext } from '../operation.ts';
import { type Listed, listedEntry, listedVersions, type UnreadableModel } from './listed.ts';
import type { ModelsPort } from './port.ts';
import { rounded } from './rounded.ts';
import type { ListInput, ListOutput } from './schema.ts';

/** What models are asked for by; whatever is left out does not matter. */
export interface ModelFilters {
  readonly task?: string | undefined;
  readonly category?: string | undefined;
  readonly served?: string | undefined;
  readonly regime?: string | undefined;
  /** Those alone that surely beat their baseline. */
  readonly beatsBaseline?: boolean | undefined;
  readonly source?: string | undefined;
}

/** `gain` is over the baseline, as a share of it; in a regime where one is asked for. */
export type ListedModel = Listed & { readonly gain: number };

const SOURCES = ['catalogue', 'trained'];

/** Those that are asked for, and those that nobody can say anything of. */
export interface FoundModels {
  /** The largest gain first. */
  readonly models: readonly ListedModel[];
  readonly unreadable: readonly UnreadableModel[];
}

/** Throws `OPERATION_INPUT_INVALID` where a filter names nothing that there is. */
export async function listModels(models: ModelsPort, filters: ModelFilters): Promise<FoundModels> {
  const { entries, data } = await models.catalogue();
  const { listed, unreadable } = await listedVersions(models.registry);
  const all = [...listed, ...entries.map((entry) => listedEntry(entry, data))];
  assertKnown('source', filters.source, SOURCES);
  assertKnown('way of being served', filters.served, SERVED);
  assertKnown('regime', filters.regime, REGIMES);
  for (const field of ['task', 'category'] as const)
    assertKnown(field, filters[field], new Set(all.map((model) => model[field])));
  const regime = filters.regime as Regime | undefined;
  const { task, category, served, beatsBaseline, source } = filters;
  const wanted = all.filter((model) => source === undefined || model.source === source);
  const found = searchModels(wanted, { task, category, served, regime, beatsBaseline });
  return {
    models: found.map((model) => ({ ...model, gain: rounded(gainOf(model, regime)) })),
    unreadable: source === 'catalogue' ? [] : unreadable,
  };
}

function assertKnown(what: string, given: string | undefined, known: Iterable<string>): void {
  const names = [...known];
  if (given === undefined || names.includes(given)) return;
  throw new PlimsollError(
    'OPERATION_INPUT_INVALID',
    `no model has the ${what} "${given}"`,
    `use ${nearest(given, names)}`,
  );
}

export default async function list(context: OperationContext, input: ListInput): Promise<ListOutput> {
  const { models, unreadable } = await listModels(await context.models(), input);
  return { models: [...models], unreadable: [...unreadable] };
}
