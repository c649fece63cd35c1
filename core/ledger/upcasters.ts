import { PlimsollError } from '../errors.ts';
import { DOCUMENT_EVENTS, type LedgerEvent, NUMERIC_EVENTS } from './events.ts';

/**
 * Old events, read as if they were written today. Each step takes one kind from a version to the next; what is stored, and the
 * chain over it, stays as it was written.
 */
export type Upcast = (event: LedgerEvent) => LedgerEvent;
/** By kind, then by the version that a step starts from. */
export type UpcasterTable = Readonly<Record<string, Readonly<Record<number, Upcast>>>>;
/** The version of each kind as it is written today. */
export type CurrentVersions = Readonly<Record<string, number>>;

export const UPCASTERS: UpcasterTable = {};

export const CURRENT_VERSIONS: CurrentVersions = Object.fromEntries(
  [...Object.entries(NUMERIC_EVENTS), ...Object.entries(DOCUMENT_EVENTS)].map(([kind, { version }]) => [kind, version]),
);

/**
 * An event of any version in its current form. Throws `LEDGER_EVENT_UNKNOWN` for a kind or version that this release does not
 * know: a newer release wrote it, or it is damaged.
 */
export function upcast(
  event: unknown,
  table: UpcasterTable = UPCASTERS,
  current: CurrentVersions = CURRENT_VERSIONS,
): LedgerEvent {
  let at = asEvent(event);
  const { kind } = at;
  if (!Object.hasOwn(current, kind)) throw unknown(`an event of the kind ${kind}`);
  while (at.version !== current[kind]) {
    const { version } = at;
    const step = Object.hasOwn(table, kind) ? table[kind][version] : undefined;
    if (step === undefined || version > current[kind]) throw unknown(`version ${version} of ${kind}`);
    at = { ...step(at), kind, version: version + 1 };
  }
  return at;
}

function asEvent(value: unknown): LedgerEvent {
  const event = value as LedgerEvent;
  const isEvent =
    typeof value === 'object' &&
    value !== null &&
    typeof event.kind === 'string' &&
    Number.isSafeInteger(event.version) &&
    Number.isSafeInteger(event.cycle);
  if (!isEvent) throw unknown('something that is no event');
  return event;
}

function unknown(what: string): PlimsollError {
  return new PlimsollError(
    'LEDGER_EVENT_UNKNOWN',
    `the ledger holds ${what}, which this release does not know`,
    'open it with the release that wrote it, or a newer one',
  );
}
