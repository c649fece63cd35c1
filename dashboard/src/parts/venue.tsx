import type { ApiClient } from '../api/client.ts';
import type { LiveStanding } from '../api/types.ts';
import { decimal } from '../format.ts';
import { useNow, useQuery } from '../hooks.ts';
import type { AccountView } from '../live/view.ts';
import type { Ask, Question } from './confirmation.tsx';
import { Time } from './figure.tsx';
import { Panel } from './panel.tsx';
import { type Concern, concernsOf } from './venue-concerns.ts';

interface VenueProps {
  readonly client: ApiClient;
  readonly view: AccountView;
  readonly onAsk: Ask;
}

/** What is reconciled between cycles makes no event: it is looked at so often too. */
const LOOK_EVERY_MS = 15_000;
/** Concerns that are shown; where there are more, the command line has them all. */
const SHOWN = 12;

/** A live account and its venue: one line while all is well, and everything that stands against it where it is not. */
export function Venue({ client, view, onAsk }: VenueProps) {
  const { account, sequence, cycle, next, live } = view.account;
  const settled = next === 'settled' ? cycle : '';
  const now = useNow(LOOK_EVERY_MS);
  const { answer, problem } = useQuery(
    () => client.query('live.show', { account }),
    `${account} ${sequence} ${settled} ${live?.armed} ${now}`,
  );
  const shown = answer?.account === account ? answer : undefined;
  const concerns = [...unknown(problem), ...(shown ? concernsOf(shown) : [])];
  return (
    <Panel
      title="Venue"
      tone={concerns.length > 0 ? 'warning' : undefined}
      aside={
        <div className="venue">
          <span className="count">{live?.venue}</span>
          <Armed isArmed={live?.armed === true} account={account} shown={shown} />
          <Reconciled of={shown} />
          <span className="venue-standing" role="status" data-concerns={shown && concerns.length}>
            {standingText(shown, concerns.length)}
          </span>
          {live?.armed && (
            <button type="button" onClick={() => onAsk(disarmQuestion(client, account))}>
              Disarm
            </button>
          )}
        </div>
      }
    >
      {concerns.length > 0 && <Concerns concerns={concerns} account={account} />}
      {shown?.external.map(({ symbol, quantity }) => (
        <p key={symbol} className="quiet">
          {quantity} {symbol} there belongs to no strategy of this account.
        </p>
      ))}
    </Panel>
  );
}

function standingText(shown: LiveStanding | undefined, concerns: number): string {
  if (concerns > 0) return concerns === 1 ? 'One thing stands against it' : `${concerns} things stand against it`;
  return shown ? 'Nothing stands against it' : 'Asking…';
}

/** What is not known is not well. */
const unknown = (problem: string | undefined): Concern[] =>
  problem === undefined
    ? []
    : [{ head: 'Not known', what: `What stands against it now could not be asked. ${problem}`, since: undefined }];

interface ArmedProps {
  readonly isArmed: boolean;
  readonly account: string;
  readonly shown: LiveStanding | undefined;
}

/** Whether it is armed comes with every update; up to what, with the answer. */
function Armed({ isArmed, account, shown }: ArmedProps) {
  if (!isArmed) {
    return (
      <span>
        <b>Not armed</b>: nothing new is opened. Arming is typed on purpose, with{' '}
        <code>plimsoll live arm {account}</code> or <code>live.arm</code> of the API.
      </span>
    );
  }
  if (!shown?.limits) {
    return (
      <span>
        <b>Armed</b>
      </span>
    );
  }
  const { maxOrderNotional, maxExposure } = shown.limits;
  return (
    <span>
      <b>Armed</b> up to {plain(maxOrderNotional)} {shown.currency} an order, {plain(maxExposure)} in all
    </span>
  );
}

const plain = (amount: number): string => decimal(String(amount));

const OCCASIONS = {
  cycle: 'in its cycle',
  start: 'at the start',
  reconnect: 'as the venue answered again',
  hint: 'as the venue told of a change',
} as const;

function Reconciled({ of: shown }: { readonly of: LiveStanding | undefined }) {
  if (!shown) return <span>Reconciled …</span>;
  const { lastReconcile } = shown;
  if (!lastReconcile) return <span>Never reconciled yet</span>;
  return (
    <span data-reconciled={lastReconcile.on}>
      Reconciled <Time ms={lastReconcile.at} />, {OCCASIONS[lastReconcile.on]}
    </span>
  );
}

function Concerns({ concerns, account }: { readonly concerns: readonly Concern[]; readonly account: string }) {
  const more = concerns.length - SHOWN;
  return (
    <ul className="concerns">
      {concerns.slice(0, SHOWN).map(({ head, what, since }) => (
        <li key={`${head} ${what}`} data-concern={head}>
          <b>{head}</b>
          <span>{what}</span>
          {since !== undefined && (
            <span className="quiet">
              since <Time ms={since} />
            </span>
          )}
        </li>
      ))}
      {more > 0 && (
        <li>
          And {more} more: <code>plimsoll live show {account}</code>
        </li>
      )}
    </ul>
  );
}

function disarmQuestion(client: ApiClient, account: string): Question {
  return {
    title: `Disarm ${account}?`,
    action: 'Disarm',
    isGrave: true,
    reason: 'asked',
    consequences: (
      <ul>
        <li>Nothing new is opened with real money; proposals that would are denied (LIVE_NOT_ARMED).</li>
        <li>Working orders that could open anything are canceled. Positions stay, and so do their stops.</li>
        <li>
          To arm it again, type <code>plimsoll live arm {account}</code>, or use <code>live.arm</code> of the API.
        </li>
      </ul>
    ),
    async act(key, reason) {
      const { canceled } = await client.command('live.disarm', { account, reason }, key);
      const orders =
        canceled === 0 ? '' : ` ${canceled} working ${canceled === 1 ? 'order is' : 'orders are'} canceled.`;
      return `${account} is disarmed: nothing new is opened.${orders}`;
    },
  };
}
