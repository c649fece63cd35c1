/** What became of the versions of a model: one list of what was done, by whom and why, from which follows which version decides. */
import * as z from 'zod';
import { PlimsollError } from '../errors.ts';

const version = z.string().regex(/^[0-9a-f]{16}$/);
const entrySchema = z.strictObject({
  action: z.enum(['registered', 'promoted', 'rolled-back', 'retired']),
  version,
  /** ms UTC. */
  at: z.int().min(0),
  by: z.string().min(1).max(200),
  reason: z.string().min(1).max(1_000),
  /** SHA-256, hex, of who asked and the key under which it is done once; of what was asked for on this machine there is none. */
  key: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});
export type HistoryEntry = z.infer<typeof entrySchema>;

/** Throws `MODEL_HISTORY_DAMAGED`. */
export function historyEntry(text: string): HistoryEntry {
  try {
    return entrySchema.parse(JSON.parse(text));
  } catch {
    throw new PlimsollError(
      'MODEL_HISTORY_DAMAGED',
      'an entry of a model’s history cannot be read',
      'restore the history of the model from a backup; until then its versions are not served',
    );
  }
}

/** An entry that can be read again. Throws `MODEL_DEED_INVALID`. */
export function checkedEntry(entry: HistoryEntry): HistoryEntry {
  const read = entrySchema.safeParse(entry);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new PlimsollError(
    'MODEL_DEED_INVALID',
    `the ${issue.path.join('.')} of what is done to a model is not valid (${issue.message})`,
    'give a reason of 1 to 1,000 characters',
    { kept: 'nothing was changed' },
  );
}

/**
 * What was done under the same key before, where it was the same; undefined where nothing was. Throws `IDEMPOTENCY_KEY_REUSED` where it
 * was something else.
 */
export function doneBefore(
  history: readonly HistoryEntry[],
  action: HistoryEntry['action'],
  wanted: string | undefined,
  { key, reason }: Pick<HistoryEntry, 'key' | 'reason'>,
): HistoryEntry | undefined {
  if (key === undefined) return undefined;
  const before = history.find((entry) => entry.key === key);
  if (before === undefined) return undefined;
  const isSame = before.action === action && (wanted ?? before.version) === before.version && before.reason === reason;
  if (isSame) return before;
  throw new PlimsollError(
    'IDEMPOTENCY_KEY_REUSED',
    'the idempotency key was used before, for something else that was done to this model',
    'send a new key with every new command',
    { kept: 'nothing was changed' },
  );
}

/**
 * Candidates wait, the champion decides, former champions may be rolled back to, and what is retired never decides again.
 */
export type VersionStatus = 'candidate' | 'champion' | 'former' | 'retired';

export interface Standing {
  /** By version, in the order in which they were registered. */
  readonly versions: ReadonlyMap<string, VersionStatus>;
  readonly champion: string | undefined;
  /** Former champions that may decide again, the latest last. */
  readonly former: readonly string[];
}

export function standingOf(history: readonly HistoryEntry[]): Standing {
  const versions = new Map<string, VersionStatus>();
  let champion: string | undefined;
  let former: string[] = [];
  for (const { action, version: of } of history) {
    if (action === 'registered') {
      if (!versions.has(of)) versions.set(of, 'candidate');
    } else if (action === 'retired') {
      versions.set(of, 'retired');
      former = former.filter((other) => other !== of);
      if (champion === of) champion = undefined;
    } else {
      // The one that is rolled back from has failed: it waits as a candidate, and is not rolled back to.
      if (champion !== undefined && champion !== of) {
        versions.set(champion, action === 'promoted' ? 'former' : 'candidate');
        if (action === 'promoted') former = [...former.filter((other) => other !== champion), champion];
      }
      former = former.filter((other) => other !== of);
      versions.set(of, 'champion');
      champion = of;
    }
  }
  return { versions, champion, former };
}

/** The version that decided right before the one that does, whichever way the change was made, unless it is retired since. */
export function championBefore(history: readonly HistoryEntry[]): string | undefined {
  const deciding = history.filter(({ action }) => action === 'promoted' || action === 'rolled-back');
  const champion = deciding.at(-1)?.version;
  const before = deciding.findLast(({ version: of }) => of !== champion)?.version;
  const isRetired = history.some(({ action, version: of }) => action === 'retired' && of === before);
  return isRetired ? undefined : before;
}

/**
 * The entry that an action is, where it is allowed. Throws `MODEL_VERSION_UNKNOWN`, `MODEL_RETIRED`, `MODEL_IS_CHAMPION`, or
 * `MODEL_NO_FORMER` where there is nothing to roll back to. A rollback needs no version: it goes to the latest former champion.
 */
export function actionOn(
  { versions, champion, former }: Standing,
  action: 'promoted' | 'rolled-back' | 'retired',
  wanted: string | undefined,
): string {
  const of = wanted ?? (action === 'rolled-back' ? former.at(-1) : undefined);
  if (of === undefined)
    throw new PlimsollError('MODEL_NO_FORMER', 'no earlier version was champion', 'promote the version that is wanted');
  const status = versions.get(of);
  if (status === undefined)
    throw new PlimsollError(
      'MODEL_VERSION_UNKNOWN',
      `the model has no version ${of}`,
      'see its versions with `plimsoll models show`',
    );
  if (status === 'retired')
    throw new PlimsollError('MODEL_RETIRED', `the version ${of} is retired`, 'choose another version, or train anew');
  if (action === 'retired' && of === champion)
    throw new PlimsollError('MODEL_IS_CHAMPION', `the version ${of} decides`, 'promote another version first');
  if (action === 'rolled-back' && !former.includes(of))
    throw new PlimsollError('MODEL_NO_FORMER', `the version ${of} was not champion before`, 'promote it instead');
  return of;
}
