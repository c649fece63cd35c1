/** Names of jobs, which follow from what they are made from: the same command finds the job that it began. */

/** Jobs of one content, each begun where the one before had failed or was stopped. */
export const MOST_ATTEMPTS = 50;

/** Characters of a hash; the name of a tuning job may have 32 in all, and its trials are named after it. */
const TRAINING_CHARACTERS = 20;
const TUNING_CHARACTERS = 14;

/** What the names of a training job's attempts begin with. @param identity SHA-256 of its content, hex */
export const trainingStem = (identity: string): string => `plimsoll-train-${identity.slice(0, TRAINING_CHARACTERS)}`;

/** As {@link trainingStem}, of a tuning job. */
export const tuningStem = (identity: string): string => `plimsoll-tune-${identity.slice(0, TUNING_CHARACTERS)}`;

/** @param attempt from 1 */
export const attemptName = (stem: string, attempt: number): string => (attempt === 1 ? stem : `${stem}-${attempt}`);
