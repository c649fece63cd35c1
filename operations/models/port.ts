import type { ModelDeed, ModelRegistry } from '../../adapters/models/registry.ts';
import type { Catalogue } from '../../core/models/catalogue/entry.ts';
import type { Sighting } from '../../core/models/monitoring/sighting.ts';
import type { QueuedTraining } from '../../core/models/monitoring/training-queue.ts';
import type { Job, Jobs } from '../../core/ports/jobs.ts';

/** The models of an instance, as operations and commands work with them. */
export interface ModelsPort {
  /** Versions, where they stand, and what became of them. */
  readonly registry: Pick<ModelRegistry, 'names' | 'standing' | 'history' | 'version'>;
  /**
   * Lets a version decide, goes back to the one before, or takes one out; returns which one. A version that is to decide is read first, so
   * that one whose files were changed is not promoted. Throws `MODELS_DEPLOYED` where versions are part of a deployment,
   * `MODEL_FILE_CHANGED`, `MODEL_FILE_MISSING`, and as the registry's `act`.
   */
  act(name: string, action: ModelAction, wanted: string | undefined, deed: ModelDeed): Promise<string>;
  /** Models that were fitted on recorded data. Throws `MODEL_CATALOGUE_INVALID`. */
  catalogue(): Promise<Catalogue>;
  /** Trainings that were asked for because a model is watched, in that order. */
  queue(): Promise<QueuedTraining[]>;
  /** What the latest look at each model found, by name. Absent where nobody looks. */
  sightings?(): Promise<Sighting[]>;
  /** Whether this process watches models. Absent where it does not, whoever else may. */
  watching?(): Watching;
  /** Absent where no training can be run. */
  readonly training?: TrainingPlace;
}

/** How the platform's own watch of models is. */
export interface Watching {
  readonly state: 'watching' | 'restarting' | 'stopped';
  /** Of that state, ms UTC. */
  readonly since: number;
  /** Why it ended by itself, in a sentence. */
  readonly problem?: string;
  /** In the order in which they were configured. `problem`: why the last look could not be done, in a sentence. */
  readonly models: readonly { readonly model: string; readonly isLooking: boolean; readonly problem?: string }[];
}

/** What is done to a version. */
export type ModelAction = 'promoted' | 'rolled-back' | 'retired';

export interface TrainingPlace {
  readonly jobs: TrainingJobs;
  /** Names of the tables that a model can be trained on. */
  tables(): Promise<string[]>;
}

export interface TrainingJobs extends Jobs {
  /**
   * Ends a training, whether it waits or runs: it is canceled then, and its error is what `why` says. One that is over stays as it is.
   * Undefined where there is none.
   * @param why one sentence
   */
  cancel(id: string, why: string): Promise<Job | undefined>;
}
