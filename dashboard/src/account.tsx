import { lazy, useState } from 'react';
import type { ApiClient } from './api/client.ts';
import type { Theme } from './hooks.ts';
import type { FeedState } from './live/feed.ts';
import type { AccountView } from './live/view.ts';
import { moneySentence } from './parts/badge.tsx';
import type { Ask } from './parts/confirmation.tsx';
import { Denials } from './parts/denials.tsx';
import { Figures } from './parts/figures.tsx';
import { HeldLimits } from './parts/held-limits.tsx';
import { InstrumentChoice } from './parts/instrument-choice.tsx';
import { LoadLines } from './parts/load-lines.tsx';
import { ModelsPanel } from './parts/models-panel.tsx';
import { OnDemand, tableHeightPx, workedHeightPx } from './parts/on-demand.tsx';
import { Orders } from './parts/orders.tsx';
import { Positions } from './parts/positions.tsx';
import { Strategies } from './parts/strategies.tsx';

const Venue = lazy(() => import('./parts/venue.tsx').then((part) => ({ default: part.Venue })));
const PriceChart = lazy(() => import('./charts/price-chart.tsx').then((part) => ({ default: part.PriceChart })));
const EquityChart = lazy(() => import('./charts/equity-chart.tsx').then((part) => ({ default: part.EquityChart })));
const WorkedOrders = lazy(() => import('./parts/worked-orders.tsx').then((part) => ({ default: part.WorkedOrders })));
const Cycles = lazy(() => import('./parts/cycles.tsx').then((part) => ({ default: part.Cycles })));
const Ledger = lazy(() => import('./parts/ledger.tsx').then((part) => ({ default: part.Ledger })));
const Backtests = lazy(() => import('./parts/backtests.tsx').then((part) => ({ default: part.Backtests })));

interface AccountProps {
  readonly client: ApiClient;
  readonly view: AccountView;
  readonly feed: FeedState;
  readonly theme: Theme;
  readonly onAsk: Ask;
}

/** Everything of one account, in the order in which a trader looks at it. */
export function Account({ client, view, feed, theme, onAsk }: AccountProps) {
  const symbols = [...new Set(view.strategies.flatMap((strategy) => strategy.instruments))];
  const [chosen, setChosen] = useState<string>();
  const symbol = chosen !== undefined && symbols.includes(chosen) ? chosen : symbols[0];
  const worked = view.orders.filter(({ algorithm }) => algorithm !== null).length;
  const isStale = feed.connection === 'reconnecting';
  return (
    <main className="desk" data-stale={isStale || undefined}>
      <Figures summary={view.account} cycles={view.cycles} heardAt={feed.heardAt} isStale={isStale} />
      <div className="area-waiting">
        {view.account.live && (
          <OnDemand title="Venue">
            <Venue client={client} view={view} onAsk={onAsk} />
          </OnDemand>
        )}
        <HeldLimits client={client} view={view} onAsk={onAsk} />
      </div>
      <div className="area-price">
        <OnDemand
          title="Price"
          className="chart chart-tall"
          aside={
            <InstrumentChoice
              symbols={symbols}
              symbol={symbol}
              onSymbol={setChosen}
              provenance={view.account.provenance}
            />
          }
        >
          <PriceChart
            client={client}
            view={view}
            symbols={symbols}
            symbol={symbol}
            onSymbol={setChosen}
            theme={theme}
          />
        </OnDemand>
      </div>
      <div className="area-equity">
        <OnDemand title="Equity and drawdown" className="chart">
          <EquityChart view={view} theme={theme} />
        </OnDemand>
      </div>
      <div className="area-load">
        <LoadLines client={client} view={view} />
      </div>
      <div className="area-work">
        <Positions
          client={client}
          positions={view.positions}
          currency={view.account.currency}
          account={view.account.account}
          onAsk={onAsk}
        />
        <Orders client={client} orders={view.orders} account={view.account.account} onAsk={onAsk} />
        {worked > 0 && (
          <OnDemand title="Worked orders" heightPx={workedHeightPx(worked)}>
            <WorkedOrders client={client} orders={view.orders} account={view.account.account} />
          </OnDemand>
        )}
        <OnDemand title="Last cycles" heightPx={tableHeightPx(view.cycles.length)}>
          <Cycles cycles={view.cycles} />
        </OnDemand>
        <OnDemand title="Ledger" heightPx={tableHeightPx(view.events.length)}>
          <Ledger events={view.events} chain={view.chain} />
        </OnDemand>
      </div>
      <div className="area-book">
        <Strategies client={client} strategies={view.strategies} onAsk={onAsk} />
        <Denials events={view.events} />
        <ModelsPanel client={client} onAsk={onAsk} />
        <OnDemand title="Backtest">
          <Backtests client={client} account={view.account.account} symbols={symbols} />
        </OnDemand>
      </div>
      <footer className="footer">
        <p>
          Charts: TradingView Lightweight Charts™, Copyright (c) 2025 TradingView, Inc.{' '}
          <a href="https://www.tradingview.com/" rel="noreferrer" target="_blank">
            www.tradingview.com
          </a>
        </p>
        <p>{moneySentence(view.account)} Times are in your zone; point at one for UTC.</p>
      </footer>
    </main>
  );
}
