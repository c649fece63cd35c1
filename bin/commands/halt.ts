/** The kill switch from the command line: straight to the ledger, so that it works without the API, the queue or the platform. */
import { randomUUID } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';
import type { Principal } from '../../core/ports/identity.ts';
import { findOperation, parseInput } from '../../operations/invoke.ts';
import throwSwitch from '../../operations/trading-state/halt.ts';
import letGoOn from '../../operations/trading-state/resume.ts';
import {
  type HaltInput,
  type HaltOutput,
  haltOutput,
  type ResumeInput,
  type ResumeOutput,
  resumeOutput,
} from '../../operations/trading-state/schema.ts';
import type { SwitchContext } from '../../operations/trading-state/scope.ts';
import { type LedgerAtHand, openLedgerAtHand } from '../../platform/ledger-at-hand.ts';

export interface ResumeArguments {
  readonly config: string;
  readonly data?: string;
  readonly table?: string;
  readonly account?: string;
  readonly venue?: string;
  readonly strategy?: string;
  readonly instrument?: string;
  readonly reason: string;
  readonly key?: string;
  readonly json?: boolean;
}

export interface HaltArguments extends ResumeArguments {
  readonly flatten?: boolean;
  readonly reduceOnly?: boolean;
}

/** Who may write the data directory, or the table by the rights of AWS, owns the instance. */
const OWNER: Principal = { id: 'local', name: 'local owner', roles: ['admin'] };

export async function halt(given: HaltArguments): Promise<void> {
  const { flatten = false, reduceOnly = false } = given;
  const input = { ...scopeOf(given), flatten, state: reduceOnly ? 'Reducing' : 'Halted' };
  const parsed = parseInput(findOperation('trading-state.halt'), input) as HaltInput;
  const work = async (context: SwitchContext) => haltOutput.parse(await throwSwitch(context, parsed));
  await onLedger(given, 'halted', work, tellHalt);
}

export async function resume(given: ResumeArguments): Promise<void> {
  const parsed = parseInput(findOperation('trading-state.resume'), scopeOf(given)) as ResumeInput;
  const work = async (context: SwitchContext) => resumeOutput.parse(await letGoOn(context, parsed));
  await onLedger(given, 'resumed', work, tellResume);
}

function scopeOf({ account, venue, strategy, instrument: symbol, reason }: ResumeArguments): object {
  const named = Object.entries({ account, venue, strategy, symbol }).filter(([, name]) => name !== undefined);
  return { ...Object.fromEntries(named), reason };
}

type Told = HaltOutput | ResumeOutput;

async function onLedger<Output extends Told>(
  given: ResumeArguments,
  done: string,
  work: (context: SwitchContext) => Promise<Output>,
  tell: (told: Output) => void,
): Promise<void> {
  const key = given.key ?? randomUUID();
  let ledger: LedgerAtHand | undefined;
  let told: Output;
  try {
    ledger = await openLedgerAtHand(given);
    told = await work({ steps: ledger.steps, principal: OWNER, idempotencyKey: key });
  } catch (error) {
    throw done === 'halted' ? notRecorded(error, given, ledger) : error;
  } finally {
    await ledger?.close();
  }
  if (told.done === false) process.exitCode = 1;
  if (given.json) return say(JSON.stringify({ ...told, path: `straight to ${ledger.place}`, key }));
  tell(told);
  for (const { account, code, message } of told.failed) {
    say(`${account}: NOT ${done}. ${message}`);
    if (done === 'halted' && isOfLedger(code)) say(`Until then, ${endPlatform(given, ledger)}.`);
  }
  if (!told.done) say(`Do the same again with --key ${key}: what is done stays as it is.`);
  say(`Written straight to the ledger, ${ledger.place}; the API was not asked.`);
}

function tellHalt({ scope, accounts }: HaltOutput): void {
  say(`The kill switch was thrown for ${scope}.`);
  for (const { account, state, canceled, pending, left, positions } of accounts) {
    const ended = canceled === 1 ? '1 working order was canceled' : `${canceled} working orders were canceled`;
    say(`${account}: trading is ${state}; ${ended}${left > 0 ? `; ${left} open positions stay` : ''}.`);
    if (pending > 0)
      say(
        `  ${pending} more are to be canceled by the venue: the platform asks it as it runs, and until then they may fill.`,
      );
    for (const { strategy, symbol, held, closes, order, denial } of positions) {
      const outcome = order === null ? `NOT closed (${denial})` : `order ${order} closes ${closes} at the market`;
      say(`  ${strategy} holds ${held} ${symbol}: ${outcome}.`);
    }
  }
}

function tellResume({ scope, accounts }: ResumeOutput): void {
  say(`${scope.charAt(0).toUpperCase()}${scope.slice(1)} may go on.`);
  for (const { account, state } of accounts) say(`${account}: trading is ${state}.`);
}

const LEDGER_FAILURES = new Set(['DISK_FULL', 'DATA_BUSY', 'DATA_IO_FAILED', 'DATA_NOT_WRITABLE', 'DATA_CORRUPT']);

/** Whether it is the ledger itself that failed: then nothing is recorded, and a person has to stop the platform in another way. */
const isOfLedger = (code: string): boolean => LEDGER_FAILURES.has(code) || code.startsWith('AWS_');

function notRecorded(error: unknown, given: ResumeArguments, ledger: LedgerAtHand | undefined): unknown {
  if (!(error instanceof PlimsollError) || !isOfLedger(error.code)) return error;
  // SQLite reports some writes to a full disk as failures of the disk.
  const isOfDisk = error.code === 'DISK_FULL' || error.code === 'DATA_IO_FAILED';
  const then = isOfDisk ? 'make room where the disk is full' : error.remedy;
  return new PlimsollError(
    'HALT_NOT_RECORDED',
    `trading is NOT halted, since the ledger could not be written (${error.message})`,
    `${endPlatform(given, ledger)}; then ${then}, and halt again before the platform is started`,
    { kept: 'nothing of the halt was recorded', cause: error },
  );
}

function endPlatform({ table }: ResumeArguments, ledger: LedgerAtHand | undefined): string {
  const file = ledger?.pidFile ?? 'platform.pid of the data directory';
  const end =
    table === undefined
      ? `end the platform's process (its pid is in ${file})`
      : "disable the instance's schedules in EventBridge Scheduler";
  return `${end}, and cancel at the venue what works there`;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
