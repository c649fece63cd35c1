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

/** Of the account: real money before all else. */
export function AccountBadge({ summary: { live, provenance }, isShort = false }: AccountBadgeProps) {
  if (live) {
    const armed = live.armed ? ' · ARMED' : ' · NOT ARMED';
    return (
      <span className="badge" data-money="real" data-armed={live.armed || undefined}>
        REAL MONEY{isShort ? '' : armed}
      </span>
    );
  }
  return (
    <span className="badge" data-provenance={provenance}>
      {provenance === 'live' ? 'LIVE DATA · PAPER MONEY' : DATA[provenance]}
    </span>
  );
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
export function moneySentence({ live, provenance }: AccountSummary): string {
  if (!live) return PAPER[provenance];
  return live.armed
    ? `Real money at ${live.venue}, armed.`
    : `Real money at ${live.venue}, not armed: nothing new is opened.`;
}
