/** How long keys are taken to be what they were, ms: the longest that removed keys are still used by a warm function. */
export const KEYS_MAX_AGE_MS = 60_000;
