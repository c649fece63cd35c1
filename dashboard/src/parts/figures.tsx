import type { ReactNode } from 'react';
import type { AccountSummary, Cycle } from '../api/types.ts';
import { percent } from '../format.ts';
import { useNow } from '../hooks.ts';
import { Money, Time } from './figure.tsx';

interface FiguresProps {
  readonly summary: AccountSummary;
  readonly cycles: readonly Cycle[];
  readonly heardAt: number;
  readonly isStale: boolean;
}

export function Figures({ summary, cycles, heardAt, isStale }: FiguresProps) {
  const { currency } = summary;
  return (
    <section id="figures" className="figures" aria-label="Account figures" tabIndex={-1}>
      <dl>
        <div className="figure-lead">
          <dt>
            Equity, {currency}
            {summary.live && ', real money'}
          </dt>
          <dd data-figure="equity">
            <Money amount={summary.equity} currency={currency} />
          </dd>
        </div>
        <Figure name="Day P&L" figure="dayProfit">
          <Money amount={summary.dayProfit} currency={currency} signed />
        </Figure>
        <Figure name="Drawdown" figure="drawdown">
          <data value={summary.drawdown} className={summary.drawdown > 0 ? 'down' : 'flat'}>
            {percent(summary.drawdown)}
          </data>
        </Figure>
        <Figure name="Cash" figure="cash">
          <Money amount={summary.cash} currency={currency} />
        </Figure>
        <Figure name="Unrealised" figure="unrealised">
          <Money amount={summary.unrealised} currency={currency} signed />
        </Figure>
        <Figure name="Realised" figure="realised">
          <Money amount={summary.realised} currency={currency} signed />
        </Figure>
        <Figure name="Fees" figure="fees">
          <Money amount={summary.fees} currency={currency} />
        </Figure>
        {/[1-9]/.test(summary.funding) && (
          <Figure name="Funding" figure="funding">
            <Money amount={summary.funding} currency={currency} signed />
          </Figure>
        )}
      </dl>
      <p className="as-of">
        {isStale ? (
          <strong className="stale">
            Stale: as of <Time ms={heardAt} />
          </strong>
        ) : (
          <LastCycle summary={summary} cycles={cycles} />
        )}
      </p>
    </section>
  );
}

function LastCycle({ summary: { cycle, next, provenance }, cycles }: Pick<FiguresProps, 'summary' | 'cycles'>) {
  const now = useNow(10_000);
  if (cycle === null) return 'No cycle yet';
  if (provenance !== 'recorded' && now - cycle > overdueAfterMs(cycles)) {
    return (
      <strong className="stale">
        Stale: no cycle since <Time ms={cycle} />
      </strong>
    );
  }
  return (
    <>
      Cycle <Time ms={cycle} /> {next === 'settled' ? 'settled' : `is at ${next}`}
    </>
  );
}

/** Three of the shortest steps from cycle to cycle, and a minute for what comes late. */
function overdueAfterMs(cycles: readonly Cycle[]): number {
  const steps = cycles.slice(1).map((cycle, k) => cycles[k].cycle - cycle.cycle);
  return 3 * Math.min(...steps) + 60_000;
}

function Figure({
  name,
  figure,
  children,
}: {
  readonly name: string;
  readonly figure: string;
  readonly children: ReactNode;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-figure={figure}>{children}</dd>
    </div>
  );
}
