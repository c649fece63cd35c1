/** Where all objects of sweeps lie in the bucket of the instance. */
export const SWEEPS_PREFIX = 'sweeps/';
/** How long they are kept. */
export const SWEEPS_KEPT_DAYS = 30;
