/** Random accounts for properties: everything follows from one seed. */
import * as z from 'zod';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { ORDER_TYPES, TIMES_IN_FORCE } from '../../../core/execution/order.ts';
import { ema, type IndicatorSpec, rsi, sma } from '../../../core/indicators/index.ts';
import { type BarColumns, barsFromRows } from '../../../core/market/bars.ts';
import type { LimitsInput } from '../../../core/risk/limits.ts';
import { type SizingInput, type SizingRules, sizingSchema } from '../../../core/risk/sizing-rules.ts';
import { crosses } from '../../../core/strategies/condition.ts';
import { type Decision, type Proposal, type StrategyContext, strategy } from '../../../core/strategies/contract.ts';
import type { RunningStrategy } from '../../../core/strategies/runner.ts';
import { account, MINUTE, perpetual, running, START, spot } from './account.ts';

/** Mulberry32: the next number in [0, 1) and the next seed. */
export function draw(seed: number): [value: number, next: number] {
  const next = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(next ^ (next >>> 15), 1 | next);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return [((t ^ (t >>> 14)) >>> 0) / 4_294_967_296, next];
}

export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    const [value, next] = draw(state);
    state = next;
    return value;
  };
}

const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)];

/** A walk with jumps, quiet stretches and gaps of missing bars: many, or where it is `steady` now and then one. */
export function randomBars(seed: number, length: number, steady = false): BarColumns {
  const random = generator(seed);
  const rows = [];
  let price = 10_000;
  let time = START;
  for (let k = 0; k < length; k++) {
    const jump = random() < 0.06 ? (random() - 0.5) * 0.2 : 0;
    if (steady && random() < 0.004) time += MINUTE;
    const open = Math.max(200, Math.round(price * (1 + jump)));
    const close = Math.max(200, Math.round(open * (1 + (random() - 0.5) * 0.05)));
    const high = Math.max(open, close) + Math.round(random() * 0.02 * open);
    const low = Math.min(open, close) - Math.round(random() * 0.02 * Math.min(open, close));
    rows.push({ timestamp: time, open, high, low, close, volume: Math.round(random() * 30) / 10 });
    price = close;
    if (steady) {
      time += MINUTE;
      continue;
    }
    time += MINUTE * (random() < 0.1 ? 1 + Math.floor(random() * 12) : 1);
    if (random() < 0.01) time += 1_440 * MINUTE * Math.ceil(random() * 3);
  }
  return barsFromRows(rows, 2);
}

interface Memory {
  seed: number;
  seen: number;
}

const gamblerParams = z.object({
  seed: z.number().default(1),
  faults: z.boolean().default(false),
  other: z.string().default(''),
});

/** Proposes at random, from its own memory and from what it sees, so that anything lost between two bars shows. */
export const gambler = strategy({
  name: 'gambler',
  params: gamblerParams,
  indicators: () => ({ fast: sma(2), strength: rsi(3), slow: ema(4).on('5m'), slower: sma(2).on('15m') }),
  state: ({ seed }): Memory => ({ seed, seen: 0 }),
  onBar: (context): Decision =>
    gamble(context as never, [context.slow.value, context.slow.previous, context.slower.value]),
});

/** As the gambler, but on one timeframe, and it speaks only where its averages cross or its strength passes the middle. */
export const patientGambler = strategy({
  name: 'patient-gambler',
  params: gamblerParams,
  indicators: () => ({ fast: sma(2), slow: sma(5), strength: rsi(3) }),
  when: ({ fast, slow, strength }) => [crosses(fast, slow), crosses(strength, 50)],
  state: ({ seed }): Memory => ({ seed, seen: 0 }),
  onBar: (context): Decision => gamble(context as never, [context.slow.value, context.slow.previous]),
});

type Gambler = StrategyContext<
  z.infer<typeof gamblerParams>,
  Record<'fast' | 'slow' | 'strength', IndicatorSpec<'value'>>,
  Memory
>;

function gamble(context: Gambler, more: readonly number[]): Decision {
  const { state, params } = context;
  const seen = [
    context.bar.close,
    context.bar.volume,
    context.fast.value,
    context.fast.previous,
    context.strength.value,
    ...more,
    context.position.quantity,
    context.position.unrealised,
  ];
  const other = params.other === '' ? undefined : (context.on(params.other) as unknown as Gambler | undefined);
  if (other) seen.push(other.bar.close, other.bar.timestamp, other.slow.value, other.fast.previous);
  for (const value of seen)
    state.seed = Number.isFinite(value)
      ? (Math.imul(state.seed, 31) + Math.floor(value * 1e6)) | 0
      : (state.seed + 7) | 0;
  state.seen++;
  const random = () => {
    const [value, next] = draw(state.seed);
    state.seed = next;
    return value;
  };
  if (params.faults && random() < 0.03) throw new Error('it lost its nerve');
  if (params.faults && random() < 0.02) return { kind: 'target', exposure: Number.NaN, reason: 'nonsense' };
  if (random() < 0.45) return undefined;
  const count = random() < 0.2 ? 2 : 1;
  const group = count === 2 && random() < 0.5 ? 'pair' : undefined;
  return Array.from({ length: count }, () => randomProposal(random, context as never, group, params.other));
}

