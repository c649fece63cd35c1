/** Models by task, by regime and by score: those of the catalogue, and those that were trained here. */
import type { Catalogue, Regime } from '../../../core/models/catalogue/entry.ts';
import { gainOf } from '../../../core/models/catalogue/search.ts';
import { listModels, type ModelFilters } from '../../../operations/models/list.ts';
import type { Listed } from '../../../operations/models/listed.ts';
import { rounded } from '../../../operations/models/rounded.ts';
import { modelsAt } from '../../../platform/models/models-at.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { percent, say, sayTable } from './print.ts';

export interface ListArguments extends ModelsArguments, ModelFilters {}

/** Throws as {@link listModels}. */
export async function list(given: ListArguments): Promise<void> {
  const models = modelsAt(directoryOf(given), { readOnly: true });
  const { models: found, unreadable } = await listModels(models, given);
  for (const { name, problem } of unreadable) process.stderr.write(`${name} cannot be read. ${problem}\n`);
  if (given.json) return say(JSON.stringify(found));
  sayFound(found, (await models.catalogue()).data, given.regime as Regime | undefined);
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
