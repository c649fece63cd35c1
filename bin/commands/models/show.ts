/** One model: a version that was trained here, or an entry of the catalogue. */
import { PlimsollError } from '../../../core/errors.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import { type Catalogue, type CatalogueEntry, REGIMES } from '../../../core/models/catalogue/entry.ts';
import { nearestRemedy } from '../../../core/nearest.ts';
import { modelsIn } from '../../../platform/models/strategies-at-hand.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { sayCard } from './card.ts';
import { listedEntry, listedVersion, readCatalogue } from './catalogue.ts';
import { rounded, say } from './print.ts';

/** A version's card, its parity and its history; where none was trained under that name, the entry of the catalogue. Throws `MODEL_UNKNOWN`. */
export async function show(name: string, wanted: string | undefined, given: ModelsArguments): Promise<void> {
  const registry = modelsIn(directoryOf(given), { readOnly: true });
  const catalogue = readCatalogue();
  const trained = await registry.names();
  const entry = catalogue.entries.find((each) => each.name === name);
  if (entry && wanted === undefined && !trained.includes(name)) return showEntry(entry, catalogue, given);
  if (!trained.includes(name)) throw unknown(name, [...trained, ...catalogue.entries.map((each) => each.name)]);
  const version = await registry.version(name, wanted);
  const history = await registry.history(name);
  const { versions } = await registry.standing(name);
  const status = versions.get(version.version);
  if (given.json) {
    const { card, manifest, about } = version;
    return say(JSON.stringify({ ...listedVersion(version, status), card, manifest, about, history }));
  }
  say(`${name} ${version.version} (${status})`);
  sayCard(version);
  say('What became of its versions:');
  for (const { action, version: of, at, by, reason } of history)
    say(`  ${formatInstant(at)}  ${of} ${action} by ${by}: ${reason}`);
}

function showEntry(entry: CatalogueEntry, { data }: Catalogue, given: ModelsArguments): void {
  if (given.json) {
    say(JSON.stringify({ ...entry, ...listedEntry(entry, data) }));
    return;
  }
  const { of, category, task, inputs, outputs, served, licence, cost, metric, target, verdict, gained } = entry;
  say(`${entry.name} (${of}, ${licence})`);
  say(`  ${category}, ${task}: ${inputs} to ${outputs.join(', ')}; ${SERVED_HOW[served]}; cost ${cost}`);
  const figures = `${rounded(entry.score)}, baseline ${rounded(entry.baseline)}; gained ${gained.map(rounded).join(' to ')} (95 %)`;
  say(`  ${metric} of ${target} ${figures}`);
  sayRows(entry, data);
  say(`  ${VERDICT_SAYS[verdict]}`);
  if (entry.parity) {
    const { largestDifference, flipped, refused } = entry.parity;
    say(`  as ONNX within ${largestDifference.toExponential(1)} of its library, ${flipped} decisions differ`);
    if (refused !== null) say(`  the gate refuses that file: ${refused}`);
  }
  const space = Object.entries(entry.space).map(([knob, about]) => `${knob} ${rangeOf(about)}`);
  say(`  to be turned: ${space.join('; ') || 'nothing'}`);
}

function sayRows(entry: CatalogueEntry, data: Catalogue['data']): void {
  const { symbol, timeframe, trained, judged } = data;
  const later = entry.inSample
    ? 'of the same ones: it knows no other'
    : `later ones, to ${formatInstant(judged.period[1])}`;
  const from = formatInstant(trained.period[0]);
  say(
    `  fitted on ${entry.fittedOn} rows of ${symbol}, ${timeframe}, from ${from} on; judged on ${entry.judgedOn} ${later}`,
  );
  for (const regime of REGIMES) {
    const of = entry.regimes[regime];
    if (of) say(`  in a ${regime} market (${of.rows} rows) ${rounded(of.score)}, baseline ${rounded(of.baseline)}`);
  }
}

const SERVED_HOW: Readonly<Record<CatalogueEntry['served'], string>> = {
  native: 'evaluated by the platform itself',
  onnx: 'a file for ONNX Runtime',
  endpoint: 'its library behind a request',
  'batch-to-lake': 'a job that writes a table',
  'research-only': 'not served',
};

const VERDICT_SAYS = {
  beats: 'It beats its baseline.',
  undecided: 'It is not decided whether it beats its baseline.',
  loses: 'It loses to its baseline.',
} as const;

type Knob = CatalogueEntry['space'][string];

const rangeOf = (knob: Knob): string =>
  knob.kind === 'choice'
    ? knob.options.map(String).join('|')
    : `${knob.low}..${knob.high}${knob.log ? ' (logarithmic)' : ''}`;

export const unknown = (name: string, known: readonly string[]): PlimsollError =>
  new PlimsollError(
    'MODEL_UNKNOWN',
    `there is no model "${name}"`,
    nearestRemedy(name, known, 'see them all with `plimsoll models list`'),
  );
