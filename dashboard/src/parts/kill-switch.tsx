import { useEffect, useMemo, useRef, useState } from 'react';
import type { ApiClient } from '../api/client.ts';
import type { Input, Output } from '../api/types.ts';
import { useQuery } from '../hooks.ts';
import { TypedField } from './confirmation.tsx';
import { NO_REASON, ReasonField } from './reason-field.tsx';

interface KillSwitchProps {
  readonly client: ApiClient;
  readonly instance: string;
  readonly account: string;
  readonly onDone: (outcome: string) => void;
}

const SCOPES = ['account', 'instance', 'venue', 'strategy', 'symbol'] as const;
type Scope = (typeof SCOPES)[number];

const NAMES: Record<Scope, string> = {
  account: 'Account',
  instance: 'The whole instance',
  venue: 'Venue, every account there',
  strategy: 'Strategy of this account',
  symbol: 'Instrument in this account',
};

/** Opens the kill switch for more, or for less, than the account: the buttons beside it stop the account alone. */
export function KillSwitch(props: KillSwitchProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Stop by scope
      </button>
      {isOpen && <KillSwitchDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function KillSwitchDialog({ client, instance, account, onDone, onClose }: KillSwitchProps & { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const { names, problem: unknown } = useNames(client, instance, account);
  const [verb, setVerb] = useState<Verb>('halt');
  const [scope, setScope] = useState<Scope>('account');
  const [chosen, setChosen] = useState<string>();
  const [isFlattening, setFlattening] = useState(false);
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const target = names[scope].includes(chosen ?? '') ? chosen! : (names[scope][0] ?? '');
  const flatten = verb === 'halt' && isFlattening;
  const input = { ...scopeOf(scope, account, target), reason: reason.trim() || NO_REASON };
  const { act, isBusy, problem } = useSwitch(
    client,
    verb,
    verb === 'halt' ? { ...input, flatten } : input,
    (outcome) => {
      onDone(outcome);
      onClose();
    },
  );
  const isConfirmed = verb === 'resume' || (target !== '' && typed.trim() === target);

  return (
    <dialog ref={dialog} className="confirmation" aria-labelledby="kill-switch-title" onClose={onClose}>
      <h2 id="kill-switch-title">Stop by scope</h2>
      <form
        className="switch"
        onSubmit={(event) => {
          event.preventDefault();
          if (isConfirmed && !isBusy) act();
        }}
      >
        <fieldset className="verbs">
          <legend className="unseen">What to do</legend>
          {(['halt', 'resume'] as const).map((each) => (
            <label key={each}>
              <input type="radio" name="verb" checked={verb === each} onChange={() => setVerb(each)} />
              {each === 'halt' ? 'Halt' : 'Let go on'}
            </label>
          ))}
        </fieldset>
        <label>
          What
          <select value={scope} onChange={(event) => setScope(event.target.value as Scope)}>
            {SCOPES.map((each) => (
              <option key={each} value={each}>
                {NAMES[each]}
              </option>
            ))}
          </select>
        </label>
        {names[scope].length > 1 && (
          <label>
            Which
            <select value={target} onChange={(event) => setChosen(event.target.value)}>
              {names[scope].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        {verb === 'halt' && (
          <label className="tick">
            <input type="checkbox" checked={isFlattening} onChange={(event) => setFlattening(event.target.checked)} />
            Flatten: close the positions in scope at the market
          </label>
        )}
        <p className="consequences">{consequence(verb, scope, target, flatten)}</p>
        <ReasonField value={reason} onChange={setReason} />
        {verb === 'halt' && <TypedField name={target} value={typed} onChange={setTyped} />}
        {(problem ?? unknown) && (
          <p role="alert" className="problem">
            {problem ?? unknown}
          </p>
        )}
        <div className="choices">
          <button type="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" className={verb === 'halt' ? 'grave' : 'primary'} disabled={!isConfirmed || isBusy}>
            {verb === 'resume' ? 'Let it go on' : flatten ? 'Halt and flatten' : 'Halt it'}
          </button>
        </div>
      </form>
    </dialog>
  );
}

type Verb = 'halt' | 'resume';
type HaltInput = Input<'trading-state.halt'>;
type Done = Output<'trading-state.halt'> | Output<'trading-state.resume'>;

/** Does it; done again as it stands, it goes under the same key, so that what is done already stays as it is. */
function useSwitch(client: ApiClient, verb: Verb, input: HaltInput, onDone: (outcome: string) => void) {
  const asked = JSON.stringify([verb, input]);
  // Another input is another command.
  const key = useMemo(() => crypto.randomUUID(), [asked]);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<{ readonly asked: string; readonly problem: string }>();
  const act = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      const done: Done = await client.command(`trading-state.${verb}`, input, key);
      if (done.done) return onDone(outcomeOf(verb, done));
      const failed = done.failed.map(({ account, message }) => `${account}: not done. ${message}`);
      setFailure({ asked, problem: `${outcomeOf(verb, done)} ${failed.join(' ')}` });
    } catch (error) {
      setFailure({ asked, problem: (error as Error).message });
    }
    setBusy(false);
  };
  return { act, isBusy, problem: failure?.asked === asked ? failure.problem : undefined };
}

function outcomeOf(verb: Verb, done: Done): string {
  const accounts = done.accounts.map((each) => each.account).join(', ') || 'no account';
  if (verb === 'resume') return `${sentence(done.scope)} may go on in ${accounts}.`;
  const halted = done.accounts as Output<'trading-state.halt'>['accounts'];
  const total = (of: (account: (typeof halted)[number]) => number): number =>
    halted.reduce((sum, account) => sum + of(account), 0);
  const closing = total(({ positions }) => positions.filter(({ order }) => order !== null).length);
  const parts = [
    `${total(({ canceled }) => canceled)} working orders canceled`,
    ...(closing > 0 ? [`${closing} positions being closed`] : []),
    ...(total(({ pending }) => pending) > 0
      ? [`${total(({ pending }) => pending)} more to be canceled by the venue`]
      : []),
    ...(total(({ left }) => left) > 0 ? [`${total(({ left }) => left)} positions stay open`] : []),
  ];
  return `${sentence(done.scope)} is halted in ${accounts}: ${parts.join(', ')}.`;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function scopeOf(scope: Scope, account: string, target: string): HaltInput {
  if (scope === 'instance') return {};
  if (scope === 'account') return { account };
  if (scope === 'venue') return { venue: target };
  return { account, [scope]: target };
}

function consequence(verb: Verb, scope: Scope, target: string, flatten: boolean): string {
  const what = `${WORDS[scope]}${scope === 'instance' ? '' : ` "${target}"`}`;
  if (verb === 'resume')
    return `What was halted of ${what} may open positions again, within the limits. What was canceled stays so.`;
  const then = flatten
    ? 'Its positions are closed by market orders that only reduce.'
    : 'Its positions stay open, without the stops that were canceled.';
  return `Working orders of ${what} are canceled and nothing new is opened until you let it go on. ${then}`;
}

const WORDS: Record<Scope, string> = {
  account: 'the account',
  instance: 'every account of the instance',
  venue: 'every account at',
  strategy: 'the strategy',
  symbol: 'the instrument',
};

/** What there is to stop, by scope; the name is what is typed. */
function useNames(client: ApiClient, instance: string, account: string) {
  const venues = useQuery(() => client.query('venues.list', {}), 'venues');
  const strategies = useQuery(() => client.query('strategies.list', {}), 'strategies');
  const running = strategies.answer?.running.filter((each) => each.account === account) ?? [];
  const names: Record<Scope, readonly string[]> = {
    account: [account],
    instance: [instance],
    venue: venues.answer?.venues.map(({ name }) => name) ?? [],
    strategy: running.map(({ id }) => id),
    symbol: [...new Set(running.flatMap(({ instruments }) => instruments))],
  };
  return { names, problem: venues.problem ?? strategies.problem };
}
