import type * as z from 'zod/mini';
import { streamOf, universeOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration } from '../../core/configuration/schema.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { bookedValue } from '../../core/engine/measure.ts';
import type { Position } from '../../core/engine/position.ts';
import { formatDecimal, parseDecimal } from '../../core/numbers.ts';
import type { LedgerContext } from '../operation.ts';
import type { accountSummary } from '../schemas.ts';
import { type AccountView, accountNamed } from './account.ts';
import { moneyText } from './decimals.ts';
import { provenanceOf } from './provenance.ts';

export type AccountSummary = z.output<typeof accountSummary>;

/** An account's figures on one line. */
export function summaryOf({ account, venue, stream, opening, state, engine }: AccountView): AccountSummary {
  const { watch, equity, live } = engine;
  const money = (scaled: number): string => moneyText(engine, scaled);
  const total = (of: (position: Position) => number): string =>
    money(engine.positions.reduce((sum, position) => sum + of(position), 0));
  const peak = Math.max(watch.peak, equity);
  return {
    account: account.id,
    stream,
    provenance: opening.provenance,
    live: live ? { venue, armed: live.arming !== undefined } : null,
    currency: account.currency,
    tradingState: engine.tradingState,
    cycle: state.cursor.cycle < opening.openedAt ? null : state.cursor.cycle,
    next: state.cursor.next,
    cash: money(engine.cash),
    equity: money(equity),
    peakEquity: money(peak),
    drawdown: peak > 0 ? 1 - equity / peak : 0,
    dayProfit: money(watch.dayStart === 0 ? 0 : equity - watch.dayStart),
    realised: total((position) => position.realised),
    unrealised: money(unrealisedOf(engine)),
    fees: total((position) => position.fees),
    funding: total((position) => position.funding),
    openPositions: engine.openPositions,
    workingOrders: engine.workingOrders,
    sequence: engine.journal.sequence,
  };
}

/** An account that waits for its first cycle: its deposit, and nothing else. */
export function summaryBeforeOpening(context: LedgerContext, id: string | undefined): AccountSummary {
  const { configuration } = context.steps;
  const account: AccountConfiguration = accountNamed(context, id);
  const { venue } = universeOf(configuration, account);
  const money = (scaled: number): string => formatDecimal(scaled, account.moneyDecimals);
  const deposit = money(parseDecimal(account.cash, account.moneyDecimals));
  const nothing = money(0);
  return {
    account: account.id,
    stream: streamOf(configuration, account),
    provenance: provenanceOf(configuration.venues[venue]),
    live: account.live ? { venue, armed: false } : null,
    currency: account.currency,
    tradingState: 'Active',
    cycle: null,
    next: 'settled',
    cash: deposit,
    equity: deposit,
    peakEquity: deposit,
    drawdown: 0,
    dayProfit: nothing,
    realised: nothing,
    unrealised: nothing,
    fees: nothing,
    funding: nothing,
    openPositions: 0,
    workingOrders: 0,
    sequence: 0,
  };
}

function unrealisedOf(engine: Engine): number {
  let sum = 0;
  engine.definition.strategies.forEach((_, strategy) => {
    for (const market of engine.markets) {
      const { quantity, cost } = engine.position(strategy, market.index);
      if (quantity !== 0) sum += bookedValue(market, quantity) - cost;
    }
  });
  return sum;
}
