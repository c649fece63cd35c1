/**
 * The models of a walk forward, a version a window. They are kept in a folder of their own below the data directory, apart from the
 * registry whose champions decide: none of them can be promoted, and no list of models has them.
 */
import { hash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { type TableDescription, writeFeatureTable } from '../../adapters/files/feature-table.ts';
import { readTableFiles } from '../../adapters/files/table-files.ts';
import { ModelRegistry, type ModelVersion } from '../../adapters/models/registry.ts';
import { pythonCodeHash } from '../../adapters/python/code-hash.ts';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import { isNative } from '../../core/models/answers.ts';
import { NO_ROWS } from '../../core/models/table.ts';
import type { Learning } from '../../core/research/walk-forward/learning.ts';
import type { WindowModel } from '../../core/research/walk-forward/retrained.ts';
import { type Training, train } from '../models/training.ts';

/** Hyperparameters that change what a training costs, and nothing that it leaves. */
const OF_COST = ['usd_per_hour'];

export interface WindowModelsOptions extends Pick<Training, 'hyperparameters' | 'withinMs' | 'environment' | 'now'> {
  /** Data directory. */
  readonly directory: string;
  /** Name that the strategy asks. */
  readonly name: string;
  readonly by: string;
}

/** A training that a window needs. */
export interface PlannedTraining {
  /** SHA-256 of the table, the hyperparameters and the code of the job: the same key is the same training. */
  readonly key: string;
  /** Path of the table's folder. */
  readonly table: string;
  /** SHA-256 of its rows. */
  readonly sha256: string;
  readonly rows: number;
  /** ms UTC: when the last label in it was known. */
  readonly until: number;
  /** The version that was made of it before, where one was. */
  readonly version?: string;
}

/** The folder below a data directory that holds what walks trained. */
export const walkFolder = (directory: string): string => join(directory, 'research', 'walk-forward');

export class WindowModels {
  readonly registry: ModelRegistry;
  readonly #objects: EmbeddedObjectStore;
  readonly #folder: string;
  readonly #code = pythonCodeHash();
  readonly #options: WindowModelsOptions;

  constructor(options: WindowModelsOptions) {
    this.#options = options;
    this.#folder = walkFolder(options.directory);
    this.#objects = new EmbeddedObjectStore(join(this.#folder, 'objects'));
    this.registry = new ModelRegistry(this.#objects);
  }

  /** Writes the table of a window, and looks up whether it was trained on before. Throws as `writeFeatureTable`. */
  async plan({ rows, leftOut, span }: Learning, description: TableDescription): Promise<PlannedTraining> {
    const made = join(this.#folder, 'tables', `being-written-${process.pid}`);
    await rm(made, { recursive: true, force: true });
    await writeFeatureTable(made, { rows, locked: NO_ROWS, leftOut }, description);
    const { id, sha256 } = await readTableFiles(made);
    const key = this.#keyOf(id);
    const table = join(this.#folder, 'tables', key);
    await putInPlace(made, table);
    const version = await this.#versionOf(key);
    return {
      ...{ key, table, sha256, rows: rows.label.length, until: span.to },
      ...(version === undefined ? {} : { version }),
    };
  }

  /**
   * Trains it, or takes the version that was made before, and returns it ready to be asked. What a job finished before it was broken off is
   * kept for the next time; table and checkpoints go once the version is there.
   *
   * Throws `RESEARCH_LEAK` where the version did not learn from this table alone, `RESEARCH_MODEL_NOT_NATIVE` where the platform cannot
   * evaluate it in this process, and as `train` does.
   */
  async made(planned: PlannedTraining, told: Pick<Training, 'onProgress' | 'signal'> = {}): Promise<WindowModel> {
    const version = await this.#versionFor(planned, told);
    assertOfWindow(version, planned);
    assertNative(version);
    const ensemble = await this.registry.load(version);
    await Promise.all([this.discard(planned), rm(this.#job(planned), { recursive: true, force: true })]);
    return { name: version.name, version: version.version, ensemble };
  }

  /** Takes the table away: it can be written again from the bars. */
  discard({ table }: PlannedTraining): Promise<void> {
    return rm(table, { recursive: true, force: true });
  }

  async #versionFor(planned: PlannedTraining, told: Pick<Training, 'onProgress' | 'signal'>): Promise<ModelVersion> {
    const { name, directory, by, ...job } = this.#options;
    if (planned.version !== undefined) return this.registry.version(name, planned.version);
    const { version } = await train({
      ...{ ...job, ...told, directory, name, by, table: planned.table },
      reason: `a window of a walk forward (training ${planned.key.slice(0, 16)}); it is no candidate`,
      registry: this.registry,
      folder: this.#job(planned),
    });
    await this.#objects.put(recordOf(planned.key), bytesOf({ version: version.version }));
    return version;
  }

  #job({ key }: PlannedTraining): string {
    return join(this.#folder, 'jobs', key);
  }

  /** The version that was made under a key; undefined where none was, or where it is not there any more. */
  async #versionOf(key: string): Promise<string | undefined> {
    const bytes = await this.#objects.get(recordOf(key));
    if (bytes === undefined) return undefined;
    const { version } = JSON.parse(new TextDecoder().decode(bytes)) as { version: string };
    const { versions } = await this.registry.standing(this.#options.name);
    return versions.has(version) ? version : undefined;
  }

  #keyOf(table: string): string {
    const { name, hyperparameters } = this.#options;
    const own = Object.entries(hyperparameters).filter(([each]) => !OF_COST.includes(each));
    return hash('sha256', canonicalJson({ name, table, hyperparameters: Object.fromEntries(own), code: this.#code }));
  }
}

/** A folder of the same key is there as a whole, and holds the same. */
async function putInPlace(made: string, place: string): Promise<void> {
  try {
    await rename(made, place);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await rm(made, { recursive: true, force: true });
  }
}

const recordOf = (key: string): string => `trainings/${key}.json`;

const bytesOf = (value: Json): Uint8Array => new TextEncoder().encode(`${canonicalJson(value)}\n`);

/** What a window is traded with learned from the table of that window, and from nothing that was known later. */
function assertOfWindow({ name, version, manifest, card }: ModelVersion, { sha256, until }: PlannedTraining): void {
  const { to } = card.period as { to: number };
  if (manifest.table === sha256 && to <= until) return;
  throw new PlimsollError(
    'RESEARCH_LEAK',
    `${name} ${version} did not learn from the table of its window${to > until ? ', and knows what came after' : ''}`,
    'take the folder research/walk-forward out of the data directory, and walk again',
    { kept: 'nothing was traded with it' },
  );
}

function assertNative({ name, version, manifest }: ModelVersion): void {
  if (isNative(manifest)) return;
  throw new PlimsollError(
    'RESEARCH_MODEL_NOT_NATIVE',
    `${name} ${version} is served as ${manifest.served}, and a walk forward asks nobody`,
    'choose members that the platform evaluates itself, as in --model-set members=logistic-regression,lightgbm --model-set served=native',
    { kept: 'the version, in research/walk-forward of the data directory' },
  );
}