function randomProposal(
  random: () => number,
  context: StrategyContext,
  group: string | undefined,
  other: string,
): Proposal {
  const symbol = other !== '' && random() < 0.2 ? other : undefined;
  const at = symbol === undefined ? context : context.on(symbol);
  const what = random();
  if (what < 0.08) return { ...context.cancel('changed its mind'), ...(symbol && { symbol }) };
  if (what < 0.45 || at === undefined) {
    const exposure = pick(random, [-1.5, -1, -0.4, 0, 0, 0.3, 1, 1, 2]);
    return {
      ...context.target(exposure, 'a feeling', { ...protection(random, at), rebalance: random() < 0.3 }),
      ...(symbol && { symbol }),
    };
  }
  const type = pick(random, ORDER_TYPES);
  const side = pick(random, ['buy', 'sell'] as const);
  const near = () => at.bar.close * (1 + (random() - 0.5) * 0.06);
  return {
    kind: 'order',
    side,
    type,
    ...(random() < 0.5 ? { quantity: random() * 8 } : { exposure: random() }),
    ...((type === 'limit' || type === 'stop-limit') && random() < 0.97 ? { price: near() } : {}),
    ...((type === 'stop' || type === 'stop-limit') && { trigger: near() }),
    ...(type === 'trailing-stop' && { trailing: 0.002 + random() * 0.05 }),
    timeInForce: pick(random, TIMES_IN_FORCE),
    postOnly: random() < 0.2,
    reduceOnly: random() < 0.25,
    ...(group && { oneCancelsOther: group }),
    ...protection(random, at),
    reason: pick(random, ['a tip', 'a dream', 'a chart']),
    ...(symbol && { symbol }),
  };
}

function protection(random: () => number, at: StrategyContext | undefined): object {
  return { ...levels(random, at), ...timeStop(random) };
}

function timeStop(random: () => number): object {
  if (random() > 0.2) return {};
  const bars = 1 + Math.floor(random() * 12);
  return { timeStop: random() < 0.5 ? { bars } : { ms: bars * MINUTE + Math.floor(random() * MINUTE) } };
}

function levels(random: () => number, at: StrategyContext | undefined): object {
  const level = (fraction: number, up: boolean): number | { price: number } =>
    at && random() < 0.25 ? { price: at.bar.close * (up ? 1 + fraction : 1 - fraction) } : fraction;
  const what = random();
  if (what < 0.4) return {};
  const target = random() < 0.6 ? { takeProfit: level(0.001 + random() * 0.05, random() < 0.7) } : {};
  if (what < 0.75) {
    const breakEven = random() < 0.5 ? { breakEven: 0.001 + random() * 0.03 } : {};
    return { ...target, stopLoss: level(0.001 + random() * 0.05, random() < 0.3), ...breakEven };
  }
  return { ...target, trailingStop: 0.001 + random() * 0.04 };
}

export interface RandomAccount {
  readonly definition: EngineDefinition;
  readonly bars: ReadonlyMap<string, BarColumns>;
}

/** Each of the controls that are off by default, now and then. */
function optionalLimits(random: () => number, symbols: readonly string[]): LimitsInput {
  const all: LimitsInput = {
    freshQuoteMs: 3 * MINUTE,
    referenceCollarBps: 900,
    maxShareOfVolume: 4,
    preventSelfMatch: true,
    duplicateWithinMs: 2 * MINUTE,
    maxInstrumentExposure: 0.7,
    groups: [{ symbols: symbols.slice(0, 2), maxExposure: 0.9 }],
    maxLeverage: 0.8,
    maxOpenOrderNotional: 1_200,
    maxCapitalInUse: 0.9,
    budget: 2_500,
    maxOrdersPerFill: 3,
    maxRepeatedExecutions: 3,
    maxWeeklyLoss: 0.08,
    haltDrawdown: 0.2,
    losingStreak: { trades: 2, pauseMs: 9 * MINUTE },
    cooldownMs: 3 * MINUTE,
    stopLossGuard: { stops: 2, withinMs: 30 * MINUTE, pauseMs: 9 * MINUTE },
    instrumentLoss: { share: 0.01, trades: 1, withinMs: 30 * MINUTE, pauseMs: 9 * MINUTE },
    recentDrawdown: { share: 0.02, trades: 2, withinMs: 60 * MINUTE, pauseMs: 9 * MINUTE },
  };
  return Object.fromEntries(Object.entries(all).filter(() => random() < 0.12));
}

