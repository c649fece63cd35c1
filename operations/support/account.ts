/** The accounts of an instance, and one of them as it stands. */
import { streamOf, universeOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration } from '../../core/configuration/schema.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { type AccountState, KEYS, loadAccount, type Opening } from '../../functions/steps/account-state.ts';
import { engineOf } from '../../functions/steps/engines.ts';
import type { LedgerContext } from '../operation.ts';

/** An account with its engine, at the last commit. */
export interface AccountView {
  readonly account: AccountConfiguration;
  /** Name of the venue of its universe. */
  readonly venue: string;
  readonly stream: string;
  readonly opening: Opening;
  readonly state: AccountState;
  readonly engine: Engine;
}

/** The account that is meant: the first where none is named. Throws `ACCOUNT_UNKNOWN`. */
export function accountNamed({ steps }: LedgerContext, id: string | undefined): AccountConfiguration {
  const { accounts } = steps.configuration;
  const account = id === undefined ? accounts[0] : accounts.find((candidate) => candidate.id === id);
  if (account) return account;
  const known = accounts.map((candidate) => candidate.id);
  throw new PlimsollError('ACCOUNT_UNKNOWN', `there is no account "${id}"`, `use ${nearest(id ?? '', known)}`);
}

/** The ledger stream of the account that is meant. */
export const streamNamed = (context: LedgerContext, id: string | undefined): string =>
  streamOf(context.steps.configuration, accountNamed(context, id));

/** Throws `ACCOUNT_UNKNOWN`, and `ACCOUNT_NOT_OPEN` before its first cycle. */
export async function viewOf(context: LedgerContext, id: string | undefined): Promise<AccountView> {
  const account = accountNamed(context, id);
  const { steps } = context;
  const stream = streamOf(steps.configuration, account);
  const { state } = await loadAccount(steps.ledger, stream);
  const engine = await engineOf(steps, stream, state.engine);
  engine.restore(state.engine);
  const opening = (await steps.ledger.document(stream, KEYS.opening))!.value as unknown as Opening;
  const { venue } = universeOf(steps.configuration, account);
  return { account, venue, stream, opening, state, engine };
}

/** The same, or undefined before its first cycle. */
export async function viewIfOpen(context: LedgerContext, id: string | undefined): Promise<AccountView | undefined> {
  const opening = await context.steps.ledger.document(streamNamed(context, id), KEYS.opening);
  return opening && viewOf(context, id);
}

/** Every account that has been opened, in the order of the configuration. */
export async function openViews(context: LedgerContext): Promise<AccountView[]> {
  const { accounts } = context.steps.configuration;
  const views = await Promise.all(accounts.map(({ id }) => viewIfOpen(context, id)));
  return views.filter((view) => view !== undefined);
}
