/** Accounts to test with: prices have 2 decimals, quantities 3, money 2, unless a test says otherwise. */
import * as z from 'zod';
import { openCycle, runCycle, takeBar } from '../../../core/cycle.ts';
import { Engine, type EngineDefinition } from '../../../core/engine/engine.ts';
import { openStream } from '../../../core/engine/genesis.ts';
import { type ExecutionModel, executionModelSchema } from '../../../core/execution/model.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { type BarColumns, barAt, barsFromRows, sliceBars } from '../../../core/market/bars.ts';
import { type Instrument, type InstrumentInput, instrument } from '../../../core/market/instrument.ts';
import type { Timeframe } from '../../../core/market/timeframe.ts';
import { type LimitsInput, limitsSchema } from '../../../core/risk/limits.ts';
import { type SizingInput, sizingSchema } from '../../../core/risk/sizing-rules.ts';
import {
  type Decision,
  type StrategyContext,
  type StrategyDefinition,
  strategy,
} from '../../../core/strategies/contract.ts';
import type { AnyStrategy, RunningStrategy } from '../../../core/strategies/runner.ts';

export const MINUTE = 60_000;
export const DAY = 86_400_000;
/** Monday, 00:00 UTC. */
export const START = 1_699_833_600_000;

export const spot = (fields: Partial<InstrumentInput> = {}): Instrument =>
  instrument({
    symbol: 'A/USD',
    venue: 'test',
    base: 'A',
    quote: 'USD',
    settlement: 'USD',
    priceDecimals: 2,
    quantityDecimals: 3,
    moneyDecimals: 2,
    ...fields,
  });

export const perpetual = (fields: Partial<InstrumentInput> = {}): Instrument =>
  spot({ symbol: 'P/USD', type: 'linear-perpetual', initialMarginBps: 1_000, maintenanceMarginBps: 500, ...fields });

/** A bar in plain units: open, high, low, close, and volume where it matters. */
export type Row = readonly [open: number, high: number, low: number, close: number, volume?: number];

export function bars(rows: readonly Row[], start = START, interval = MINUTE): BarColumns {
  return barsFromRows(
    rows.map(([open, high, low, close, volume = 1_000], k) => ({
      timestamp: start + k * interval,
      open: Math.round(open * 100),
      high: Math.round(high * 100),
      low: Math.round(low * 100),
      close: Math.round(close * 100),
      volume,
    })),
    2,
  );
}

export type Script = (context: StrategyContext, bar: number) => Decision;

/** A strategy that does what a test says, bar by bar from 0. */
export function scripted(script: Script, name = 'scripted'): StrategyDefinition {
  let asked = 0;
  return strategy({
    name,
    params: z.object({}),
    indicators: () => ({}),
    onBar: (context) => script(context as never, asked++),
  }) as never;
}

export function running(definition: AnyStrategy, fields: Partial<RunningStrategy> = {}): RunningStrategy {
  return {
    id: definition.name,
    definition,
    params: definition.params.parse({}) as Record<string, unknown>,
    codeHash: '00',
    instruments: ['A/USD'],
    timeframe: '1m',
    allocation: 1,
    ...fields,
  };
}

export interface AccountFields {
  readonly instruments?: readonly Instrument[];
  readonly strategies: readonly RunningStrategy[];
  readonly limits?: LimitsInput;
  readonly execution?: Partial<ExecutionModel>;
  /** Of the whole account, and of strategies by their ids. */
  readonly sizing?: SizingInput;
  readonly sizingOf?: Readonly<Record<string, SizingInput>>;
  /** In plain units. */
  readonly cash?: number;
  readonly timeframe?: Timeframe;
}

export function account(fields: AccountFields): EngineDefinition {
  return {
    stream: 'test/account',
    provenance: 'simulated',
    currency: 'USD',
    moneyDecimals: 2,
    cash: Math.round((fields.cash ?? 10_000) * 100),
    openedAt: START,
    instruments: fields.instruments ?? [spot()],
    timeframe: fields.timeframe ?? '1m',
    strategies: fields.strategies,
    limits: limitsSchema.parse(fields.limits ?? {}),
    execution: executionModelSchema.parse(fields.execution ?? {}),
    configurationHash: 'test',
    ...sizingFields(fields),
  };
}

