/** The files of versions that a server answers for, laid out for it: `MODEL/VERSION/…`. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';
import type { ModelRegistry, ModelVersion } from './registry.ts';

/** As models/plimsoll_models/serve/versions.py. */
const MOST_VERSIONS = 64;
const MODEL = /^[a-z][a-z0-9-]{0,62}$/;

/** A version by its name. */
export interface ServerVersion {
  readonly model: string;
  readonly version: string;
}

/** A version that needs its library is answered for by a server. */
export const needsServer = ({ manifest }: ModelVersion): boolean => manifest.served === 'endpoint';

/**
 * The versions under these names that need a server: of `NAME` its champion, of `NAME@VERSION` that one. Where no name is given, the champions of
 * all models; those that the platform evaluates itself are left out then. A version that cannot be read is left out then, too: who asks it is
 * told. Throws `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_NOT_PROMOTED`, and `MODEL_NEEDS_NO_SERVER` where one that is named needs none.
 */
export async function versionsForServer(
  registry: ModelRegistry,
  names: readonly string[] = [],
): Promise<ModelVersion[]> {
  if (names.length === 0) return championsForServer(registry);
  const versions: ModelVersion[] = [];
  for (const each of new Set(names)) {
    const [name, wanted] = each.split('@', 2);
    const version = wanted === undefined ? await championOf(registry, name) : await registry.version(name, wanted);
    if (!needsServer(version))
      throw new PlimsollError(
        'MODEL_NEEDS_NO_SERVER',
        `${name} ${version.version} is evaluated by the platform itself${version.manifest.served === 'onnx' ? ', with ONNX Runtime' : ''}`,
        'leave its name out; it is asked without a server',
      );
    versions.push(version);
  }
  return versions;
}

async function championsForServer(registry: ModelRegistry): Promise<ModelVersion[]> {
  const versions: ModelVersion[] = [];
  for (const name of await registry.names()) {
    try {
      const { champion } = await registry.standing(name);
      const version = champion === undefined ? undefined : await registry.version(name, champion);
      if (version && needsServer(version)) versions.push(version);
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
    }
  }
  return versions;
}

async function championOf(registry: ModelRegistry, name: string): Promise<ModelVersion> {
  const { champion, versions } = await registry.standing(name);
  if (champion === undefined && versions.size > 0)
    throw new PlimsollError(
      'MODEL_NOT_PROMOTED',
      `no version of the model "${name}" decides yet`,
      `promote one, or name one as ${name}@VERSION`,
    );
  return registry.version(name, champion);
}

/**
 * Writes the files of versions anew into a folder of its own and takes out what lay there, so that a server which starts in it has these and no
 * others. Throws `MODEL_FILE_MISSING`, `MODEL_FILE_CHANGED`, and `MODEL_SERVER_FULL`.
 * @param folder path; nothing else should be in it
 */
export async function writeServerVersions(
  registry: ModelRegistry,
  versions: readonly ModelVersion[],
  folder: string,
): Promise<ServerVersion[]> {
  if (versions.length > MOST_VERSIONS)
    throw new PlimsollError(
      'MODEL_SERVER_FULL',
      `${versions.length} versions are to be served, and one server has ${MOST_VERSIONS}`,
      'name those that are wanted',
    );
  mkdirSync(folder, { recursive: true });
  for (const model of modelsIn(folder)) rmSync(join(folder, model), { recursive: true, force: true });
  for (const version of versions) writeServerVersion(folder, version, await registry.files(version));
  return versions.map(({ name, version }) => ({ model: name, version }));
}

/** The files of one version, laid out for a server. */
export function writeServerVersion(
  folder: string,
  { name, version }: Pick<ModelVersion, 'name' | 'version'>,
  files: ReadonlyMap<string, Uint8Array>,
): void {
  const place = join(folder, name, version);
  mkdirSync(place, { recursive: true });
  for (const [file, bytes] of files) writeFileSync(join(place, file), bytes);
}

const modelsIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && MODEL.test(entry.name))
    .map(({ name }) => name);
