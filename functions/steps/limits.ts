/** Changes of an account's limits: those that a configuration brings, and those that people ask for, approve or reject. */
import type { AccountConfiguration } from '../../core/configuration/schema.ts';
import { recordDocument } from '../../core/engine/bookkeeping.ts';
import type { Engine, EngineDefinition, EngineSnapshot } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import {
  changesBetween,
  changeText,
  type LimitChange,
  type Thresholds,
  thresholdsOf,
} from '../../core/risk/limit-changes.ts';
import {
  approveLimits,
  type ChangeOrigin,
  type HeldChange,
  type LimitsOutcome,
  proposeLimits,
  rejectLimits,
  waitingAs,
} from '../../core/risk/limits-in-force.ts';
import type { AccountState } from './account-state.ts';
import type { AppliedBefore } from './applied-before.ts';
import { type CommandOrigin, runCommand } from './commands.ts';
import type { StepPorts } from './ports.ts';
import { assertRunsUnder } from './runs-under.ts';

/**
 * What a changed configuration does to the limits of an account. Undefined where it has the limits that it had: then those in force
 * stay, and what waits goes on waiting.
 */
export function limitsTakenOver(
  account: AccountConfiguration,
  { limits: current, time }: EngineSnapshot,
  before: AppliedBefore,
  definition: EngineDefinition,
): LimitsOutcome | undefined {
  const after = thresholdsOf(definition);
  const configured = withFirst(before.thresholds, after);
  if (changesBetween(configured, after).length === 0) return undefined;
  const held = current ? withFirst(current.thresholds, after) : configured;
  const allocations = { ...configured.allocations, ...held.allocations };
  return proposeLimits(current, { ...held, allocations }, after, originOf(account, before), time);
}

/** What older releases did not record counts as it is now. */
const withFirst = (before: Thresholds, { first }: Thresholds): Thresholds => (first ? { first, ...before } : before);

/** Whom the configuration names; one that it has named with an earlier change is not the author of this one. */
function originOf({ limitsChange }: AccountConfiguration, { limitsChange: earlier }: AppliedBefore): ChangeOrigin {
  const isNew = limitsChange && (limitsChange.by !== earlier?.by || limitsChange.reason !== earlier.reason);
  const { by: name, reason } = isNew ? limitsChange : { by: '', reason: '' };
  return { source: 'configuration', by: { id: '', name }, reason };
}

export const namedBy = ({ limitsChange }: AccountConfiguration): Pick<AppliedBefore, 'limitsChange'> =>
  limitsChange ? { limitsChange } : {};

/** What of a change waits, in words, for people; nothing where none does. */
export function heldBack(held: HeldChange | undefined): string[] {
  if (!held) return [];
  const changes = held.changes.map(changeText).join(', ');
  return [`held back until it is approved (version ${held.version}): ${changes}`];
}

/** How a command on limits left them. */
export type LimitsAnswer = {
  readonly version: number;
  /** What is in force since. */
  readonly applied: LimitChange[];
  /** What waits for approval. */
  readonly held: LimitChange[];
};

/** Asks for other limits than those in force. `patch` makes them from those; throws what it throws. */
export function changeLimits(
  ports: StepPorts,
  stream: string,
  patch: (limits: Thresholds) => Thresholds,
  reason: string,
  origin: CommandOrigin,
): Promise<LimitsAnswer> {
  return runCommand(ports, stream, 'limits.propose', origin, (engine, state) => {
    assertMayChange(state, engine, stream);
    const before = thresholdsOf(engine.definition);
    const after = patch(before);
    if (changesBetween(before, after).length === 0)
      throw new PlimsollError(
        'LIMITS_UNCHANGED',
        'these limits are in force already',
        'see `plimsoll limits changes`',
        {
          kept: 'nothing was changed',
        },
      );
    return take(engine, proposeLimits(engine.limits, before, after, personOf(origin, reason), engine.time)!);
  });
}

/** Lets what waits hold. `mayApprove` throws where this person may not approve that change. */
export function approve(
  ports: StepPorts,
  stream: string,
  version: number,
  mayApprove: (held: HeldChange) => void,
  reason: string,
  origin: CommandOrigin,
): Promise<LimitsAnswer> {
  return runCommand(ports, stream, 'limits.approve', origin, (engine, state) => {
    mayApprove(waitingAs(engine.limits, version));
    assertMayChange(state, engine, stream);
    return take(engine, approveLimits(engine.limits, version, personOf(origin, reason)));
  });
}

/** Drops what waits. */
export function reject(
  ports: StepPorts,
  stream: string,
  version: number,
  reason: string,
  origin: CommandOrigin,
): Promise<LimitsAnswer> {
  return runCommand(ports, stream, 'limits.reject', origin, (engine) =>
    take(engine, rejectLimits(engine.limits, version, personOf(origin, reason))),
  );
}

const personOf = ({ principal: { id, name } }: CommandOrigin, reason: string): ChangeOrigin => ({
  source: 'person',
  by: { id, name },
  reason,
});

/** The engine itself is not used any further: the next one is built under the new limits. */
function take(engine: Engine, { limits, events }: LimitsOutcome): LimitsAnswer {
  engine.limits = limits;
  for (const { kind, body } of events) recordDocument(engine, kind, body);
  const applied = events.flatMap(({ kind, body }) =>
    kind === 'LimitsApplied' ? (body as unknown as { changes: LimitChange[] }).changes : [],
  );
  return { version: limits.version, applied, held: [...(limits.held?.changes ?? [])] };
}

/** Each cycle is decided under one set of limits, so that it can be decided again. */
function assertMayChange(state: AccountState, { definition }: Engine, stream: string): void {
  assertRunsUnder(state, definition);
  const { cycle, next } = state.cursor;
  if (next === 'settled') return;
  throw new PlimsollError(
    'CYCLE_IN_WORK',
    `cycle ${cycle} of ${stream} is at ${next}, and limits change between cycles`,
    'try again in a moment; where the platform is stopped, start it, so that the cycle ends',
    { kept: 'nothing was changed' },
  );
}
