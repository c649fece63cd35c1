/** One model: a version that was trained here, or an entry of the catalogue. */
import { formatInstant } from '../../../core/market/civil.ts';
import { type Catalogue, type CatalogueEntry, REGIMES } from '../../../core/models/catalogue/entry.ts';
import { rounded } from '../../../operations/models/rounded.ts';
import { showModel, shownObject } from '../../../operations/models/show.ts';
import { modelsAt } from '../../../platform/models/models-at.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { sayCard } from './card.ts';
import { say } from './print.ts';

/** A version's card, its parity and its history; where none was trained under that name, the entry of the catalogue. Throws `MODEL_UNKNOWN`. */
export async function show(name: string, wanted: string | undefined, given: ModelsArguments): Promise<void> {
  const shown = await showModel(modelsAt(directoryOf(given), { readOnly: true }), name, wanted);
  if (given.json) return say(JSON.stringify(shownObject(shown)));
  if (shown.source === 'catalogue') return sayEntry(shown.entry, shown.data);
  const { version, status, history } = shown;
  say(`${name} ${version.version} (${status})`);
  sayCard(version);
  say('What became of its versions:');
  for (const { action, version: of, at, by, reason } of history)
    say(`  ${formatInstant(at)}  ${of} ${action} by ${by}: ${reason}`);
}

function sayEntry(entry: CatalogueEntry, data: Catalogue['data']): void {
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
  'batch-to-lake': 'a batch of batches.yaml, whose job writes a table (docs/models.md)',
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
