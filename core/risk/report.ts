/**
 * The risk of one account on one day: what it holds, how near it is to its limits, what it has lost, what it could lose, and what is
 * not known. Money is in plain units of the account's currency, measured at the last prices; shares are fractions. What cannot be
 * measured is null or a reason, never zero.
 */
import type { Engine } from '../engine/engine.ts';
import { freeCash } from '../engine/measure.ts';
import type { BarColumns } from '../market/bars.ts';
import { DAY_MS, formatDay, formatInstant } from '../market/civil.ts';
import type { Provenance } from '../ports/market-data.ts';
import { ewmaVolatility } from './portfolio/covariance.ts';
import { type LiquidationDistance, liquidationDistance } from './portfolio/liquidation-distance.ts';
import { closeReturns } from './portfolio/returns.ts';
import type { Scenario } from './portfolio/stress.ts';
import { type Exposure, exposureOf, heldPositions } from './report/exposure.ts';
import {
  type ArmedUse,
  armedUse,
  type LimitState,
  type LimitUse,
  limitStates,
  nearestFirst,
} from './report/limit-use.ts';
import { type StressOutcome, stressHeld } from './report/scenarios.ts';
import { LEAST_DAYS, type Tail, tailNotes, tailOf } from './report/tail.ts';
import type { TradingState } from './trading-state.ts';

export interface RiskReportInput {
  readonly account: string;
  /** As it stands at the end of a cycle. */
  readonly engine: Engine;
  /** The day that the report is of, `YYYY-MM-DD`. */
  readonly date: string;
  /** The last price of each day (UTC) by symbol, of what is held: the timestamp is the day's beginning. Oldest first. */
  readonly closes: ReadonlyMap<string, BarColumns>;
  /** The named days with the moves of what is held. */
  readonly scenarios: readonly Scenario[];
  /** Wall clock (ms UTC) where the account lives by it, so that a platform that stands still shows. */
  readonly now?: number;
}

export interface Loss {
  /** Equity that it is measured from. */
  readonly from: number;
  /** Money; above zero for a loss, below for a gain. */
  readonly loss: number;
  readonly share: number;
}

export interface Liquidation extends Omit<LiquidationDistance, 'dailyVolatilities'> {
  readonly strategy: string;
  /** The distance in daily standard deviations; null where there are too few days to know them. */
  readonly dailyVolatilities: number | null;
}

export interface RiskReport {
  readonly account: string;
  readonly kind: 'paper' | 'live';
  readonly provenance: Provenance;
  readonly currency: string;
  readonly date: string;
  /** The cycle (ms UTC) at whose end it was measured. */
  readonly asOf: number;
  readonly tradingState: TradingState;
  readonly equity: number;
  readonly cash: number;
  readonly freeCash: number;
  readonly exposure: Exposure;
  /** Null before a first equity is known. The day is the one that the cycle closes in, the week begins on Monday. */
  readonly losses: { readonly day: Loss | null; readonly week: Loss | null; readonly drawdown: Loss | null };
  /** Every limit that is set and used up by what is held and done, nearest to its threshold first. */
  readonly limits: readonly (LimitState & { readonly use: LimitUse })[];
  /** Those that are set and hold for each order by itself. */
  readonly orderLimits: readonly LimitState[];
  readonly armed: ArmedUse | null;
  readonly tail: Tail;
  /** Empty where nothing is held, or something held has no price. */
  readonly stress: readonly StressOutcome[];
  /** Of perpetuals that the venue could close, nearest first. */
  readonly liquidations: readonly Liquidation[];
  /** What is missing or stale, a sentence each. */
  readonly notes: readonly string[];
}