/** Some of the sizing methods, now and then. */
function randomSizing(random: () => number): SizingInput {
  const all: SizingInput = {
    fixedFraction: { fraction: 0.8 },
    volatilityTarget: { daily: 0.3, bars: 12 },
    kelly: { leastTrades: 10, part: 1 },
    riskParity: { gross: 2, bars: 15 },
    riskPerStop: { risk: 0.02 },
  };
  const some = Object.fromEntries(Object.entries(all).filter(() => random() < 0.4));
  return some.kelly || random() < 0.7 ? { ...some, warmUpFraction: 0.5 } : some;
}

/** Where it is `patient`, its strategies tell when they want to be asked, and its bars are mostly without gaps. */
export function randomAccount(seed: number, length: number, patient = false): RandomAccount {
  const random = generator(seed);
  const symbols = ['A/USD', 'B/USD', 'C/USD'].slice(0, 1 + Math.floor(random() * 3));
  const kinds = random();
  const instruments = symbols.map((symbol) => {
    const fields = {
      symbol,
      takerFeeBps: pick(random, [0, 5, 10.25, -1]),
      makerFeeBps: pick(random, [0, -2.5, 4, 12]),
      ...(random() < 0.5 && { tickSize: 5, lotSize: 10 }),
      ...(random() < 0.3 && { minNotional: 2_000, minQuantity: 30 }),
      ...(random() < 0.3 && { multiplier: 0.1 }),
    };
    const isPerpetual = kinds < 0.35 || (kinds > 0.8 && random() < 0.5);
    if (!isPerpetual) return spot({ ...fields, borrowBpsPerYear: pick(random, [0, 400]) });
    return perpetual({
      ...fields,
      fundingIntervalMs: pick(random, [0, 10 * MINUTE]),
      initialMarginBps: pick(random, [500, 1_000, 10_000]),
      maintenanceMarginBps: 250,
    });
  });
  const strategies: RunningStrategy[] = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, k) => {
    const traded = symbols.filter((_, s) => s === k % symbols.length || random() < 0.6);
    return running(patient ? patientGambler : gambler, {
      id: `gambler-${k}`,
      params: {
        seed: Math.floor(random() * 1e9),
        faults: random() < 0.3,
        other: traded.length > 1 ? traded[traded.length - 1] : '',
      },
      instruments: traded,
      timeframe: patient ? '1m' : pick(random, ['1m', '1m', '5m'] as const),
      allocation: pick(random, [0.3, 0.5, 1]),
    });
  });
  const definition = account({
    instruments,
    strategies,
    cash: pick(random, [1_000, 10_000]),
    limits: {
      maxGrossExposure: pick(random, [1, 1, 2, 3]),
      maxNetExposure: pick(random, [0.8, 1, 3]),
      ...(random() < 0.3 && { maxOrderNotional: 900 }),
      ...(random() < 0.3 && { maxPositionNotional: 2_000 }),
      ...(random() < 0.3 && { maxDailyLoss: 0.05 }),
      ...(random() < 0.3 && { maxDrawdown: 0.03 }),
      maxWorkingOrders: pick(random, [4, 500]),
      maxOrdersPerMinute: pick(random, [2, 600]),
      oversize: pick(random, ['reduce', 'reduce', 'deny'] as const),
      allowShort: random() < 0.5,
      ...optionalLimits(random, symbols),
    },
    execution: {
      slippageBps: pick(random, [0, 0, 3, 7.5]),
      spreadBps: pick(random, [0, 4]),
      fundingBps: pick(random, [0, 5, -5]),
      borrowBpsPerYear: pick(random, [0, 250]),
      ...(random() < 0.4 && { volumeShare: { limit: 0.5, impactBps: pick(random, [0, 100]) } }),
    },
  });
  const rules = (): SizingRules => sizingSchema.parse(randomSizing(random));
  const own = (): Record<string, SizingRules> => (random() < 0.5 ? { 'gambler-0': rules() } : {});
  const sizing = random() < 0.25 ? { account: rules(), strategies: own() } : undefined;
  return {
    definition: { ...definition, ...(sizing ? { sizing } : {}) },
    bars: new Map(symbols.map((symbol, k) => [symbol, randomBars(seed * 7 + k, length - k * 5, patient)])),
  };
}
