/** What the keys of all reports begin with. */
export const REPORTS_PREFIX = 'reports/risk/';

/** Where the report of a day is kept in the object store. */
export const reportKey = (account: string, date: string, kind: 'json' | 'html'): string =>
  `${REPORTS_PREFIX}${keyPart(account)}/${date}.${kind}`;

const keyPart = (text: string): string =>
  encodeURIComponent(text).replace(/[!~*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
