/** Models side by side, and whether the first is better than each other one where both were judged on the same rows. */
import type { ModelRegistry } from '../../../adapters/models/registry.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { compareEntries, type PairedDifference } from '../../../core/models/catalogue/compare.ts';
import { type Catalogue, type CatalogueEntry, REGIMES } from '../../../core/models/catalogue/entry.ts';
import { modelsIn } from '../../../platform/models/strategies-at-hand.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { type Listed, listedEntry, listedVersion, readCatalogue } from './catalogue.ts';
import { rounded, say, sayTable } from './print.ts';
import { unknown } from './show.ts';

const MOST_MODELS = 10;

interface Compared {
  readonly label: string;
  readonly listed: Listed;
  /** Of the catalogue. */
  readonly entry?: CatalogueEntry;
}

interface Pair {
  readonly first: string;
  readonly second: string;
  /** Null where the two were not judged by one metric on the same rows. */
  readonly difference: PairedDifference | null;
}

/**
 * @param names of models that were trained here, each as NAME or NAME@VERSION, or of entries of the catalogue
 * Throws `USAGE`, `MODEL_UNKNOWN` and `MODEL_VERSION_UNKNOWN`.
 */
export async function compare(names: readonly string[], given: ModelsArguments): Promise<void> {
  const asked = [...new Set(names)];
  if (asked.length < 2 || asked.length > MOST_MODELS)
    throw new PlimsollError('USAGE', `${asked.length} models are named`, `name 2 to ${MOST_MODELS} different ones`);
  const registry = modelsIn(directoryOf(given), { readOnly: true });
  const catalogue = readCatalogue();
  const trained = await registry.names();
  const models: Compared[] = [];
  for (const name of asked) models.push(await find(name, registry, trained, catalogue));
  const pairs = pairsOf(models);
  if (given.json) return say(JSON.stringify({ models: models.map(({ listed }) => listed), pairs }));
  saySideBySide(models);
  for (const pair of pairs) say(sentenceOf(pair));
}

async function find(
  asked: string,
  registry: ModelRegistry,
  trained: readonly string[],
  catalogue: Catalogue,
): Promise<Compared> {
  const [name, wanted] = asked.split('@', 2);
  const entry = catalogue.entries.find((each) => each.name === name);
  if (entry && wanted === undefined && !trained.includes(name))
    return { label: name, listed: listedEntry(entry, catalogue.data), entry };
  if (!trained.includes(name)) throw unknown(name, [...trained, ...catalogue.entries.map((each) => each.name)]);
  const version = await registry.version(name, wanted);
  const { versions } = await registry.standing(name);
  return { label: `${name}@${version.version}`, listed: listedVersion(version, versions.get(version.version)) };
}

function pairsOf([first, ...others]: readonly Compared[]): Pair[] {
  return others.map((other) => ({
    first: first.label,
    second: other.label,
    difference: (first.entry && other.entry && compareEntries(first.entry, other.entry)) ?? null,
  }));
}

function saySideBySide(models: readonly Compared[]): void {
  const row = (what: string, of: (model: Compared) => unknown): string[] => [
    what,
    ...models.map((model) => String(of(model))),
  ];
  sayTable([
    row('', ({ label }) => label),
    row('source', ({ listed }) => listed.source),
    row('task', ({ listed }) => listed.task),
    row('served', ({ listed }) => listed.served),
    row('metric', ({ listed, entry }) => (entry ? `${listed.metric} of ${entry.target}` : listed.metric)),
    row('score', ({ listed }) => listed.score),
    row('baseline', ({ listed }) => listed.baseline),
    row('gained (95 %)', ({ listed }) => listed.gained.map(rounded).join(' to ')),
    row('verdict', ({ listed }) => listed.verdict),
    row('fitted on', ({ listed }) => `${listed.fittedOn.rows} rows`),
    ...REGIMES.map((regime) =>
      row(`when ${regime}`, ({ listed }) => {
        const of = listed.regimes[regime];
        return of ? `${rounded(of.score)} beside ${rounded(of.baseline)}` : '–';
      }),
    ),
    row('cost', ({ entry }) => entry?.cost ?? '–'),
    row('licence', ({ entry }) => entry?.licence ?? '–'),
  ]);
}

function sentenceOf({ first, second, difference }: Pair): string {
  if (difference === null)
    return `${first} and ${second} were not judged by one metric on the same rows: nothing is said of which is better.`;
  const { gained, interval, pValue } = difference;
  const [least, most] = interval;
  const verdict = least > 0 ? 'is better' : most < 0 ? 'is worse' : 'is not told apart';
  return `${first} ${verdict} than ${second}: ${rounded(gained)} (${rounded(least)} to ${rounded(most)}, p ${rounded(pValue)}).`.replace(
    'is not told apart than',
    'is not told apart from',
  );
}
