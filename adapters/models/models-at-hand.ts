/** The versions of models that decide, loaded once, so that a strategy can be given their opinions without waiting. */
import { PlimsollError } from '../../core/errors.ts';
import { Answers, answeredEnsemble } from '../../core/models/answers.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import type { ModelsAtHand, ServedModel } from '../../core/models/opinion.ts';
import { nearestRemedy } from '../../core/nearest.ts';
import type { ModelRegistry, ModelVersion } from './registry.ts';

/** Of a version that cannot be read: no version has this name. */
const UNREADABLE = 'unreadable';

/** The champion of every model. One that cannot be used is at hand all the same, and says why when it is asked. */
export async function championsOf(registry: ModelRegistry): Promise<ModelsAtHand> {
  const names = await registry.names();
  const champions = new Map<string, ServedModel | undefined>();
  for (const name of names) champions.set(name, await championOf(registry, name));
  return (name) => {
    const served = champions.get(name);
    if (served) return served;
    if (champions.has(name))
      throw new PlimsollError(
        'MODEL_NOT_PROMOTED',
        `no version of the model "${name}" decides yet`,
        `promote one with \`plimsoll models promote ${name} VERSION --reason …\``,
      );
    throw new PlimsollError(
      'MODEL_UNKNOWN',
      `there is no model "${name}"`,
      nearestRemedy(name, names, 'train one with `plimsoll models train`'),
    );
  };
}

/** Which version of every model decides, as one text: another one once a version is promoted or rolled back to. */
export async function standingsOf(registry: ModelRegistry): Promise<string> {
  const lines: string[] = [];
  for (const name of await registry.names()) {
    try {
      lines.push(`${name} ${(await registry.standing(name)).champion ?? '-'}`);
    } catch (error) {
      lines.push(`${name} ${unusable(name, error).version}`);
    }
  }
  return lines.join('\n');
}

/** Named versions, whatever became of them since. */
export async function versionsOf(
  registry: ModelRegistry,
  versions: Readonly<Record<string, string>>,
): Promise<ModelsAtHand> {
  const served = new Map<string, ServedModel>();
  for (const [name, version] of Object.entries(versions)) served.set(name, await servedOf(registry, name, version));
  return (name) => {
    const found = served.get(name);
    if (found) return found;
    throw new PlimsollError(
      'MODEL_UNKNOWN',
      `the ledger does not say which version of the model "${name}" decided`,
      'run `plimsoll ledger verify`',
    );
  };
}

async function championOf(registry: ModelRegistry, name: string): Promise<ServedModel | undefined> {
  try {
    const { champion } = await registry.standing(name);
    return champion === undefined ? undefined : await servedOf(registry, name, champion);
  } catch (error) {
    return unusable(name, error);
  }
}

async function servedOf(registry: ModelRegistry, name: string, wanted: string): Promise<ServedModel> {
  try {
    const version = await registry.version(name, wanted);
    // A feature that this version of the platform does not know is found out now.
    featureSet(version.manifest.features);
    const { manifest } = version;
    return { name, version: version.version, manifest, ...(await servingOf(registry, version)) };
  } catch (error) {
    return unusable(name, error);
  }
}

/** The files of one that is asked elsewhere are looked at where they are loaded. */
async function servingOf(
  registry: ModelRegistry,
  version: ModelVersion,
): Promise<Pick<ServedModel, 'ensemble' | 'answers'>> {
  if (version.manifest.served === undefined || version.manifest.served === 'native')
    return { ensemble: await ensembleOf(registry, version) };
  const answers = new Answers(version.manifest);
  const ensemble = answeredEnsemble(answers);
  return { answers, ensemble: () => ensemble };
}

async function ensembleOf(registry: ModelRegistry, version: ModelVersion): Promise<ServedModel['ensemble']> {
  try {
    const ensemble = await registry.load(version);
    return () => ensemble;
  } catch (error) {
    return throwing(error);
  }
}

const unusable = (name: string, error: unknown): ServedModel => ({
  name,
  version: UNREADABLE,
  manifest: undefined,
  ensemble: throwing(error),
});

function throwing(error: unknown): () => never {
  if (!(error instanceof PlimsollError)) throw error;
  return () => {
    throw error;
  };
}
