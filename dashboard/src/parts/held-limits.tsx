import { type ApiClient, ApiProblem } from '../api/client.ts';
import type { HeldLimits as Held } from '../api/types.ts';
import { decimal } from '../format.ts';
import { useQuery } from '../hooks.ts';
import type { AccountView } from '../live/view.ts';
import type { Ask, Question } from './confirmation.tsx';
import { Time } from './figure.tsx';
import { Panel, Table } from './panel.tsx';

interface HeldLimitsProps {
  readonly client: ApiClient;
  readonly view: AccountView;
  readonly onAsk: Ask;
}

/** Looser limits of the account that wait for a second person; nothing where none do. */
export function HeldLimits({ client, view, onAsk }: HeldLimitsProps) {
  const { account } = view.account;
  // Asked again where the ledger tells of another change.
  const last = view.events.findLast(({ kind }) => kind.startsWith('Limits'))?.sequence ?? 0;
  const { answer, problem } = useQuery(() => client.query('status.show', {}), `${account} ${last}`);
  const held = answer?.accounts.find((each) => each.account === account)?.heldLimits;
  if (!held) return problem ? <p className="problem">Limits that wait are not known: {problem}</p> : null;
  return (
    <Panel
      title="Looser limits wait for approval"
      tone="warning"
      aside={
        <span className="count">
          version {held.version}, since <Time ms={held.since} />
        </span>
      }
    >
      <div className="held" data-held={held.version}>
        <div>
          <p>{whoAndWhy(held)}</p>
          <p className="quiet">
            Until it is decided, the tighter limits hold. A second administrator approves; one who is alone types the
            name of the account.
          </p>
        </div>
        <Table label="Limits that wait" head={['Limit', 'In force', 'Asked for']} empty="">
          {held.changes.map(({ limit, from, to }) => (
            <tr key={limit} data-limit={limit}>
              <th scope="row">
                <code>{limit}</code>
              </th>
              <td>{valueText(from)}</td>
              <td>{valueText(to)}</td>
            </tr>
          ))}
        </Table>
        <div className="choices">
          <button type="button" onClick={() => onAsk(rejectQuestion(client, account, held))}>
            Reject
          </button>
          <button type="button" className="primary" onClick={() => onAsk(approveQuestion(client, account, held))}>
            Approve
          </button>
        </div>
      </div>
    </Panel>
  );
}

function whoAndWhy({ source, by, reason }: Held): string {
  const who = by || (source === 'person' ? 'Somebody' : 'nobody by name');
  const why = reason ? `: “${reason}”` : ', for no reason that is given';
  return source === 'person' ? `${who} asked for it${why}` : `A changed configuration asks for it, by ${who}${why}`;
}

/** As in the configuration. */
function valueText(value: unknown): string {
  if (value === null) return 'off';
  if (typeof value === 'number') return decimal(String(value));
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ') || 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function approveQuestion(client: ApiClient, account: string, held: Held): Question {
  const { version, source, changes } = held;
  return {
    title: `Approve looser limits of ${account}?`,
    action: 'Approve the limits',
    isGrave: true,
    reason: 'needed',
    // Nobody can tell who asked with a file; who asked in person is compared by the server.
    typed: { name: account, always: source === 'configuration' },
    consequences: (
      <ul>
        {changes.map(({ limit, from, to }) => (
          <li key={limit}>
            <code>{limit}</code> goes from {valueText(from)} to {valueText(to)}.
          </li>
        ))}
        <li>It holds from the next cycle on.</li>
      </ul>
    ),
    async act(key, reason, confirm) {
      const input = { account, version, reason, ...(confirm === undefined ? {} : { confirm }) };
      await betweenCycles(() => client.command('limits.approve', input, key));
      return `Version ${version} is approved, and in force from the next cycle on.`;
    },
  };
}

function rejectQuestion(client: ApiClient, account: string, { version, source }: Held): Question {
  return {
    title: `Reject looser limits of ${account}?`,
    action: 'Reject the limits',
    isGrave: false,
    reason: 'needed',
    consequences: (
      <p>
        The limits in force stay.
        {source === 'configuration' && ' Set the configuration back too, so that it says what holds.'}
      </p>
    ),
    async act(key, reason) {
      await client.command('limits.reject', { account, version, reason }, key);
      return `Version ${version} is rejected; the limits in force stay.`;
    },
  };
}

/** Limits change between cycles, which take a moment each: so many times it is tried, so long apart. */
const TRIES = 20;
const TRY_EVERY_MS = 200;

async function betweenCycles<T>(work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.code !== 'CYCLE_IN_WORK' || tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
    }
  }
}
