import { PlimsollError } from '../../core/errors.ts';
import type { LedgerFold } from '../../core/ledger/fold.ts';
import { LedgerVerifier } from '../../core/ledger/verify.ts';
import type { Commit, LedgerPort } from '../../core/ports/ledger.ts';
import { type AccountState, findAccount } from '../../functions/steps/account-state.ts';
import { accountStreams, visiting } from '../../platform/visit.ts';
import { progressLine } from './progress.ts';

export interface VerifyArguments {
  readonly config: string;
  readonly data?: string;
  readonly json?: boolean;
}

interface Verified {
  readonly stream: string;
  readonly holds: boolean;
  readonly commits: number;
  readonly events: number;
  /** Hash of the chain's end, hex. */
  readonly head: string;
  /** The first thing that does not hold. */
  readonly fault: Fault | null;
}

/** Of an event; sequence 0 where it is the account beside the ledger that does not fit it. */
interface Fault {
  readonly sequence: number;
  readonly kind: string;
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

const PAGE = 500;

/** Recomputes the stream of every account; exit code 1 where one does not hold. */
export async function ledgerVerify(given: VerifyArguments): Promise<void> {
  const results = await visiting({ ...given, readOnly: true }, async ({ embedded: { ledger } }) => {
    const verified: Verified[] = [];
    for (const stream of await accountStreams(ledger)) verified.push(await verify(ledger, stream));
    return verified;
  });
  const holds = results.every((result) => result.holds);
  if (given.json) process.stdout.write(`${JSON.stringify({ holds, streams: results })}\n`);
  else for (const result of results) process.stdout.write(`${textOf(result)}\n`);
  if (!given.json && results.length === 0) process.stdout.write('There is no ledger yet.\n');
  if (!holds) process.exitCode = 1;
}

async function verify(ledger: LedgerPort, stream: string): Promise<Verified> {
  // Read first: the ledger may grow meanwhile, and the account must not be ahead of what is verified.
  const account = await findAccount(ledger, stream);
  const { sequence: end } = await ledger.head(stream);
  const state = account?.state;
  const verifier = new LedgerVerifier();
  const progress = progressLine(`Verifying ${stream}`);
  let fault: Fault | null = null;
  let commits = 0;
  for (let after = 0; !fault; ) {
    const page = await readable(ledger, stream, after);
    for (const commit of page) {
      fault = verifier.add(commit) ?? null;
      if (fault) break;
      commits = commit.number;
      const last = commit.firstSequence + commit.events.length - 1;
      if (state?.engine.journal.sequence === last) fault = accountFault(state, verifier.fold);
      if (fault) break;
      progress(last, end);
    }
    if (page.length === 0) break;
    after = page[page.length - 1].number;
  }
  progress.end();
  const result = verifier.result();
  const { sequence, head } = result.holds ? result : { sequence: 0, head: '' };
  if (!fault && state && state.engine.journal.sequence > sequence) {
    fault = {
      sequence,
      kind: 'account',
      what: 'sequence',
      expected: String(state.engine.journal.sequence),
      found: String(sequence),
    };
  }
  return { stream, holds: fault === null, commits, events: sequence, head, fault };
}

/** The next commits; where one of them cannot be read, those before it first, since the first fault may be theirs. */
async function readable(ledger: LedgerPort, stream: string, after: number): Promise<readonly Commit[]> {
  try {
    return await ledger.read(stream, after, PAGE);
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.code !== 'LEDGER_COMMIT_UNREADABLE') throw error;
    return ledger.read(stream, after, 1);
  }
}

/** The account as it is kept beside the ledger, against the account that the events add up to. */
function accountFault({ engine }: AccountState, fold: LedgerFold): Fault | null {
  const { account } = fold;
  const held = new Map(engine.positions.map((position) => [position.slot, position]));
  const pairs: [what: string, expected: unknown, found: unknown][] = [
    ['cash', account.cash, engine.cash],
    ['trading state', account.tradingState, engine.tradingState],
    [
      'working orders',
      fold
        .workingOrders()
        .map(({ id }) => id)
        .join(),
      orderIds(engine).join(),
    ],
  ];
  for (let strategy = 0; strategy < account.strategies.length; strategy++) {
    for (let instrument = 0; instrument < account.instruments.length; instrument++) {
      const expected = fold.position(strategy, instrument);
      const found = held.get(strategy * account.instruments.length + instrument);
      const name = `of ${account.strategies[strategy].id} in instrument ${instrument}`;
      for (const field of ['quantity', 'realised', 'fees', 'funding'] as const)
        pairs.push([`${field} ${name}`, expected[field], found?.[field] ?? 0]);
    }
  }
  const wrong = pairs.find(([, expected, found]) => String(expected) !== String(found));
  return wrong
    ? {
        sequence: engine.journal.sequence,
        kind: 'account',
        what: wrong[0],
        expected: String(wrong[1]),
        found: String(wrong[2]),
      }
    : null;
}

const orderIds = ({ markets, intents }: AccountState['engine']): number[] =>
  [...markets.flatMap(({ orders, held }) => [...orders, ...held]), ...intents]
    .map(({ id }) => Number(id))
    .sort((a, b) => a - b);

function textOf({ stream, holds, commits, events, head, fault }: Verified): string {
  if (holds && events === 0) return `${stream}: has no events yet`;
  if (holds) return `${stream}: holds, ${events} events in ${commits} commits, head ${head}`;
  return `${stream}: does not hold at event ${fault?.sequence} (${fault?.kind}): ${fault?.what} should be ${fault?.expected} and is ${fault?.found}. Keep the files as they are and restore a backup beside them.`;
}
