/** Which accounts a kill switch is about, and throwing it in each: every account is a commit of its own. */
import { streamOf, universeOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration, Configuration } from '../../core/configuration/schema.ts';
import { PlimsollError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import type { StopScope } from '../../functions/steps/kill-switch.ts';
import type { OperationContext } from '../operation.ts';
import { accountNamed } from '../support/account.ts';

/** All that the kill switch needs: the ledger and who asks; no queue, no model, no lake. */
export type SwitchContext = Pick<OperationContext, 'steps' | 'principal' | 'idempotencyKey'>;

interface Named {
  readonly account?: string | undefined;
  readonly venue?: string | undefined;
  readonly strategy?: string | undefined;
  readonly symbol?: string | undefined;
}

export interface Reach {
  /** In words. */
  readonly scope: string;
  readonly inAccount: StopScope;
  /** For the ledger, where the person named more than one account. */
  readonly as?: string;
  readonly accounts: readonly AccountConfiguration[];
}

/** Throws `OPERATION_INPUT_INVALID` for scopes that exclude each other, and what is unknown with the nearest known name. */
export function reachOf({ steps }: SwitchContext, named: Named): Reach {
  const { account, venue, strategy, symbol } = named;
  const { configuration } = steps;
  const isClear = [venue, strategy, symbol].filter((name) => name !== undefined).length <= 1;
  if (!isClear || (venue !== undefined && account !== undefined))
    throw new PlimsollError(
      'OPERATION_INPUT_INVALID',
      'the scope names more than one of venue, strategy and symbol, or a venue and an account',
      'name one; a strategy or a symbol may go with an account, and with no name it is the whole instance',
      { kept: 'nothing was changed' },
    );
  const among = account === undefined ? configuration.accounts : [accountNamed({ steps }, account)];
  const within = account === undefined ? '' : ` in the account ${account}`;
  if (strategy !== undefined)
    return {
      scope: `the strategy ${strategy}${within}`,
      inAccount: { of: 'strategy', strategy },
      accounts: holding(among, strategiesOf, strategy, 'STRATEGY_UNKNOWN', 'strategy'),
    };
  if (symbol !== undefined)
    return {
      scope: `the instrument ${symbol}${within}`,
      inAccount: { of: 'instrument', symbol },
      accounts: holding(among, (each) => universeOf(configuration, each).symbols, symbol, 'SYMBOL_UNKNOWN', 'symbol'),
    };
  const inAccount = { of: 'account' } as const;
  if (account !== undefined) return { scope: `the account ${account}`, inAccount, accounts: among };
  if (venue === undefined) return { scope: 'the instance', inAccount, as: 'instance', accounts: among };
  return { scope: `the venue ${venue}`, inAccount, as: `venue ${venue}`, accounts: onVenue(configuration, venue) };
}

function onVenue(configuration: Configuration, venue: string): AccountConfiguration[] {
  const venues = Object.keys(configuration.venues);
  if (!venues.includes(venue))
    throw new PlimsollError('VENUE_UNKNOWN', `there is no venue "${venue}"`, `use ${nearest(venue, venues)}`, {
      kept: 'nothing was changed',
    });
  return configuration.accounts.filter((account) => universeOf(configuration, account).venue === venue);
}

const strategiesOf = ({ strategies }: AccountConfiguration): string[] =>
  strategies.map(({ id, strategy }) => id ?? strategy);

/** The accounts that have `name`. */
function holding(
  accounts: readonly AccountConfiguration[],
  namesOf: (account: AccountConfiguration) => readonly string[],
  name: string,
  code: string,
  kind: string,
): AccountConfiguration[] {
  const found = accounts.filter((account) => namesOf(account).includes(name));
  if (found.length > 0) return found;
  const known = [...new Set(accounts.flatMap(namesOf))];
  throw new PlimsollError(code, `no account has the ${kind} "${name}"`, `use ${nearest(name, known)}`, {
    kept: 'nothing was changed',
  });
}

export interface InEach<Done> {
  readonly done: boolean;
  readonly accounts: (Done & { readonly account: string })[];
  readonly failed: { readonly account: string; readonly code: string; readonly message: string }[];
}

/**
 * Does it in every account, none waiting for another, and tells what is done from what is not. Where it is done in none, throws why.
 */
export async function inEach<Done extends object>(
  { steps }: SwitchContext,
  accounts: readonly AccountConfiguration[],
  work: (stream: string) => Promise<Done>,
): Promise<InEach<Done>> {
  const tried = await Promise.allSettled(accounts.map(async (each) => work(streamOf(steps.configuration, each))));
  const told: InEach<Done> = { done: tried.every(({ status }) => status === 'fulfilled'), accounts: [], failed: [] };
  tried.forEach((outcome, k) => {
    const account = accounts[k].id;
    if (outcome.status === 'fulfilled') told.accounts.push({ account, ...outcome.value });
    else told.failed.push({ account, ...failureOf(outcome.reason) });
  });
  const [first] = tried;
  if (told.accounts.length === 0 && first?.status === 'rejected') throw first.reason;
  return told;
}

const failureOf = (error: unknown): { code: string; message: string } =>
  error instanceof PlimsollError
    ? { code: error.code, message: error.sentence }
    : { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error) };
