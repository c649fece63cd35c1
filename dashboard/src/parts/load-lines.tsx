import type { ApiClient } from '../api/client.ts';
import { percent } from '../format.ts';
import { useQuery } from '../hooks.ts';
import type { AccountView } from '../live/view.ts';
import { Panel } from './panel.tsx';

interface Limits {
  readonly maxDrawdown?: number;
  readonly maxDailyLoss?: number;
  readonly maxGrossExposure?: number;
}

interface Load {
  readonly name: string;
  readonly value: number;
  /** The line that no order crosses; without one, nothing is drawn against it. */
  readonly limit: number | undefined;
}

/** How deep the account sits against the limits that risk holds it to. */
export function LoadLines({ client, view }: { readonly client: ApiClient; readonly view: AccountView }) {
  const { account } = view.account;
  const { answer } = useQuery(() => client.query('configuration.show', {}), account);
  const limits = limitsOf(answer?.configuration, account);
  return (
    <Panel title="Load lines">
      <ul className="loads">
        {loadsOf(view, limits).map((load) => (
          <LoadLine key={load.name} load={load} />
        ))}
      </ul>
    </Panel>
  );
}

function limitsOf(configuration: unknown, account: string): Limits {
  const { accounts = [] } = (configuration ?? {}) as { accounts?: { id: string; limits?: Limits }[] };
  return accounts.find(({ id }) => id === account)?.limits ?? {};
}

/** Ratios for the eye: floats will do. */
function loadsOf({ account, positions }: AccountView, limits: Limits): Load[] {
  const equity = Number(account.equity);
  const dayProfit = Number(account.dayProfit);
  const exposure = positions.reduce((sum, position) => sum + Math.abs(Number(position.value)), 0);
  return [
    { name: 'Drawdown', value: account.drawdown, limit: limits.maxDrawdown },
    { name: 'Loss today', value: share(Math.max(0, -dayProfit), equity - dayProfit), limit: limits.maxDailyLoss },
    { name: 'Gross exposure', value: share(exposure, equity), limit: limits.maxGrossExposure },
  ];
}

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

function LoadLine({ load: { name, value, limit } }: { readonly load: Load }) {
  const filled = limit === undefined ? 0 : Math.min(1, value / limit);
  return (
    <li className="load" data-near={filled > 0.8 || undefined}>
      <span className="load-name">{name}</span>
      <span className="load-value">
        <b>{percent(value)}</b>
        {limit === undefined ? ' no limit set' : ` of ${percent(limit, 0)}`}
      </span>
      <svg className="load-gauge" viewBox="0 0 200 16" preserveAspectRatio="none" aria-hidden="true">
        <rect className="load-air" x="0" y="5" width="180" height="6" />
        <rect className="load-water" x="0" y="5" width={180 * filled} height="6" />
      </svg>
      {limit !== undefined && (
        <svg className="load-mark" viewBox="0 0 32 32" width="16" height="16" aria-hidden="true">
          <circle cx="16" cy="16" r="10" fill="none" strokeWidth="3" className="mark-disc" />
          <path d="M16 1v30" strokeWidth="3.4" className="mark-line" />
        </svg>
      )}
    </li>
  );
}
