/** How a deployment trains a watched model anew: what its functions and its stack both know. */

/** The most rows of one training: as many as bars that a deployment carries. */
export const MOST_TRAINING_ROWS = 200_000;

/** Of one model. */
export interface Retraining {
  /** SHA-256, hex, of the Python sources that its image holds. */
  readonly code: string;
  /** The latest rows that are learned from, where a training does not say since when. */
  readonly mostRows: number;
  /** Ms from the time that a training is taken to the time that it is anybody's again: no execution takes longer. */
  readonly heldMs: number;
  /** Of the bars that are carried, as the table says it. */
  readonly source: { readonly file: string; readonly sha256: string; readonly provenance: string };
}

/** What an execution of a model's state machine begins with. */
export interface RetrainingInput {
  readonly model: string;
  /** Id in the queue of trainings. */
  readonly training: string;
}

/** An execution's name, under which it holds its training. */
interface Held extends RetrainingInput {
  readonly worker: string;
}

/** What the table's step hands on. URIs are of S3. */
export type TableStep =
  | { readonly next: 'end' }
  | ({ readonly next: 'register' } & Held)
  | ({
      readonly next: 'train';
      /** Name of the training job. */
      readonly job: string;
      /** Of the table's folder. */
      readonly table: string;
      readonly checkpoints: string;
      /** SHA-256, hex, of the table's rows. */
      readonly sha256: string;
    } & Held);

/** The most that an execution takes beside its job: to write the table, to find capacity, to register what the job left, and to try again. */
export const BESIDE_THE_JOB_MINUTES = 120;
