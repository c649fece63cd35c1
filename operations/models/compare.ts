/** Models side by side, and whether the first is better than each other one where both were judged on the same rows. */
import { PlimsollError } from '../../core/errors.ts';
import { compareEntries, type PairedDifference } from '../../core/models/catalogue/compare.ts';
import type { CatalogueEntry } from '../../core/models/catalogue/entry.ts';
import type { OperationContext } from '../operation.ts';
import { findModel } from './find.ts';
import { type Listed, listedEntry, listedVersion } from './listed.ts';
import type { ModelsPort } from './port.ts';
import type { CompareOutput } from './schema.ts';

const MOST_MODELS = 10;

export interface Compared {
  readonly label: string;
  readonly listed: Listed;
  /** Of the catalogue. */
  readonly entry?: CatalogueEntry;
}

export interface Pair {
  readonly first: string;
  readonly second: string;
  /** Null where the two were not judged by one metric on the same rows. */
  readonly difference: PairedDifference | null;
}

export interface Comparison {
  readonly models: readonly Compared[];
  /** The first beside each other one. */
  readonly pairs: readonly Pair[];
}

/**
 * @param names of models that were trained, each as NAME or NAME@VERSION, or of entries of the catalogue
 * Throws `OPERATION_INPUT_INVALID` for fewer than two or more than ten, `MODEL_UNKNOWN` and `MODEL_VERSION_UNKNOWN`.
 */
export async function compareModels(models: ModelsPort, names: readonly string[]): Promise<Comparison> {
  const asked = [...new Set(names)];
  if (asked.length < 2 || asked.length > MOST_MODELS)
    throw new PlimsollError(
      'OPERATION_INPUT_INVALID',
      `${asked.length} models are named`,
      `name 2 to ${MOST_MODELS} different ones`,
    );
  const compared: Compared[] = [];
  for (const name of asked) compared.push(await find(models, name));
  return { models: compared, pairs: pairsOf(compared) };
}

async function find(models: ModelsPort, asked: string): Promise<Compared> {
  const [name, wanted] = asked.split('@', 2);
  const found = await findModel(models, name, wanted);
  if (found.source === 'catalogue')
    return { label: name, listed: listedEntry(found.entry, found.data), entry: found.entry };
  const { version, status } = found;
  return { label: `${name}@${version.version}`, listed: listedVersion(version, status) };
}

function pairsOf([first, ...others]: readonly Compared[]): Pair[] {
  return others.map((other) => ({
    first: first.label,
    second: other.label,
    difference: (first.entry && other.entry && compareEntries(first.entry, other.entry)) ?? null,
  }));
}

/** As one object. */
export const comparedObject = ({ models, pairs }: Comparison): CompareOutput => ({
  models: models.map(({ listed }) => listed),
  pairs: [...pairs],
});

export default async function compare(
  context: OperationContext,
  { names }: { names: readonly string[] },
): Promise<CompareOutput> {
  return comparedObject(await compareModels(await context.models(), names));
}
