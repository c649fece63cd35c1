import type { ApiClient } from '../api/client.ts';
import type { AccountSummary, Instance, Order } from '../api/types.ts';
import { duration } from '../format.ts';
import { type Theme, useNow } from '../hooks.ts';
import type { FeedState } from '../live/feed.ts';
import { AccountBadge } from './badge.tsx';
import type { Ask } from './confirmation.tsx';
import { KillSwitch } from './kill-switch.tsx';
import { Mark } from './mark.tsx';
import { TradingSwitch } from './trading-switch.tsx';

interface HeaderProps {
  readonly client: ApiClient;
  readonly instance: Instance;
  readonly summary: AccountSummary;
  readonly feed: FeedState;
  readonly orders: readonly Order[];
  readonly theme: Theme;
  readonly onTheme: (theme: Theme) => void;
  readonly onAccount: (account: string) => void;
  readonly onAsk: Ask;
  /** The kill switch was thrown: what became of it, as a sentence. */
  readonly onSwitched: (outcome: string) => void;
}

export function Header({ client, instance, summary, feed, orders, theme, ...on }: HeaderProps) {
  const { onTheme, onAccount, onAsk, onSwitched } = on;
  return (
    <header className="header" data-money={summary.live ? 'real' : 'paper'}>
      <div className="brand">
        <Mark />
        <h1>
          Plimsoll{' '}
          <span className="instance">
            {instance.accounts.length > 1 ? instance.instance : `${instance.instance} / ${summary.account}`}
          </span>
        </h1>
      </div>
      <AccountBadge summary={summary} />
      {instance.accounts.length > 1 && (
        <label className="account-switch">
          Account{' '}
          <select value={summary.account} onChange={(event) => onAccount(event.target.value)}>
            {instance.accounts.map(({ account, live }) => (
              <option key={account} value={account}>
                {live ? `${account} (real money)` : account}
              </option>
            ))}
          </select>
        </label>
      )}
      <ConnectionState feed={feed} />
      <TradingSwitch client={client} summary={summary} orders={orders} onAsk={onAsk}>
        <KillSwitch client={client} instance={instance.instance} account={summary.account} onDone={onSwitched} />
      </TradingSwitch>
      <ThemeSwitch theme={theme} onTheme={onTheme} />
    </header>
  );
}

const CONNECTIONS = {
  loading: 'Connecting',
  live: 'Live',
  polling: 'Live, every 2 s',
  reconnecting: 'Reconnecting',
} as const;

function ConnectionState({ feed }: { readonly feed: FeedState }) {
  const now = useNow();
  const isBroken = feed.connection === 'reconnecting';
  const since = isBroken ? ` · stale for ${duration(Math.max(0, now - feed.heardAt))}` : '';
  return (
    <span className="connection" data-connection={feed.connection} title={feed.problem}>
      <span role="status">{CONNECTIONS[feed.connection]}</span>
      {since}
    </span>
  );
}

function ThemeSwitch({ theme, onTheme }: { readonly theme: Theme; readonly onTheme: (theme: Theme) => void }) {
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      className="theme-switch"
      aria-label={`Switch to the ${other} theme`}
      title={`Switch to the ${other} theme`}
      onClick={() => onTheme(other)}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="1.5" />
        <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
      </svg>
    </button>
  );
}
