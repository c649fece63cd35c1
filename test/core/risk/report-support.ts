/** An account of two instruments whose every figure can be worked out by hand, and what a report of it is made from. */
import { Engine } from '../../../core/engine/engine.ts';
import { Order } from '../../../core/execution/order.ts';
import { type BarColumns, barsFromRows } from '../../../core/market/bars.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import type { LimitsInput } from '../../../core/risk/limits.ts';
import { scenarioWindow } from '../../../core/risk/portfolio/scenarios.ts';
import type { Scenario, ScenarioMove } from '../../../core/risk/portfolio/stress.ts';
import { type RiskReport, type RiskReportInput, riskReport } from '../../../core/risk/report.ts';
import { account, DAY, perpetual, running, START, scripted, spot } from '../engine/account.ts';

export const B = spot({ symbol: 'B/USD', base: 'B' });

export interface Holding {
  readonly instrument: Instrument;
  /** Units, and the price in plain units; a price of 0 is none. */
  readonly units: number;
  readonly price: number;
  /** Money that a working order may still buy for. */
  readonly working?: number;
}

export const HOLDINGS: readonly Holding[] = [
  { instrument: spot(), units: 30, price: 100 },
  { instrument: B, units: 20, price: 50, working: 500 },
];

export interface Standing {
  readonly holdings?: readonly Holding[];
  readonly limits?: LimitsInput;
  /** Plain money. */
  readonly cash?: number;
  readonly dayStart?: number;
  readonly weekStart?: number;
  readonly peak?: number;
}

/** A Wednesday, 00:00 UTC: the end of the day before. */
export const TIME = START + 2 * DAY;
/** The day that ends then. */
export const DATE = '2023-11-14';

/** As it would be restored from its document. */
export function standing({ holdings = HOLDINGS, limits = {}, cash = 6_000, ...since }: Standing = {}): Engine {
  const silent = scripted(() => undefined);
  const instruments = holdings.map(({ instrument }) => instrument);
  const symbols = instruments.map(({ symbol }) => symbol);
  const engine = new Engine(account({ instruments, limits, strategies: [running(silent, { instruments: symbols })] }));
  engine.time = TIME;
  engine.cash = cash * 100;
  holdings.forEach(({ units, price, working = 0 }, index) => {
    const market = engine.markets[index];
    Object.assign(engine.position(0, index), { quantity: units * 1_000, cost: units * price * 100 });
    market.lastPrice = price * 100;
    market.pricedAt = price > 0 ? TIME : 0;
    market.mark = market.isPerpetual ? 0 : units * price * 100;
    const order = Object.assign(new Order(), { id: index + 1, instrument: index, exposure: working * 100 });
    if (working > 0) market.orders.push(Object.assign(order, { reserved: working * 100, quantity: 1 }));
  });
  engine.watch.dayStart = (since.dayStart ?? 10_200) * 100;
  engine.watch.weekStart = (since.weekStart ?? 9_900) * 100;
  engine.watch.weekEnd = TIME + DAY;
  engine.watch.dayEnd = TIME;
  engine.watch.peak = (since.peak ?? 12_500) * 100;
  const restored = new Engine(engine.definition);
  restored.restore(engine.snapshot());
  return restored;
}

/** Daily closes up to the report's day from returns, the first close being 1. */
export function closesOf(returns: readonly number[]): BarColumns {
  let price = 1;
  const prices = [1, ...returns.map((change) => (price *= 1 + change))];
  const first = TIME - prices.length * DAY;
  const rows = prices.map((close, k) => ({
    timestamp: first + k * DAY,
    open: close,
    high: close,
    low: close,
    close,
    volume: 0,
  }));
  return barsFromRows(rows, 0);
}

/** Twenty days: one of -10 %, one of -5 %, and eighteen of +1 %. */
export const RETURNS = Array.from({ length: 20 }, (_, k) => (k === 7 ? -0.1 : k === 13 ? -0.05 : 0.01));

export const CRASH = scenarioWindow('crash', 'A crash', 'It fell.', '2020-03-12');

export const scenario = (
  moves: Readonly<Record<string, ScenarioMove>>,
  missing: Record<string, string> = {},
): Scenario => ({
  window: CRASH,
  moves: new Map(Object.entries(moves)),
  missing: new Map(Object.entries(missing)),
});

export const reportOf = (engine: Engine, fields: Partial<RiskReportInput> = {}): RiskReport =>
  riskReport({
    account: 'paper',
    engine,
    date: DATE,
    closes: new Map([
      ['A/USD', closesOf(RETURNS)],
      ['B/USD', closesOf(RETURNS.map(() => 0))],
    ]),
    scenarios: [
      scenario({
        'A/USD': { change: -0.4, lowest: -0.5, highest: 0.1 },
        'B/USD': { change: -0.2, lowest: -0.25, highest: 0 },
      }),
    ],
    ...fields,
  });

/** A year's daily returns that look like a market's, by whole numbers alone: the same on every machine. */
const waves = (size: number): number[] =>
  Array.from({ length: 250 }, (_, k) => (size * (((k * k * 37) % 201) - 100)) / 100 + (k % 50 === 9 ? -0.06 : 0));

/** A long report: every section has something in it. */
export function longReport(account = 'paper'): RiskReport {
  const holdings = [...HOLDINGS, { instrument: perpetual(), units: 12, price: 100 }];
  const limits = {
    maxGrossExposure: 0.6,
    maxDailyLoss: 0.04,
    maxDrawdown: 0.25,
    maxOrderNotional: 1_000,
    losingStreak: { trades: 3, pauseMs: 60_000 },
    groups: [{ symbols: ['A/USD', 'B/USD'], maxExposure: 0.9 }],
  };
  const engine = standing({ holdings, limits });
  engine.markets[1].pricedAt -= 3_600_000;
  const moves = { change: -0.4, lowest: -0.5, highest: 0.1 };
  const nothing = 'it has no bars';
  return reportOf(engine, {
    account,
    closes: new Map([
      ['A/USD', closesOf(waves(0.02))],
      ['B/USD', closesOf(waves(0.015))],
      ['P/USD', closesOf(waves(-0.01))],
    ]),
    scenarios: [
      scenario({ 'A/USD': moves, 'B/USD': moves, 'P/USD': moves }),
      scenario({ 'A/USD': moves, 'P/USD': moves }, { 'B/USD': 'its bars begin at 2024-01-01T00:00:00Z' }),
      scenario({}, { 'A/USD': nothing, 'B/USD': nothing, 'P/USD': nothing }),
    ],
  });
}
