import { decimal, localTime, money, signOf, utcTime } from '../format.ts';
import { useDay } from '../hooks.ts';

const TONES = { '-1': 'down', 0: 'flat', 1: 'up' } as const;

/** Money in two digits; the exact amount when it is pointed at. */
export function Money({
  amount,
  currency,
  signed = false,
}: {
  readonly amount: string;
  readonly currency?: string;
  readonly signed?: boolean;
}) {
  return (
    <data
      value={amount}
      title={currency ? `${amount} ${currency}` : amount}
      className={signed ? TONES[signOf(amount)] : undefined}
    >
      {money(amount, signed)}
    </data>
  );
}

/** A price or quantity, with all its digits. */
export function Decimal({ text }: { readonly text: string | null }) {
  if (text === null) return <span className="quiet">–</span>;
  return <data value={text}>{decimal(text)}</data>;
}

/** A moment in the viewer's zone; UTC when it is pointed at. */
export function Time({ ms }: { readonly ms: number }) {
  useDay();
  return (
    <time dateTime={new Date(ms).toISOString()} title={utcTime(ms)}>
      {localTime(ms, Date.now())}
    </time>
  );
}
