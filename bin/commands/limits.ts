/** Changes of an account's limits from the command line: what they were, and letting hold or dropping what waits for approval. */
import { PlimsollError } from '../../core/errors.ts';
import { formatInstant } from '../../core/market/civil.ts';
import { changeText, type LimitChange } from '../../core/risk/limit-changes.ts';
import type { LimitsAnswerOutput, LimitsChangesOutput } from '../../operations/limits/schema.ts';
import { operate } from './instance.ts';

export interface LimitsArguments {
  readonly config: string;
  readonly data?: string;
  readonly account?: string;
  readonly json?: boolean;
}

export interface ChangesArguments extends LimitsArguments {
  readonly limit: number;
}

export interface DecisionArguments extends LimitsArguments {
  readonly reason: string;
  readonly confirm?: string;
  readonly key?: string;
}

export async function changes(given: ChangesArguments): Promise<void> {
  const shown = await operate<LimitsChangesOutput>(given, 'limits.changes', {
    ...accountOf(given),
    limit: given.limit,
  });
  if (given.json) return say(JSON.stringify(shown));
  const { account, version, held } = shown;
  if (version === 0) say(`The limits of ${account} are those of its opening; they have not changed.`);
  else say(`The limits of ${account} are at version ${version}${held ? ', a part of which waits for approval' : ''}.`);
  for (const { at, version: of, outcome, changes: made, ...origin } of shown.changes) {
    say(`${formatInstant(at)}  version ${of} ${outcome}, by ${whoOf(origin)}`);
    sayChanges(made as LimitChange[]);
  }
  if (!held) return;
  say('');
  say(`Version ${held.version} waits since ${formatInstant(held.since)}; until then the tighter limits hold:`);
  sayChanges(held.changes as LimitChange[]);
  say(`  plimsoll limits approve ${held.version} --account ${account} --confirm ${account} --reason "…"`);
  say(`  plimsoll limits reject ${held.version} --account ${account} --reason "…"`);
}

export async function approve(version: number, given: DecisionArguments): Promise<void> {
  const { reason, confirm } = given;
  const input = { ...accountOf(given), version, reason, ...(confirm === undefined ? {} : { confirm }) };
  const done = await betweenCycles(() => operate<LimitsAnswerOutput>(given, 'limits.approve', input, given.key));
  if (given.json) return say(JSON.stringify(done));
  say(`Version ${version} is approved, and in force from the next cycle on:`);
  sayChanges(done.applied as LimitChange[]);
}

export async function reject(version: number, given: DecisionArguments): Promise<void> {
  const input = { ...accountOf(given), version, reason: given.reason };
  const done = await operate<LimitsAnswerOutput>(given, 'limits.reject', input, given.key);
  if (given.json) return say(JSON.stringify(done));
  say(
    `Version ${version} is rejected; the limits in force stay. Set the configuration back too, so that it says what holds.`,
  );
}

/** Cycles take a moment each: so many times it is tried, so long apart. */
const TRIES = 20;
const TRY_EVERY_MS = 200;

async function betweenCycles<T>(work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PlimsollError) || error.code !== 'CYCLE_IN_WORK' || tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
    }
  }
}

function whoOf({
  source,
  by,
  reason,
}: Pick<LimitsChangesOutput['changes'][number], 'source' | 'by' | 'reason'>): string {
  const who = by === '' ? 'somebody whom it does not name' : by;
  const why = reason === '' ? 'no reason is given' : reason;
  return `${source === 'configuration' ? `the configuration, ${who}` : who}: ${why}`;
}

function sayChanges(changes: readonly LimitChange[]): void {
  for (const change of changes) say(`  ${change.effect} ${changeText(change)}`);
}

const accountOf = ({ account }: LimitsArguments): { account?: string } => (account === undefined ? {} : { account });
const say = (line: string): void => void process.stdout.write(`${line}\n`);
