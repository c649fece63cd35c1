/** The venue's balances and positions against the ledger's. */
import { recordDocument } from '../../engine/bookkeeping.ts';
import type { Engine } from '../../engine/engine.ts';
import { alert, liveOf } from '../../engine/venue-bookkeeping.ts';
import type { VenueBalance, VenuePosition } from '../../ports/execution-venue.ts';
import { halt } from '../../risk/kill-switch.ts';
import { LIVE_BOUNDS, type LiveAccount, type StandingDifference } from './account.ts';
import { COMPARED_DECIMALS, comparable, decimalOf, unitsOf } from './amounts.ts';

/** What a venue may round in one fill: its notional and its fee, to 8 decimals each. */
const VENUE_ROUNDING = 2n * 10n ** BigInt(COMPARED_DECIMALS - 8);

/** By asset, in units of 10^-18. */
export type Figures = ReadonlyMap<string, bigint>;

/** A figure of the venue that is not what the ledger says; decimals. */
export interface Difference {
  readonly asset: string;
  readonly ledger: string;
  readonly venue: string;
  /** The venue's less the ledger's. */
  readonly by: string;
}

/**
 * What the account holds of each asset by its ledger, positions of nobody's strategy included: of perpetuals the quantity, under the
 * symbol, and the currency less what they cost.
 */
export function ledgerFigures(engine: Engine): Map<string, bigint> {
  const { currency, moneyDecimals } = engine.definition;
  const figures = new Map([[currency, comparable(engine.cash, moneyDecimals)]]);
  for (const { instrument, netQuantity, netCost, isPerpetual } of engine.markets) {
    if (isPerpetual) {
      // What was paid for a position is not in the cash: the money that went in and out is, at the venue as here.
      figures.set(currency, figures.get(currency)! - comparable(netCost, moneyDecimals));
      figures.set(instrument.symbol, comparable(netQuantity, instrument.quantityDecimals));
      continue;
    }
    const held = comparable(netQuantity, instrument.quantityDecimals);
    figures.set(instrument.base, (figures.get(instrument.base) ?? 0n) + held);
  }
  return figures;
}

/** What the venue says of the same: free and held together. Throws `VENUE_ANSWER_MALFORMED`. */
export function venueFigures(
  engine: Engine,
  balances: readonly VenueBalance[],
  positions: readonly VenuePosition[],
): Map<string, bigint> {
  const figures = new Map([...ledgerFigures(engine).keys()].map((asset) => [asset, 0n]));
  for (const { asset, free, held } of balances) {
    const before = figures.get(asset);
    if (before === undefined) continue;
    figures.set(asset, before + unitsOf(free, COMPARED_DECIMALS) + unitsOf(held, COMPARED_DECIMALS));
  }
  const { currency } = engine.definition;
  for (const { symbol, quantity, cost = '0' } of positions) {
    const market = engine.markets.find(({ instrument }) => instrument.symbol === symbol);
    if (!market?.isPerpetual) continue;
    figures.set(symbol, comparable(quantity, market.instrument.quantityDecimals));
    figures.set(currency, figures.get(currency)! - unitsOf(cost, COMPARED_DECIMALS));
  }
  return figures;
}

/** How far the venue's figures of the account's currency may be off because of the decimals of its entry prices. */
export const entryRounding = (positions: readonly VenuePosition[]): bigint =>
  positions.reduce((sum, { costWithin = '0' }) => sum + unitsOf(costWithin, COMPARED_DECIMALS), 0n);

/** What differs by more than the venue's own rounding of the fills since the last comparison. */
export function differences(engine: Engine, venue: Figures, entry = 0n): Difference[] {
  const { offsets, fillsToCompare } = liveOf(engine);
  const { currency, moneyDecimals } = engine.definition;
  // The venue rounds what a perpetual has realised, and the ledger does, each by itself.
  const perFill = engine.hasPerpetuals ? VENUE_ROUNDING + 3n * comparable(1, moneyDecimals) : VENUE_ROUNDING;
  const found: Difference[] = [];
  for (const [asset, ledger] of ledgerFigures(engine)) {
    const expected = ledger + (offsets?.get(asset) ?? 0n);
    const there = venue.get(asset) ?? 0n;
    const apart = there > expected ? there - expected : expected - there;
    if (apart <= perFill * BigInt(fillsToCompare) + (asset === currency ? entry : 0n)) continue;
    found.push({ asset, ledger: decimalOf(expected), venue: decimalOf(there), by: decimalOf(there - expected) });
  }
  return found;
}

