/** Models by task, by regime and by score: those of the catalogue, and those that were trained here. */
import { PlimsollError } from '../../../core/errors.ts';
import { type Catalogue, REGIMES, type Regime, SERVED } from '../../../core/models/catalogue/entry.ts';
import { gainOf, searchModels } from '../../../core/models/catalogue/search.ts';
import { nearest } from '../../../core/nearest.ts';
import { modelsIn } from '../../../platform/models/strategies-at-hand.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { type Listed, listedEntry, listedVersions, readCatalogue } from './catalogue.ts';
import { percent, rounded, say, sayTable } from './print.ts';

export interface ListArguments extends ModelsArguments {
  readonly task?: string;
  readonly category?: string;
  readonly served?: string;
  readonly regime?: string;
  readonly beatsBaseline?: boolean;
  readonly source?: string;
}

const SOURCES = ['catalogue', 'trained'];

/** Throws `USAGE` where a filter names nothing that there is. */
export async function list(given: ListArguments): Promise<void> {
  const catalogue = readCatalogue();
  const all = [
    ...(await listedVersions(modelsIn(directoryOf(given), { readOnly: true }))),
    ...catalogue.entries.map((entry) => listedEntry(entry, catalogue.data)),
  ];
  assertKnown('source', given.source, SOURCES);
  assertKnown('way of being served', given.served, SERVED);
  assertKnown('regime', given.regime, REGIMES);
  for (const field of ['task', 'category'] as const)
    assertKnown(field, given[field], new Set(all.map((model) => model[field])));
  const regime = given.regime as Regime | undefined;
  const { task, category, served, beatsBaseline, source } = given;
  const wanted = all.filter((model) => source === undefined || model.source === source);
  const found = searchModels(wanted, { task, category, served, regime, beatsBaseline });
  if (given.json)
    return say(JSON.stringify(found.map((model) => ({ ...model, gain: rounded(gainOf(model, regime)) }))));
  sayFound(found, catalogue.data, regime);
}

function sayFound(found: readonly Listed[], data: Catalogue['data'], regime: Regime | undefined): void {
  if (found.length === 0) {
    say(
      'No model is like that. One of your own is trained with `plimsoll models table`, then `plimsoll models train`.',
    );
    return;
  }
  const figures = (model: Listed): string[] => {
    const { score, baseline } = (regime && model.regimes[regime]) ?? model;
    return [model.metric, String(rounded(score)), String(rounded(baseline)), percent(gainOf(model, regime))];
  };
  sayTable([
    ['model', 'task', 'served', 'metric', 'score', 'baseline', 'gain', 'verdict'],
    ...found.map((model) => [nameOf(model), model.task, model.served, ...figures(model), model.verdict]),
  ]);
  say(
    `${found.length} model${found.length === 1 ? '' : 's'}. The catalogue was fitted on ${data.trained.rows} rows of ${data.symbol}, and judged on ${data.judged.rows} later ones${regime ? `, of which those in a ${regime} market` : ''}.`,
  );
}

const nameOf = ({ name, version, status, versions }: Listed): string =>
  version === undefined ? name : `${name} ${version} (${status}${versions === 1 ? '' : `, ${versions} versions`})`;

function assertKnown(what: string, given: string | undefined, known: Iterable<string>): void {
  const names = [...known];
  if (given === undefined || names.includes(given)) return;
  throw new PlimsollError('USAGE', `no model has the ${what} "${given}"`, `use ${nearest(given, names)}`);
}
