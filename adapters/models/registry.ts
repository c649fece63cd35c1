/**
 * The versions of models in the object store: `models/NAME/VERSION/…` and the list of what became of them, `models/NAME/history/…`. A version
 * is named by what it is, the hash of its manifest: the same training twice is one version, and a file that was changed is found out.
 */
import { hash } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import { Answers, isNative } from '../../core/models/answers.ts';
import { Ensemble } from '../../core/models/ensemble.ts';
import {
  actionOn,
  checkedEntry,
  doneBefore,
  type HistoryEntry,
  historyEntry,
  type Standing,
  standingOf,
} from '../../core/models/history.ts';
import { type ModelManifest, modelManifest } from '../../core/models/manifest.ts';
import { evaluatorOf } from '../../core/models/native/index.ts';
import { assertParity, type Parity, ParityRows } from '../../core/models/parity.ts';
import { nearestRemedy } from '../../core/nearest.ts';
import { type AskModel, MAX_QUESTION_ROWS } from '../../core/ports/model-server.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';

/** What the keys of all of them begin with. */
export const MODELS_PREFIX = 'models/';
const MANIFEST = 'manifest.json';
const CARD = 'card.json';
const PARITY = 'parity.bin';
const ABOUT = 'version.json';
const VERSION_CHARACTERS = 16;
const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const PAGE = 1_000;
/** Entries of one model's history, and names of models: what a listing has to hold. */
const MOST_LISTED = 10_000;
/** Writers of one history that meet. */
const ATTEMPTS = 20;

/** Who does something to a model, and why. */
export interface ModelDeed {
  /** ms UTC. */
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  /** SHA-256, hex: under it the deed is done once. */
  readonly key?: string;
}

/** What is known of a version besides its files. */
export interface VersionAbout {
  /** Of the training: `run.json`. */
  readonly run: Json;
  /** By member: how far what is evaluated here lies from its library. */
  readonly parity: Readonly<Record<string, Parity>>;
}

export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly manifest: ModelManifest;
  readonly card: { readonly [key: string]: Json };
  readonly about: VersionAbout;
}

export class ModelRegistry {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /**
   * Takes what a training left, after its parity with the library was seen: a version that is not the same here is refused, and nothing of
   * it is kept. The same version again changes nothing. Throws `MODEL_NAME_INVALID`, `MODEL_FILE_MISSING`, `MODEL_FILE_CHANGED`,
   * `MODEL_PARITY_FAILED`, `MODEL_PARITY_UNASKED`, and what a damaged file or whoever is asked throws.
   * @param files by name
   * @param ask answers for a version that the platform does not evaluate itself: what it will be served by, with these files
   */
  async register(
    name: string,
    files: ReadonlyMap<string, Uint8Array>,
    run: Json,
    deed: ModelDeed,
    ask?: AskModel,
  ): Promise<ModelVersion> {
    checkName(name);
    const text = needed(files, MANIFEST);
    const manifest = modelManifest(textOf(text));
    for (const [file, expected] of Object.entries(manifest.files)) assertHash(file, needed(files, file), expected);
    const version = versionOf(text);
    const parity = isNative(manifest)
      ? parityOf(manifest, files)
      : await parityElsewhere({ model: name, version, manifest }, files, ask);
    const about: VersionAbout = { run, parity };
    for (const file of [...Object.keys(manifest.files), MANIFEST])
      await this.#objects.put(keyOf(name, version, file), needed(files, file), { ifAbsent: true });
    // Last: a version whose registration was broken off is not there.
    await this.#objects.put(keyOf(name, version, ABOUT), bytesOf(canonicalJson(about)), { ifAbsent: true });
    const { versions } = await this.standing(name);
    if (!versions.has(version)) await this.#append(name, () => ({ action: 'registered', version, ...deed }));
    return { name, version, manifest, card: cardIn(needed(files, CARD)), about };
  }

  /** Names of all models. */
  async names(): Promise<string[]> {
    const names: string[] = [];
    let after = '';
    while (names.length < MOST_LISTED) {
      const [next] = await this.#objects.list('models/', { after, limit: 1 });
      if (next === undefined) break;
      const name = next.split('/')[1];
      names.push(name);
      // Past all that is below it: "0" comes after "/".
      after = `models/${name}0`;
    }
    return names;
  }

