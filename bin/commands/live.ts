/** Live accounts from the command line: straight to the ledger, whether the platform runs or not. */
import { randomUUID } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';
import { formatInstant } from '../../core/market/civil.ts';
import type { Principal } from '../../core/ports/identity.ts';
import { findOperation, invoke } from '../../operations/invoke.ts';
import type { AcceptOutput, ArmOutput, DisarmOutput, ShowOutput } from '../../operations/live/schema.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { openLedgerAtHand } from '../../platform/ledger-at-hand.ts';
import { ask, isTerminal } from './prompt.ts';

interface LiveArguments {
  readonly config: string;
  readonly data?: string;
  readonly table?: string;
  readonly json?: boolean;
}

export interface DisarmArguments extends LiveArguments {
  readonly reason: string;
  readonly key?: string;
}

export interface ArmArguments extends DisarmArguments {
  readonly maxOrderNotional: number;
  readonly maxExposure: number;
  readonly confirm?: string;
}

/** Who may write the data directory, or the table by the rights of AWS, owns the instance. */
const OWNER: Principal = { id: 'local', name: 'local owner', roles: ['admin'] };

export async function arm(account: string, given: ArmArguments): Promise<void> {
  const { maxOrderNotional, maxExposure, reason } = given;
  const confirm = given.confirm ?? (await confirmed(account, given));
  const input = { account, maxOrderNotional, maxExposure, reason, confirm };
  const told = await operate<ArmOutput>(given, 'live.arm', input, given.key);
  if (given.json) return say(JSON.stringify(told));
  say(`${account} is ARMED: orders of up to ${told.maxOrderNotional}, ${told.maxExposure} in all.`);
  say(`It opens positions from its next reconciled cycle on. plimsoll live disarm ${account} ends that.`);
}

export async function disarm(account: string, given: DisarmArguments): Promise<void> {
  const told = await operate<DisarmOutput>(given, 'live.disarm', { account, reason: given.reason }, given.key);
  if (given.json) return say(JSON.stringify(told));
  say(`${account} is disarmed: nothing new is opened.`);
  if (told.canceled > 0)
    say(`${told.canceled} working orders are canceled, by the venue as soon as the platform asks it.`);
  say('Positions stay, with their protection. plimsoll halt --flatten closes them.');
}

export async function accept(account: string, given: DisarmArguments): Promise<void> {
  const told = await operate<AcceptOutput>(given, 'live.accept', { account, reason: given.reason }, given.key);
  if (given.json) return say(JSON.stringify(told));
  say(`What the venue holds counts as right for ${account}: the next reconciliation compares from what it finds then.`);
  say(`Trading stays as it is. plimsoll resume --account ${account} ends a halt.`);
}

export async function show(account: string | undefined, given: LiveArguments): Promise<void> {
  const told = await operate<ShowOutput>(given, 'live.show', account === undefined ? {} : { account });
  if (given.json) return say(JSON.stringify(told));
  const { currency, limits, most, lastReconcile, difference } = told;
  if (told.kind === 'paper') return say(`${told.account} is a paper account: nothing of it goes to a venue.`);
  if (!told.opened) return say(`${told.account} has no ledger yet. Start the platform once so that it opens it.`);
  const until = (money: { maxOrderNotional: number; maxExposure: number }): string =>
    `orders of up to ${money.maxOrderNotional}, ${money.maxExposure} in all (${currency})`;
  row('Account', `${told.account} at ${told.venue}, trading is ${told.tradingState}`);
  row('Armed', limits ? until(limits) : 'no: nothing new is opened');
  row('At most', until(most));
  const when = lastReconcile ? `${formatInstant(lastReconcile.at)} (${lastReconcile.on})` : 'never yet';
  row('Reconciled', `${told.reconciled ? 'yes' : 'NO: nothing new is opened'}, last ${when}`);
  for (const { order, side, quantity, filled, symbol, state, phase } of told.orders)
    row('Order', `${order}: ${side} ${quantity} ${symbol}, ${filled} filled, ${state}, ${phase}`);
  for (const { symbol, quantity } of told.external) row('External', `${quantity} ${symbol}, of no strategy here`);
  for (const { what, state, text, since } of told.notOpen)
    row('Not open', `${what}, since ${formatInstant(since)}: ${state} (${text})`);
  if (difference)
    row('Differs', `${difference.what}, since ${formatInstant(difference.since)}, ${difference.comparisons} times`);
  if (told.streamAway)
    row('Unheard', `by itself since ${formatInstant(told.streamAway.since)}: ${told.streamAway.reason}`);
  for (const { code, what, since } of told.alerts) row('Alert', `${code} since ${formatInstant(since)}: ${what}`);
}

async function confirmed(account: string, { maxOrderNotional, maxExposure }: ArmArguments): Promise<string> {
  if (!isTerminal())
    throw new PlimsollError(
      'USAGE',
      'nobody is there to confirm it',
      `add --confirm ${account}, or run it on a terminal`,
      { kept: 'nothing was changed' },
    );
  const limits = `orders of up to ${maxOrderNotional} and ${maxExposure} in all`;
  process.stderr.write(`${account} will trade REAL money at its venue, with ${limits}.\n`);
  return ask('Type the name of the account to arm it: ');
}

async function operate<Output>(
  { config, data, table }: LiveArguments,
  name: string,
  input: object,
  key: string = randomUUID(),
): Promise<Output> {
  const ledger = await openLedgerAtHand({ config, data, table });
  try {
    // What these operations need of the context, and no more: no queue, no lake, no jobs.
    const context = { steps: ledger.steps, principal: OWNER, idempotencyKey: key };
    return (await invoke(findOperation(name), context as unknown as OperationContext, input)) as Output;
  } finally {
    await ledger.close();
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const row = (name: string, value: string): void => say(`${name.padEnd(11)} ${value}`);
