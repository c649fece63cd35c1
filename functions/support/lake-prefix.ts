/** Where the lake lies in its bucket. */
export const LAKE_PREFIX = 'lake/';
