/** Models side by side, and whether the first is better than each other one where both were judged on the same rows. */
import { REGIMES } from '../../../core/models/catalogue/entry.ts';
import { type Compared, comparedObject, compareModels, type Pair } from '../../../operations/models/compare.ts';
import { rounded } from '../../../operations/models/rounded.ts';
import { modelsAt } from '../../../platform/models/models-at.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { say, sayTable } from './print.ts';

/** Throws as {@link compareModels}. */
export async function compare(names: readonly string[], given: ModelsArguments): Promise<void> {
  const comparison = await compareModels(modelsAt(directoryOf(given), { readOnly: true }), names);
  if (given.json) return say(JSON.stringify(comparedObject(comparison)));
  saySideBySide(comparison.models);
  for (const pair of comparison.pairs) say(sentenceOf(pair));
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