function sizingFields({ sizing, sizingOf = {} }: AccountFields): Pick<EngineDefinition, 'sizing'> {
  if (!sizing && Object.keys(sizingOf).length === 0) return {};
  const strategies = Object.fromEntries(Object.entries(sizingOf).map(([id, rules]) => [id, sizingSchema.parse(rules)]));
  return { sizing: { ...(sizing ? { account: sizingSchema.parse(sizing) } : {}), strategies } };
}

/** An account at its opening. */
export function open(definition: EngineDefinition): Engine {
  const engine = new Engine(definition);
  openStream(engine);
  return engine;
}

/** The bars that close at one time, each by the index of its market. */
export interface Step {
  readonly time: number;
  readonly bars: readonly (readonly [market: number, bars: BarColumns])[];
}

/** Recorded bars as a live account gets them: cycle by cycle, a column of one bar for each market that has one. */
export function stepsOf(engine: Engine, all: ReadonlyMap<string, BarColumns>): Step[] {
  const byTime = new Map<number, [number, BarColumns][]>();
  for (const market of engine.markets) {
    const columns = all.get(market.instrument.symbol) as BarColumns;
    for (let k = 0; k < columns.length; k++) {
      const time = columns.timestamp[k] + market.intervalMs;
      byTime.set(time, [...(byTime.get(time) ?? []), [market.index, sliceBars(columns, k, k + 1)]]);
    }
  }
  return [...byTime].sort(([a], [b]) => a - b).map(([time, of]) => ({ time, bars: of }));
}

/** One cycle of a live account, up to the point where its steps begin. */
export function ingest(engine: Engine, step: Step): void {
  openCycle(engine, step.time);
  for (const [index, columns] of step.bars) {
    const market = engine.markets[index];
    market.useNextBar(barAt(columns, 0));
    market.fundingRateMillionths = Math.round(engine.definition.execution.fundingBps * 100);
    const next = market.at + 1;
    for (const runner of engine.runners) runner.prepare(market, next, next + 1);
    takeBar(engine, market);
  }
}

export function runStep(engine: Engine, step: Step): void {
  ingest(engine, step);
  runCycle(engine);
}

/** What a script of one strategy in one instrument leaves behind. */
export interface Played {
  readonly engine: Engine;
  readonly events: readonly LedgerEvent[];
  readonly fills: readonly Fill[];
  /** Events of a kind. */
  of(kind: LedgerEvent['kind']): readonly LedgerEvent[];
}

/** A fill in plain units, with the type and purpose of its order. */
export interface Fill {
  readonly order: number;
  readonly side: string;
  readonly type: string;
  readonly purpose: string;
  /** Bar (from 0) in which it happened. */
  readonly bar: number;
  readonly quantity: number;
  readonly price: number;
  readonly fee: number;
  readonly realised: number;
  readonly maker: boolean;
  readonly cash: number;
  readonly position: number;
}

/** Plays bars to an account, cycle by cycle. */
export function play(
  definition: EngineDefinition,
  all: BarColumns | ReadonlyMap<string, BarColumns>,
  each?: (engine: Engine, cycle: number) => void,
): Played {
  const engine = open(definition);
  const columns =
    all instanceof Map
      ? (all as ReadonlyMap<string, BarColumns>)
      : new Map([[definition.instruments[0].symbol, all as BarColumns]]);
  stepsOf(engine, columns).forEach((step, cycle) => {
    runStep(engine, step);
    each?.(engine, cycle);
  });
  return playedOf(engine);
}

export function playedOf(engine: Engine): Played {
  const events = [...engine.journal.events()];
  const of = (kind: LedgerEvent['kind']) => events.filter((event) => event.kind === kind);
  const orders = new Map(of('OrderInitialized').map((event) => [event.order, event]));
  const interval = engine.markets[0].intervalMs;
  const fills = of('OrderFilled').map((event) => {
    const order = orders.get(event.order) as LedgerEvent;
    return {
      order: event.order as number,
      side: order.side as string,
      type: order.type as string,
      purpose: order.purpose as string,
      bar: Math.round((event.cycle - START) / interval) - 1,
      quantity: Number(event.quantity) / 1_000,
      price: Number(event.price) / 100,
      fee: Number(event.fee) / 100,
      realised: Number(event.realised) / 100,
      maker: event.maker as boolean,
      cash: Number(event.cash) / 100,
      position: Number(event.position) / 1_000,
    };
  });
  return { engine, events, fills, of };
}

/** A fill without what a test does not speak of. */
export const brief = ({ bar, side, quantity, price }: Fill) => ({ bar, side, quantity, price });
