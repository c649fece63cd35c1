import { universeOf } from '../../core/configuration/definition.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { orderOf } from '../../core/engine/venue-bookkeeping.ts';
import type { LiveAccount } from '../../core/execution/live/account.ts';
import { formatDecimal } from '../../core/numbers.ts';
import { mostArming } from '../../functions/steps/commands-live.ts';
import { streamAway } from '../../functions/steps/stream-away.ts';
import type { LedgerContext } from '../operation.ts';
import { accountNamed, viewIfOpen } from '../support/account.ts';
import type { ShowOutput } from './schema.ts';

export default async function show(
  context: LedgerContext,
  input: { readonly account?: string | undefined },
): Promise<ShowOutput> {
  const account = accountNamed(context, input.account);
  const { venue } = universeOf(context.steps.configuration, account);
  const kind = account.live ? ('live' as const) : ('paper' as const);
  const basis = { account: account.id, kind, venue, currency: account.currency };
  const view = await viewIfOpen(context, account.id);
  const live = view?.engine.live;
  if (!view || !live) return { ...basis, ...NOTHING, opened: view !== undefined };
  const { engine } = view;
  const { arming, difference, heard, reconciled, lost } = live;
  const plain = ({ maxOrderNotional, maxExposure }: NonNullable<typeof arming>) => ({
    maxOrderNotional: maxOrderNotional / engine.moneyScale,
    maxExposure: maxExposure / engine.moneyScale,
  });
  return {
    ...basis,
    opened: true,
    tradingState: engine.tradingState,
    armed: arming !== undefined,
    limits: arming ? plain(arming) : null,
    most: plain(mostArming(engine, live)),
    reconciled,
    lastReconcile: heard ?? null,
    orders: ordersOf(engine, live),
    lost: lost.length,
    difference: difference ? { what: difference.what, since: difference.since, comparisons: difference.total } : null,
    external: externalOf(engine, live),
    notOpen: notOpenIn(engine, live, venue),
    streamAway: (await streamAway(context.steps.ledger, view.stream)) ?? null,
    alerts: live.standingAlerts.map(({ code, what, since }) => ({ code, what, since })),
  };
}

const NOTHING = {
  tradingState: 'Active' as const,
  armed: false,
  limits: null,
  most: { maxOrderNotional: 0, maxExposure: 0 },
  reconciled: false,
  lastReconcile: null,
  orders: [],
  lost: 0,
  difference: null,
  external: [],
  notOpen: [],
  streamAway: null,
  alerts: [],
};

function ordersOf(engine: Engine, live: LiveAccount): ShowOutput['orders'] {
  return [...live.orders.values()].flatMap((sent) => {
    const order = orderOf(engine, sent);
    if (!order) return [];
    const { symbol, quantityDecimals } = engine.markets[sent.instrument].instrument;
    const { phase, clientOrderId, venueOrderId } = sent;
    return [
      {
        order: order.id,
        symbol,
        side: order.side,
        type: order.type,
        quantity: formatDecimal(sent.quantity || order.quantity, quantityDecimals),
        filled: formatDecimal(order.filled, quantityDecimals),
        state: order.state,
        phase,
        clientOrderId,
        venueOrderId,
      },
    ];
  });
}

function notOpenIn(engine: Engine, { markets: heard }: LiveAccount, venue: string): ShowOutput['notOpen'] {
  if (!heard) return [];
  const whole = heard.venue ? [{ what: venue, ...heard.venue }] : [];
  const single = heard.markets.map(({ instrument, state, text, since }) => ({
    what: engine.markets[instrument].instrument.symbol,
    state,
    text,
    since,
  }));
  return [...whole, ...single];
}

const externalOf = (engine: Engine, live: LiveAccount): ShowOutput['external'] =>
  [...live.external].flatMap(([index, { quantity }]) => {
    const { symbol, quantityDecimals } = engine.markets[index].instrument;
    return quantity === 0 ? [] : [{ symbol, quantity: formatDecimal(quantity, quantityDecimals) }];
  });
