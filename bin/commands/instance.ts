import { randomUUID } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';
import { formatInstant } from '../../core/market/civil.ts';
import type { Principal } from '../../core/ports/identity.ts';
import type { Job } from '../../core/ports/jobs.ts';
import { changeText, type LimitChange } from '../../core/risk/limit-changes.ts';
import { findOperation, invoke } from '../../operations/invoke.ts';
import type { HeldLimits } from '../../operations/limits/schema.ts';
import { localContext } from '../../platform/context.ts';
import { openJobs } from '../../platform/jobs.ts';
import { type VisitOptions, visiting } from '../../platform/visit.ts';

/** What the commands on an instance are given. */
export interface InstanceArguments {
  readonly config: string;
  readonly data?: string;
  readonly account?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** Whoever may read and write the data directory is its owner. */
const OWNER: Principal = { id: 'local', name: 'local owner', roles: ['admin'] };

/** How the instance is. */
export async function status(given: InstanceArguments): Promise<void> {
  const shown = await operate<Status>(given, 'status.show', {});
  if (given.json) return print(shown);
  for (const account of shown.accounts) {
    rows([
      ['Account', `${account.account} (${account.provenance} data, ${moneyText(account.live)})`],
      ['Trading', account.tradingState],
      ...account.standing.map((stop) => ['Stopped', stopText(stop)] as const),
      ...(account.heldLimits ? [['Limits', heldText(account.heldLimits)] as const] : []),
      ['Cycle', account.cycle === null ? 'none yet' : `${formatInstant(account.cycle)}, ${account.next}`],
      ['Equity', `${account.equity} ${account.currency}, drawdown ${(account.drawdown * 100).toFixed(2)} %`],
      ['Today', `${account.dayProfit} ${account.currency}`],
      ['Open', `${account.openPositions} positions, ${account.workingOrders} orders`],
      ['Events', String(account.sequence)],
      ...(account.gap ? [['Given up', `${formatInstant(account.gap.cycle)}, ${account.gap.verdict}`] as const] : []),
    ]);
  }
  if (shown.accounts.length === 0)
    say('No account has a ledger yet. Start the platform once so that its first cycle opens it.');
  for (const { queue, waiting, deadLetters } of shown.queues) {
    if (waiting + deadLetters > 0)
      say(`queue ${queue}: ${waiting} waiting${deadLetters > 0 ? `, ${deadLetters} given up` : ''}`);
  }
}

/** The last cycles, newest first. */
export async function cycles(given: InstanceArguments): Promise<void> {
  const shown = await operate<Cycles>(given, 'cycles.list', { ...accountOf(given), limit: given.limit });
  if (given.json) return print(shown);
  for (const { cycle, equity, steps, lateByMs } of shown.cycles) {
    const verdicts = steps.map(({ step, verdict }) => `${step}: ${verdict}`).join(' | ');
    say(`${formatInstant(cycle)}  ${equity ?? '-'}  ${verdicts}${lateByMs > 0 ? ` | late by ${lateByMs} ms` : ''}`);
  }
  if (shown.cycles.length === 0) say('There is no cycle yet.');
}

export interface OperationArguments {
  readonly config: string;
  readonly data?: string;
  readonly input: string;
  readonly key?: string;
}

/** Any operation, by name; prints its output as JSON. A job is waited for. */
export async function op(name: string, given: OperationArguments): Promise<void> {
  findOperation(name);
  let input: unknown;
  try {
    input = JSON.parse(given.input);
  } catch (cause) {
    throw new PlimsollError('USAGE', '--input is not JSON', `write it as in --input '{"account":"paper"}'`, { cause });
  }
  print(await operate(given, name, input, given.key));
}

/** Does an operation on the data directory, as its owner. */
export function operate<Output>(
  given: Pick<VisitOptions, 'config' | 'data'>,
  name: string,
  input: unknown,
  key: string = randomUUID(),
): Promise<Output> {
  const operation = findOperation(name);
  return visiting({ ...given, readOnly: operation.kind === 'query' }, async (visit) => {
    const { embedded, directory, configuration } = visit;
    const open = openJobs({ ledger: embedded.ledger, directory, root: process.cwd(), configuration, now: Date.now });
    try {
      const output = await invoke(operation, localContext(visit, open, OWNER, key), input);
      if (operation.kind !== 'job') return output as Output;
      await open.idle();
      const { id } = (output as { job: Job }).job;
      return { job: (await open.jobs.find(id)) ?? (await open.trainings.find(id)) } as Output;
    } finally {
      await open.close();
    }
  });
}

function stopText({ scope, name, state, reason, since }: Stop): string {
  const what = scope === 'account' ? 'the account' : `the ${scope} ${name}`;
  const when = since === null || since === 0 ? '' : `, at cycle ${formatInstant(since)}`;
  return `${what} is ${state}${reason === '' ? '' : `: ${reason}`}${when}`;
}

const moneyText = (live: Live | null): string =>
  live ? `REAL money at ${live.venue}, ${live.armed ? 'armed' : 'not armed'}` : 'paper money';

const heldText = ({ version, changes }: HeldLimits): string =>
  `version ${version} waits for approval (plimsoll limits changes): ${(changes as LimitChange[]).map(changeText).join(', ')}`;

const accountOf = ({ account }: InstanceArguments): { account?: string } => (account === undefined ? {} : { account });
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const print = (value: unknown): void => say(JSON.stringify(value));

function rows(values: readonly (readonly [string, string])[]): void {
  for (const [name, value] of values) say(`${name.padEnd(9)} ${value}`);
  say('');
}

interface Stop {
  readonly scope: 'account' | 'strategy' | 'instrument';
  readonly name: string;
  readonly state: string;
  readonly reason: string;
  readonly since: number | null;
}

/** Of an account with real money: where, and whether it may open positions. */
interface Live {
  readonly venue: string;
  readonly armed: boolean;
}

interface Status {
  readonly accounts: readonly {
    readonly account: string;
    readonly provenance: string;
    readonly live: Live | null;
    readonly tradingState: string;
    readonly cycle: number | null;
    readonly next: string;
    readonly equity: string;
    readonly currency: string;
    readonly drawdown: number;
    readonly dayProfit: string;
    readonly openPositions: number;
    readonly workingOrders: number;
    readonly sequence: number;
    readonly standing: readonly Stop[];
    readonly heldLimits: HeldLimits | null;
    readonly gap: { readonly cycle: number; readonly verdict: string } | null;
  }[];
  readonly queues: readonly { readonly queue: string; readonly waiting: number; readonly deadLetters: number }[];
}

interface Cycles {
  readonly cycles: readonly {
    readonly cycle: number;
    readonly equity: string | null;
    readonly lateByMs: number;
    readonly steps: readonly { readonly step: string; readonly verdict: string }[];
  }[];
}
