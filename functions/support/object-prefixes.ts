/** How the bucket is divided: documents too large for the ledger's table, and the lake. */
export const OBJECT_PREFIXES = { documents: 'ledger/', lake: 'lake/' } as const;
