/** The versions of models that decide, loaded once, so that a strategy can be given their opinions without waiting. */
import { PlimsollError } from '../../core/errors.ts';
import { askedElsewhere, isNative } from '../../core/models/answers.ts';
import { batchInEntry } from '../../core/models/batch/batch.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import type { ModelsAtHand, ServedModel } from '../../core/models/opinion.ts';
import { trialInEntry } from '../../core/models/trial.ts';
import { nearestRemedy } from '../../core/nearest.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { lifecycleList } from './monitoring/lifecycle-list.ts';
import type { ModelRegistry, ModelVersion } from './registry.ts';

/** Of a version that cannot be read: no version has this name. */
const UNREADABLE = 'unreadable';

/** Which version of a model is on trial, and its share of the capital; undefined where none is. */
export type TrialOf = (name: string) => Promise<{ readonly version: string; readonly share: number } | undefined>;

const noTrial: TrialOf = async () => undefined;

/** Of the versions that may be: a person may have retired it meanwhile, or promoted it. */
export const trialsIn =
  (objects: ObjectStore, registry: ModelRegistry): TrialOf =>
  async (name) => {
    const { stage } = await lifecycleList(objects, name).state();
    if (stage.name !== 'trial') return undefined;
    const { versions, champion } = await registry.standing(name);
    const mayDecide = stage.version !== champion && (versions.get(stage.version) ?? 'retired') !== 'retired';
    return mayDecide ? stage : undefined;
  };

export interface ChampionsOptions {
  /** None is on trial without it. */
  readonly trialOf?: TrialOf;
  /** Names of the models that will be asked, all without it: of the others the version is at hand, and its files are not read. */
  readonly asked?: ReadonlySet<string>;
}

/** The champion of every model, and beside it the version on trial. One that cannot be used is at hand all the same, and says why when it is asked. */
export async function championsOf(
  registry: ModelRegistry,
  { trialOf = noTrial, asked }: ChampionsOptions = {},
): Promise<ModelsAtHand> {
  const names = await registry.names();
  const champions = new Map<string, ServedModel | undefined>();
  for (const name of names) {
    const read = asked?.has(name) === false ? unread : readFrom(registry);
    const champion = await championOf(registry, name, read);
    champions.set(name, champion && (await withTrial(registry, champion, await trialOf(name), read)));
  }
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

async function withTrial(
  registry: ModelRegistry,
  champion: ServedModel,
  trial: Awaited<ReturnType<TrialOf>>,
  read = readFrom(registry),
): Promise<ServedModel> {
  if (trial === undefined) return champion;
  const served = await servedOf(registry, champion.name, trial.version, read);
  return { ...champion, trial: { served, share: trial.share } };
}

/** Which version of every model decides and which is on trial, as one text: another one once one is promoted, rolled back to, or its share changes. */
export async function standingsOf(registry: ModelRegistry, trialOf: TrialOf = noTrial): Promise<string> {
  const lines: string[] = [];
  for (const name of await registry.names()) {
    try {
      const trial = await trialOf(name);
      const champion = (await registry.standing(name)).champion ?? '-';
      lines.push([name, champion, ...(trial ? [trial.version, trial.share] : [])].join(' '));
    } catch (error) {
      lines.push(`${name} ${unusable(name, error).version}`);
    }
  }
  return lines.join('\n');
}

/** Named versions, as a ledger names them, whatever became of them since. */
export async function versionsOf(
  registry: ModelRegistry,
  versions: Readonly<Record<string, string>>,
): Promise<ModelsAtHand> {
  const served = new Map<string, ServedModel>();
  const ofModels = Object.entries(versions).filter(([name, version]) => batchInEntry(name, version) === undefined);
  for (const [name, version] of ofModels) {
    if (trialInEntry(name, version) === undefined) served.set(name, await servedOf(registry, name, version));
  }
  for (const [name, version] of ofModels) {
    const trial = trialInEntry(name, version);
    const champion = trial && served.get(trial.model);
    if (champion) served.set(champion.name, await withTrial(registry, champion, trial));
  }
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

async function championOf(registry: ModelRegistry, name: string, read: Reading): Promise<ServedModel | undefined> {
  try {
    const { champion } = await registry.standing(name);
    return champion === undefined ? undefined : await servedOf(registry, name, champion, read);
  } catch (error) {
    return unusable(name, error);
  }
}

async function servedOf(
  registry: ModelRegistry,
  name: string,
  wanted: string,
  read = readFrom(registry),
): Promise<ServedModel> {
  try {
    const version = await registry.version(name, wanted);
    // A feature that this version of the platform does not know is found out now.
    featureSet(version.manifest.features);
    const { manifest } = version;
    const serving = isNative(manifest) ? { ensemble: await read(version) } : askedElsewhere(manifest);
    return { name, version: version.version, manifest, ...serving };
  } catch (error) {
    return unusable(name, error);
  }
}

/** Makes ready what is evaluated in this process. The files of one that is asked elsewhere are looked at where they are loaded. */
type Reading = (version: ModelVersion) => Promise<ServedModel['ensemble']>;

const readFrom =
  (registry: ModelRegistry): Reading =>
  async (version) => {
    try {
      const ensemble = await registry.load(version);
      return () => ensemble;
    } catch (error) {
      return throwing(error);
    }
  };

const unread: Reading = async ({ name }) =>
  throwing(
    new PlimsollError(
      'MODEL_NOT_READ',
      `the files of the model "${name}" were not read, since no configured strategy asks it`,
      'report this: who asks it should have said so',
    ),
  );

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