  /** Where the versions of a model stand. Of one that is not there: none. */
  async standing(name: string): Promise<Standing> {
    return standingOf(await this.history(name));
  }

  async history(name: string): Promise<HistoryEntry[]> {
    checkName(name);
    const entries: HistoryEntry[] = [];
    let after = '';
    for (;;) {
      const keys = await this.#objects.list(`models/${name}/history/`, { after, limit: PAGE });
      for (const key of keys) entries.push(historyEntry(textOf((await this.#objects.get(key)) ?? new Uint8Array())));
      if (keys.length < PAGE || entries.length >= MOST_LISTED) return entries;
      after = keys[keys.length - 1];
    }
  }

  /** Throws as {@link actionOn}, `MODEL_DEED_INVALID` or `IDEMPOTENCY_KEY_REUSED`; returns the version that it was done to. */
  async act(
    name: string,
    action: 'promoted' | 'rolled-back' | 'retired',
    wanted: string | undefined,
    deed: ModelDeed,
  ): Promise<string> {
    await this.#known(name);
    const entry = await this.#append(
      name,
      (history) =>
        doneBefore(history, action, wanted, deed) ?? {
          action,
          version: actionOn(standingOf(history), action, wanted),
          ...deed,
        },
    );
    return entry.version;
  }

  /** A version, or the champion, or where there is none yet the latest. Throws `MODEL_UNKNOWN` or `MODEL_VERSION_UNKNOWN`. */
  async version(name: string, wanted?: string): Promise<ModelVersion> {
    const { versions, champion } = await this.#known(name);
    const version = wanted ?? champion ?? [...versions.keys()].at(-1);
    if (version === undefined || !versions.has(version))
      throw new PlimsollError(
        'MODEL_VERSION_UNKNOWN',
        `the model "${name}" has no version ${version ?? 'yet'}`,
        `see its versions with \`plimsoll models show ${name}\``,
      );
    const manifestBytes = await this.#file(name, version, MANIFEST);
    if (versionOf(manifestBytes) !== version) throw changed(MANIFEST);
    const manifest = modelManifest(textOf(manifestBytes));
    const card = await this.#checked(name, version, manifest, CARD);
    const about = JSON.parse(textOf(await this.#file(name, version, ABOUT))) as VersionAbout;
    return { name, version, manifest, card: cardIn(card), about };
  }

  /** The version ready to decide; every file's hash is checked before it is read. Throws `MODEL_FILE_MISSING` or `MODEL_FILE_CHANGED`. */
  async load(version: ModelVersion): Promise<Ensemble> {
    const files = await this.memberFiles(version);
    const members = version.manifest.members.map(({ file }) => evaluatorOf(files.get(file)!));
    return new Ensemble(version.manifest, members);
  }

  /** The files of a version's members by name, each with its hash checked. Throws `MODEL_FILE_MISSING` or `MODEL_FILE_CHANGED`. */
  async memberFiles({ name, version, manifest }: ModelVersion): Promise<ReadonlyMap<string, Uint8Array>> {
    const files = new Map<string, Uint8Array>();
    for (const { file } of manifest.members) files.set(file, await this.#checked(name, version, manifest, file));
    return files;
  }

  /** All files of a version by name, its manifest among them, each with its hash checked. Throws `MODEL_FILE_MISSING` or `MODEL_FILE_CHANGED`. */
  async files({ name, version, manifest }: ModelVersion): Promise<ReadonlyMap<string, Uint8Array>> {
    const text = await this.#file(name, version, MANIFEST);
    if (versionOf(text) !== version) throw changed(MANIFEST);
    const files = new Map([[MANIFEST, text]]);
    for (const file of Object.keys(manifest.files)) files.set(file, await this.#checked(name, version, manifest, file));
    return files;
  }

  async #checked(name: string, version: string, { files }: ModelManifest, file: string): Promise<Uint8Array> {
    const bytes = await this.#file(name, version, file);
    assertHash(file, bytes, files[file]);
    return bytes;
  }

  async #file(name: string, version: string, file: string): Promise<Uint8Array> {
    const bytes = await this.#objects.get(keyOf(name, version, file));
    if (bytes === undefined) throw missing(file);
    return bytes;
  }

  /** Where the versions of a model that is there stand. Throws `MODEL_UNKNOWN`. */
  async #known(name: string): Promise<Standing> {
    const standing = await this.standing(name);
    if (standing.versions.size > 0) return standing;
    const names = await this.names();
    throw new PlimsollError(
      'MODEL_UNKNOWN',
      `there is no model "${name}"`,
      nearestRemedy(name, names, 'train one with `plimsoll models train`'),
    );
  }

  /** Adds what `entryOf` makes of the history so far, unless it is there; who comes second looks again. Throws `MODEL_HISTORY_BUSY`. */
  async #append(name: string, entryOf: (history: readonly HistoryEntry[]) => HistoryEntry): Promise<HistoryEntry> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const history = await this.history(name);
      const wanted = entryOf(history);
      if (history.includes(wanted)) return wanted;
      const entry = checkedEntry(wanted);
      const key = `models/${name}/history/${String(history.length + 1).padStart(8, '0')}.json`;
      if ((await this.#objects.put(key, bytesOf(canonicalJson(entry)), { ifAbsent: true })) === 'written') return entry;
    }
    throw new PlimsollError(
      'MODEL_HISTORY_BUSY',
      `others changed the model "${name}" ${ATTEMPTS} times in the meantime`,
      'try again',
      { kept: 'nothing was changed' },
    );
  }
}

const keyOf = (name: string, version: string, file: string): string => `models/${name}/${version}/${file}`;

/** What a version is called, by the bytes of its manifest. */
export const versionOf = (manifest: Uint8Array): string => hash('sha256', manifest).slice(0, VERSION_CHARACTERS);

function checkName(name: string): void {
  if (NAME.test(name) && name !== 'history') return;
  throw new PlimsollError(
    'MODEL_NAME_INVALID',
    `a model cannot be named "${name}"`,
    'use small letters, digits and dashes, 1 to 63 of them, a letter first',
  );
}

function parityOf(manifest: ModelManifest, files: ReadonlyMap<string, Uint8Array>): Record<string, Parity> {
  const rows = new ParityRows(needed(files, PARITY));
  return Object.fromEntries(
    manifest.members.map(({ name, file }) => {
      const parity = rows.compare(name, evaluatorOf(needed(files, file)));
      assertParity(name, parity);
      return [name, parity];
    }),
  );
}

interface AskedVersion {
  readonly model: string;
  readonly version: string;
  readonly manifest: ModelManifest;
}

async function parityElsewhere(
  { model, version, manifest }: AskedVersion,
  files: ReadonlyMap<string, Uint8Array>,
  ask: AskModel | undefined,
): Promise<Record<string, Parity>> {
  if (ask === undefined)
    throw new PlimsollError(
      'MODEL_PARITY_UNASKED',
      `a version that is served as ${manifest.served} is registered by who can ask it, and nothing that answers was named`,
      'train it with `plimsoll models train`, which starts what answers',
      { kept: 'nothing of it was registered' },
    );
  const said = new ParityRows(needed(files, PARITY));
  const rows = said.questions(manifest.features.length);
  const fits = new Answers(manifest);
  const answers: (readonly number[])[] = [];
  for (let from = 0; from < rows.length; from += MAX_QUESTION_ROWS) {
    const part = rows.slice(from, from + MAX_QUESTION_ROWS);
    const answered = await ask({ model, version, rows: part });
    fits.assertFits(part, answered);
    answers.push(...answered);
  }
  return Object.fromEntries(
    manifest.members.map(({ name }, member) => {
      const parity = said.compareAnswers(
        name,
        answers.map((answer) => answer[member]),
      );
      assertParity(name, parity);
      return [name, parity];
    }),
  );
}

function needed(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw missing(name);
  return bytes;
}

function assertHash(file: string, bytes: Uint8Array, expected: string): void {
  if (hash('sha256', bytes) !== expected) throw changed(file);
}

const missing = (file: string): PlimsollError =>
  new PlimsollError(
    'MODEL_FILE_MISSING',
    `the model’s file ${file} is not there`,
    'restore it, or train the model anew',
  );

const changed = (file: string): PlimsollError =>
  new PlimsollError(
    'MODEL_FILE_CHANGED',
    `the model’s file ${file} is not the one that was registered`,
    'restore it, or train the model anew',
    { kept: 'it was not loaded' },
  );

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(`${text}\n`);

function cardIn(bytes: Uint8Array): { readonly [key: string]: Json } {
  return JSON.parse(textOf(bytes)) as { readonly [key: string]: Json };
}
