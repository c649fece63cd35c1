import { useState } from 'react';
import type { ApiClient } from './api/client.ts';
import { EquityChart } from './charts/equity-chart.tsx';
import { PriceChart } from './charts/price-chart.tsx';
import type { Theme } from './hooks.ts';
import type { FeedState } from './live/feed.ts';
import type { AccountView } from './live/view.ts';
import { Backtests } from './parts/backtests.tsx';
import type { Ask } from './parts/confirmation.tsx';
import { Cycles } from './parts/cycles.tsx';
import { Denials } from './parts/denials.tsx';
import { Figures } from './parts/figures.tsx';
import { HeldLimits } from './parts/held-limits.tsx';
import { Ledger } from './parts/ledger.tsx';
import { LoadLines } from './parts/load-lines.tsx';
import { Orders } from './parts/orders.tsx';
import { Positions } from './parts/positions.tsx';
import { Strategies } from './parts/strategies.tsx';
import { WorkedOrders } from './parts/worked-orders.tsx';

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
  const isStale = feed.connection === 'reconnecting';
  return (
    <main className="desk" data-stale={isStale || undefined}>
      <Figures summary={view.account} cycles={view.cycles} heardAt={feed.heardAt} isStale={isStale} />
      <div className="area-waiting">
        <HeldLimits client={client} view={view} onAsk={onAsk} />
      </div>
      <div className="area-price">
        <PriceChart client={client} view={view} symbols={symbols} symbol={symbol} onSymbol={setChosen} theme={theme} />
      </div>
      <div className="area-equity">
        <EquityChart view={view} theme={theme} />
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
        <WorkedOrders client={client} orders={view.orders} account={view.account.account} />
        <Cycles cycles={view.cycles} />
        <Ledger events={view.events} chain={view.chain} />
      </div>
      <div className="area-book">
        <Strategies client={client} strategies={view.strategies} onAsk={onAsk} />
        <Denials events={view.events} />
        <Backtests client={client} account={view.account.account} symbols={symbols} />
      </div>
      <footer className="footer">
        <p>
          Charts: TradingView Lightweight Charts™, Copyright (c) 2025 TradingView, Inc.{' '}
          <a href="https://www.tradingview.com/" rel="noreferrer" target="_blank">
            www.tradingview.com
          </a>
        </p>
        <p>Paper money only. Times are in your zone; point at one for UTC.</p>
      </footer>
    </main>
  );
}
