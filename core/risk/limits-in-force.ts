/**
 * The limits that an account is under, as its ledger has them: every change has a number and names who made it and why. What tightens
 * holds at once; what loosens waits until a person has approved it, and until then the tighter of both holds.
 */
import { PlimsollError } from '../errors.ts';
import type { Json } from '../json.ts';
import { changesBetween, type LimitChange, type Thresholds, tighterOf } from './limit-changes.ts';

/** Who changes limits, and why. */
export interface ChangeOrigin {
  readonly source: 'configuration' | 'person';
  /** Of a person, the principal's; of a configuration, what it names. Empty where that is not known. */
  readonly by: { readonly id: string; readonly name: string };
  readonly reason: string;
}

/** The part of a change that waits. */
export interface HeldChange extends ChangeOrigin {
  readonly version: number;
  /** Cycle (ms UTC) at which it was asked for. */
  readonly since: number;
  readonly changes: readonly LimitChange[];
  /** What the account is under once it is approved. */
  readonly thresholds: Thresholds;
}

/** Of an account whose limits have changed since its opening. */
export interface LimitsInForce {
  /** Number of the last change. */
  readonly version: number;
  readonly thresholds: Thresholds;
  readonly held?: HeldChange;
}

/** What a change comes to, and the events that record it. */
export interface LimitsOutcome {
  readonly limits: LimitsInForce;
  readonly events: readonly LimitsEvent[];
}

export interface LimitsEvent {
  readonly kind: 'LimitsApplied' | 'LimitsHeld' | 'LimitsDropped';
  readonly body: Json;
}

/**
 * New limits are asked for, in place of `before`, which are in force: what tightens holds from here on, the rest waits, in place of
 * what waited so far. Undefined where nothing differs and nothing waits.
 */
export function proposeLimits(
  current: LimitsInForce | undefined,
  before: Thresholds,
  after: Thresholds,
  origin: ChangeOrigin,
  time: number,
): LimitsOutcome | undefined {
  const changes = changesBetween(before, after);
  const waiting = current?.held;
  if (changes.length === 0 && !waiting) return undefined;
  const version = (current?.version ?? 0) + (changes.length > 0 ? 1 : 0);
  const loosening = changes.filter(({ effect }) => effect === 'loosens');
  const tightening = changes.filter(({ effect }) => effect === 'tightens');
  const isWhole = loosening.length === 0;
  const thresholds = isWhole ? after : tighterOf(before, after);
  const held: HeldChange | undefined = isWhole
    ? undefined
    : { version, ...origin, since: time, changes: loosening, thresholds: after };
  const events: LimitsEvent[] = [];
  if (waiting) events.push(dropped(waiting, isWhole ? 'withdrawn' : 'superseded', origin));
  if (tightening.length > 0) events.push(applied(version, origin, tightening, thresholds));
  if (held)
    events.push({ kind: 'LimitsHeld', body: plain({ ...told(version, origin), changes: loosening, to: after }) });
  return { limits: { version, thresholds, ...(held ? { held } : {}) }, events };
}

/** What waits is approved. Throws `LIMITS_NOT_WAITING`. */
export function approveLimits(
  current: LimitsInForce | undefined,
  version: number,
  origin: ChangeOrigin,
): LimitsOutcome {
  const held = waitingAs(current, version);
  const { thresholds, changes } = held;
  return { limits: { version: current!.version, thresholds }, events: [applied(version, origin, changes, thresholds)] };
}

/** What waits will not be. Throws `LIMITS_NOT_WAITING`. */
export function rejectLimits(current: LimitsInForce | undefined, version: number, origin: ChangeOrigin): LimitsOutcome {
  const held = waitingAs(current, version);
  const { thresholds } = current!;
  return { limits: { version: current!.version, thresholds }, events: [dropped(held, 'rejected', origin)] };
}

/** The change that waits under this number. Throws `LIMITS_NOT_WAITING`. */
export function waitingAs(current: LimitsInForce | undefined, version: number): HeldChange {
  const held = current?.held;
  if (held?.version === version) return held;
  throw new PlimsollError(
    'LIMITS_NOT_WAITING',
    held ? `version ${version} does not wait for approval` : 'no change of limits waits for approval',
    held
      ? `it is version ${held.version} that waits`
      : 'see `plimsoll limits changes` for what is in force, and since when',
    { kept: 'nothing was changed' },
  );
}

const told = (version: number, { source, by, reason }: ChangeOrigin) => ({ version, source, by, reason });

const applied = (
  version: number,
  origin: ChangeOrigin,
  changes: readonly LimitChange[],
  thresholds: Thresholds,
): LimitsEvent => ({ kind: 'LimitsApplied', body: plain({ ...told(version, origin), changes, to: thresholds }) });

const dropped = (
  { version, changes }: HeldChange,
  outcome: 'rejected' | 'superseded' | 'withdrawn',
  origin: ChangeOrigin,
): LimitsEvent => ({ kind: 'LimitsDropped', body: plain({ ...told(version, origin), outcome, changes }) });

/** Without members that are undefined. */
const plain = (value: object): Json => JSON.parse(JSON.stringify(value));
