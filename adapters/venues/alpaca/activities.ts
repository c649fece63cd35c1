/** The activities of an account, page after page: each is asked for after the last of the page before, oldest first. */
import { type Fields, fieldsOf, listOf, Malformed, wordIn } from '../http/json.ts';
import type { Answered } from './sdk.ts';

/** The most of one page. */
const PAGE_SIZE = 100;
const PAGES_MAX = 150;

/** What is asked for of every page. */
export interface ActivityPage {
  readonly pageSize: number;
  readonly pageToken: string | undefined;
}

/** All of them, or nothing; one may come twice. Throws `Malformed`. */
export async function readActivities(
  ask: (run: () => Answered) => Promise<unknown>,
  page: (of: ActivityPage) => Answered,
): Promise<Fields[]> {
  const read: Fields[] = [];
  let pageToken: string | undefined;
  for (let n = 0; n < PAGES_MAX; n++) {
    const of = { pageSize: PAGE_SIZE, pageToken };
    const rows = listOf(await ask(() => page(of)), 'the activities').map((row) => fieldsOf(row, 'an activity'));
    read.push(...rows);
    if (rows.length < PAGE_SIZE) return read;
    const last = wordIn(rows[rows.length - 1], 'id');
    if (last === pageToken) throw new Malformed('a page of activities came twice');
    pageToken = last;
  }
  throw new Malformed(`the activities did not end within ${PAGES_MAX} pages`);
}
