/** What an account is, in words: whose money it trades, and on what data. */
import type { AccountSummary, Provenance } from '../api/types.ts';

const DATA: Record<Provenance, string> = {
  simulated: 'SIMULATED DATA',
  recorded: 'RECORDED DATA',
  live: 'LIVE DATA',
};

interface AccountBadgeProps {
  readonly summary: AccountSummary;
  /** Without whether it is armed, where there is little room. */
  readonly isShort?: boolean;
}

export function AccountBadge({ summary, isShort = false }: AccountBadgeProps) {
  const { live, provenance } = summary;
  return (
    <span
      className="badge"
      data-money={live ? 'real' : 'paper'}
      data-armed={live?.armed || undefined}
      data-provenance={live ? undefined : provenance}
    >
      {live && isShort ? 'REAL MONEY' : accountWords(summary)}
    </span>
  );
}

/** Real money before all else: it never trades on prices that are not live. */
export function accountWords({ live, provenance }: Pick<AccountSummary, 'live' | 'provenance'>): string {
  if (live) return live.armed ? 'REAL MONEY · ARMED' : 'REAL MONEY · NOT ARMED';
  return provenance === 'live' ? 'LIVE DATA · PAPER MONEY' : DATA[provenance];
}

/** Of data alone. */
export function DataBadge({ provenance }: { readonly provenance: Provenance }) {
  return (
    <span className="badge" data-provenance={provenance}>
      {DATA[provenance]}
    </span>
  );
}

const PAPER: Record<Provenance, string> = {
  simulated: 'Paper money, on prices that are simulated.',
  recorded: 'Paper money, on prices that were recorded.',
  live: 'Paper money, on live prices.',
};

/** The same as a sentence. */
export function moneySentence({ live, provenance }: Pick<AccountSummary, 'live' | 'provenance'>): string {
  if (!live) return PAPER[provenance];
  return live.armed
    ? `Real money at ${live.venue}, armed.`
    : `Real money at ${live.venue}, not armed: nothing new is opened.`;
}