/**
 * The first figures of the venue: what it holds beyond the ledger is not the account's. False where it holds less than the account
 * was given; then there is nothing to compare from.
 */
export function takeBaseline(engine: Engine, venue: Figures): boolean {
  const live = liveOf(engine);
  const ledger = ledgerFigures(engine);
  const { currency } = engine.definition;
  const missing = (ledger.get(currency) ?? 0n) - (venue.get(currency) ?? 0n);
  if (missing > 0n) {
    const facts = { asset: currency, missing: decimalOf(missing) };
    alert(engine, 'balance', 'BALANCE_BELOW_ACCOUNT', facts);
    return false;
  }
  const open = engine.markets.find(({ instrument, isPerpetual }) => isPerpetual && venue.get(instrument.symbol) !== 0n);
  if (open) {
    const { symbol } = open.instrument;
    alert(engine, 'balance', 'POSITION_BEFORE_ACCOUNT', { symbol, there: decimalOf(venue.get(symbol) ?? 0n) });
    return false;
  }
  live.settleAlert('balance');
  live.offsets = new Map([...ledger].map(([asset, amount]) => [asset, (venue.get(asset) ?? 0n) - amount]));
  live.fillsToCompare = 0;
  const beyond = Object.fromEntries([...live.offsets].map(([asset, amount]) => [asset, decimalOf(amount)]));
  recordDocument(engine, 'VenueBaseline', { beyond });
  return true;
}

/**
 * Takes note of a comparison. A difference may be a fill that is late: nothing new is opened while there is one. Where the same has
 * stood for {@link LIVE_BOUNDS}.differences comparisons the account is halted, with what, where and since when.
 */
export function noteComparison(engine: Engine, venueName: string, venue: Figures, found: readonly Difference[]): void {
  const live = liveOf(engine);
  if (found.length === 0) {
    settleDifference(live);
    // The venue's rounding does not add up: the next comparison starts from what it holds now.
    for (const [asset, ledger] of ledgerFigures(engine)) live.offsets?.set(asset, (venue.get(asset) ?? 0n) - ledger);
    return;
  }
  live.reconciled = false;
  const standing = standingOf(engine, found);
  live.difference = standing;
  const { since, count, total } = standing;
  if (count < LIVE_BOUNDS.differences && total < LIVE_BOUNDS.changingDifferences) return;
  for (const { asset, ledger, venue: there } of found)
    alert(engine, `${DIFFERENCE_ALERT} ${asset} ${since}`, 'BALANCE_UNEXPLAINED', {
      venue: venueName,
      asset,
      ledger,
      there,
      since,
    });
  if (engine.tradingState === 'Halted') return;
  const [first] = found;
  const words = `${venueName} holds ${first.venue} ${first.asset} where the ledger says ${first.ledger}`;
  halt(engine, `${words}, since cycle ${since}`);
}

/** There is none any more, or a person has looked into it: what was told of it does not stand. A halt does. */
export function settleDifference(live: LiveAccount): void {
  live.difference = undefined;
  live.fillsToCompare = 0;
  for (const { key } of live.standingAlerts) if (key.startsWith(`${DIFFERENCE_ALERT} `)) live.settleAlert(key);
}

const DIFFERENCE_ALERT = 'difference';

/** A difference that changes is not the same: a late fill has come, and another may be late. */
function standingOf(engine: Engine, found: readonly Difference[]): StandingDifference {
  const before = liveOf(engine).difference;
  const what = found.map(({ asset, by }) => `${by} ${asset}`).join(', ');
  const isSame = before?.what === what;
  return {
    since: before?.since ?? engine.time,
    what,
    count: isSame ? before.count + 1 : 1,
    total: (before?.total ?? 0) + 1,
  };
}