export function riskReport(input: RiskReportInput): RiskReport {
  const { account, engine, date, closes, scenarios } = input;
  const { definition, moneyScale, time, watch } = engine;
  const states = limitStates(definition.limits, engine);
  const held = heldPositions(engine);
  const tail = tailOf(held, closes);
  return {
    account,
    kind: engine.live ? 'live' : 'paper',
    provenance: definition.provenance,
    currency: definition.currency,
    date,
    asOf: time,
    tradingState: engine.tradingState,
    equity: engine.equity / moneyScale,
    cash: engine.cash / moneyScale,
    freeCash: freeCash(engine) / moneyScale,
    exposure: exposureOf(engine),
    losses: {
      day: lossOf(engine, watch.dayStart),
      week: lossOf(engine, watch.weekStart),
      drawdown: lossOf(engine, Math.max(watch.peak, engine.equity)),
    },
    limits: nearestFirst(states),
    orderLimits: states.filter(({ setting, use }) => setting !== null && use === null),
    armed: armedUse(engine) ?? null,
    tail,
    stress: stressHeld(scenarios, held).outcomes,
    liquidations: liquidationsOf(engine, closes),
    notes: notesOf(input, tail),
  };
}

function lossOf({ equity, moneyScale }: Engine, first: number): Loss | null {
  if (first <= 0) return null;
  const lost = first - equity;
  return { from: first / moneyScale, loss: lost / moneyScale, share: lost / first };
}

function liquidationsOf(engine: Engine, closes: ReadonlyMap<string, BarColumns>): Liquidation[] {
  const distances = engine.markets.flatMap((market) => {
    if (!market.isPerpetual || market.lastPrice <= 0) return [];
    const volatility = dailyVolatility(closes.get(market.instrument.symbol));
    return engine.definition.strategies.flatMap(({ id }, strategy): Liquidation[] => {
      const distance = liquidationDistance(market, engine.position(strategy, market.index), volatility);
      if (!distance) return [];
      const { dailyVolatilities, isVolatilityKnown } = distance;
      return [{ ...distance, strategy: id, dailyVolatilities: isVolatilityKnown ? dailyVolatilities : null }];
    });
  });
  return distances.sort((a, b) => a.distance - b.distance);
}

function dailyVolatility(closes: BarColumns | undefined): number {
  return closes && closes.length > LEAST_DAYS ? ewmaVolatility(closeReturns(closes)) : Number.NaN;
}

/** A price counts as stale once it has missed a bar. */
const STALE_BARS = 2;

function notesOf({ engine, date, now }: RiskReportInput, tail: Tail): string[] {
  return [
    ...cycleNotes(engine, date, now),
    ...priceNotes(engine),
    ...orderNotes(engine),
    ...tailNotes(tail, engine.time),
  ];
}

function cycleNotes({ time, markets }: Engine, date: string, now: number | undefined): string[] {
  const notes: string[] = [];
  if (formatDay(Math.floor((time - 1) / DAY_MS)) > date)
    notes.push(
      `No cycle closed at the end of ${date}: everything is measured at ${formatInstant(time)}, and the day’s loss is of that day.`,
    );
  const [{ intervalMs }] = markets;
  if (now !== undefined && now - time > STALE_BARS * intervalMs)
    notes.push(`The last cycle closed at ${formatInstant(time)}, and it is ${formatInstant(now)}: prices are of then.`);
  return notes;
}

/** Instruments that are named one by one; a universe may have thousands. */
const NAMED = 8;

function priceNotes({ time, markets }: Engine): string[] {
  const sentences = markets.flatMap((market) => {
    const { instrument, lastPrice, pricedAt, intervalMs, netQuantity } = market;
    if (lastPrice <= 0 && netQuantity !== 0)
      return [`${instrument.symbol} has no price yet, though it is held: exposure and risk are not known.`];
    if (lastPrice <= 0) return [`${instrument.symbol} has no price yet.`];
    if (time - pricedAt < STALE_BARS * intervalMs) return [];
    return [`The last price of ${instrument.symbol} is of ${formatInstant(pricedAt)}.`];
  });
  const more = sentences.length - NAMED;
  return more > 0
    ? [...sentences.slice(0, NAMED), `${more} more instruments have no price, or an old one.`]
    : sentences;
}

function orderNotes({ workingOrders, live }: Engine): string[] {
  const notes: string[] = [];
  if (workingOrders > 0)
    notes.push(
      'Value at risk and stress are of what is held; what the working orders would add is in the exposure alone.',
    );
  if (live && !live.reconciled)
    notes.push('The venue has not confirmed the account in this cycle: what is held there may differ.');
  return notes;
}
