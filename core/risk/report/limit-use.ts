/** Every limit of an account, what it is set to, and how much of it is used as the account stands. */
import type { Engine } from '../../engine/engine.ts';
import { Order, SIDES } from '../../execution/order.ts';
import { Candidate, type Cap, type Owner } from '../controls/control.ts';
import { CAPS, CHECKS } from '../controls/index.ts';
import type { DenialCode } from '../denial.ts';
import { DENIAL_MEANINGS } from '../denial-meanings.ts';
import { type Limits, limitsSchema } from '../limits.ts';

export type LimitName = keyof Limits;
/** As it is written in the configuration. */
export type LimitSetting = number | string | boolean | readonly unknown[] | object;

/** What is used of a limit. `used` + `room` is `limit`; below zero the room says by how much it is passed. */
export interface LimitUse {
  /** Money in plain units of the account's currency; other figures in `unit`. */
  readonly limit: number;
  readonly used: number;
  readonly room: number;
  /** `used` as a share of `limit`: 1 is all of it. */
  readonly share: number;
  readonly unit: string;
  /** Where most of it is used, as "BTC/USDT, buying"; null for what is of the whole account. */
  readonly where: string | null;
}

export interface LimitState {
  readonly name: LimitName;
  /** Null where it is not set, and does not apply. */
  readonly setting: LimitSetting | null;
  /** What it is where the configuration does not say; null for off. */
  readonly default: LimitSetting | null;
  readonly owner: Owner;
  /** Codes of the denials that it leads to. */
  readonly codes: readonly DenialCode[];
  readonly meaning: string;
  /** Null where it is not set, or holds for each order by itself, so that nothing of it is used up. */
  readonly use: LimitUse | null;
}

/** Why live trading leaves less room than the limits: what a person has armed. */
export interface ArmedUse extends LimitUse {
  readonly code: DenialCode;
}

/** What is set without a control of its own: what it does. */
const WITHOUT_CONTROL: { readonly [name in LimitName]?: string } = {
  oversize: 'What happens to an order that is too large: it is made smaller, or denied.',
  haltDrawdown: 'The account is so far below its peak that trading is halted altogether.',
  minLiquidationDistance: 'A perpetual that has come so near to its liquidation is closed.',
};

/** All limits there are, in the order of the configuration; without an engine (before the first cycle) none is used yet. */
export function limitStates(limits: Limits, engine?: Engine): LimitState[] {
  const defaults = limitsSchema.parse({});
  return (Object.keys(limitsSchema.shape) as LimitName[]).map((name) => {
    const controls = [...CHECKS, ...CAPS].filter(({ limit }) => limit === name);
    const setting = settingOf(limits, name);
    return {
      name,
      setting,
      default: settingOf(defaults, name),
      owner: controls[0]?.owner ?? 'risk',
      codes: controls.map(({ code }) => code),
      meaning: WITHOUT_CONTROL[name] ?? controls.map(({ code }) => DENIAL_MEANINGS[code]).join(' '),
      use: setting === null || !engine ? null : (useOf(name, engine) ?? null),
    };
  });
}

/** Those that are set and used up by what the account holds and does, nearest to its threshold first. */
export function nearestFirst(states: readonly LimitState[]): (LimitState & { readonly use: LimitUse })[] {
  const used = states.filter((state): state is LimitState & { readonly use: LimitUse } => state.use !== null);
  return used.sort((a, b) => b.use.share - a.use.share);
}

/** What is used of the exposure that a person has armed; undefined for a paper account, and before it is armed. */
export function armedUse(engine: Engine): ArmedUse | undefined {
  const cap = CAPS.find(({ code }) => code === 'ARMED_EXPOSURE_EXCEEDED');
  const use = cap && engine.live?.arming ? capUse(engine, cap) : undefined;
  return use && { ...use, code: 'ARMED_EXPOSURE_EXCEEDED' };
}

function settingOf(limits: Limits, name: LimitName): LimitSetting | null {
  const value = limits[name];
  return value === undefined || (Array.isArray(value) && value.length === 0) ? null : value;
}

function useOf(name: LimitName, engine: Engine): LimitUse | undefined {
  const measured = MEASURES[name]?.(engine, engine.definition.limits);
  if (measured) return measured;
  const cap = CAPS.find(({ limit }) => limit === name);
  return cap && !OF_ONE_ORDER.has(cap.code) ? capUse(engine, cap) : undefined;
}

/** An order is held against them by itself. */
const OF_ONE_ORDER: ReadonlySet<DenialCode> = new Set(['NOTIONAL_EXCEEDS_MAX_PER_ORDER', 'SIZE_UNUSUAL']);

/** A cap where it is nearest to its threshold: of all instruments and both sides, as the risk line asks an order there. */
function capUse(engine: Engine, cap: Cap): LimitUse | undefined {
  let nearest: LimitUse | undefined;
  let differs = false;
  for (const market of engine.markets) {
    for (const side of SIDES) {
      const leg = Object.assign(new Order(), { side, instrument: market.index });
      const candidate = new Candidate(engine, 0, market, leg, {});
      const limit = cap.limitOf(candidate, engine.definition.limits);
      if (!Number.isFinite(limit)) continue;
      const used = Math.max(0, cap.usedOf(candidate, engine.definition.limits));
      const where = `${market.instrument.symbol}, ${side === 'buy' ? 'buying' : 'selling'}`;
      const use = inMoney(engine, limit, used, where);
      differs ||= nearest !== undefined && nearest.share !== use.share;
      if (!nearest || use.share > nearest.share) nearest = use;
    }
  }
  return nearest && { ...nearest, where: differs ? nearest.where : null };
}

const inMoney = ({ moneyScale, definition }: Engine, limit: number, used: number, where: string | null = null) =>
  useWith(limit / moneyScale, used / moneyScale, definition.currency, where);

function useWith(limit: number, used: number, unit: string, where: string | null = null): LimitUse {
  // Of a limit of zero (no equity to take a share of) nothing is left, whatever is used.
  const share = limit > 0 ? used / limit : 1;
  return { limit, used: used + 0, room: limit - used, share, unit, where };
}

type Measure = (engine: Engine, limits: Limits) => LimitUse | undefined;

/** Limits whose controls pass or refuse: what they look at. A loss is one where it is above zero. */
const MEASURES: { readonly [name in LimitName]?: Measure } = {
  maxDailyLoss: (engine, { maxDailyLoss }) => lossUse(engine, engine.watch.dayStart, maxDailyLoss),
  maxWeeklyLoss: (engine, { maxWeeklyLoss }) => lossUse(engine, engine.watch.weekStart, maxWeeklyLoss),
  maxDrawdown: (engine, { maxDrawdown }) => lossUse(engine, peakOf(engine), maxDrawdown),
  haltDrawdown: (engine, { haltDrawdown }) => lossUse(engine, peakOf(engine), haltDrawdown),
  maxWorkingOrders: (engine, { maxWorkingOrders }) => useWith(maxWorkingOrders, engine.workingOrders, 'orders'),
  maxOrdersPerMinute: ({ watch, time }, { maxOrdersPerMinute }) =>
    useWith(maxOrdersPerMinute, watch.ordersWithinMinute(time), 'orders a minute'),
  maxOrdersPerFill: ({ watch }, { maxOrdersPerFill }) =>
    maxOrdersPerFill === undefined
      ? undefined
      : useWith(maxOrdersPerFill, watch.ordersToday / Math.max(1, watch.fillsToday), 'orders a fill'),
  maxRepeatedExecutions: (engine, { maxRepeatedExecutions }) => repeatsUse(engine, maxRepeatedExecutions),
  losingStreak: (engine, { losingStreak }) =>
    losingStreak &&
    most(
      engine.definition.strategies.map(({ id }, strategy) =>
        useWith(losingStreak.trades, engine.watch.trades.streakOf(strategy).count, 'trades', id),
      ),
    ),
  stopLossGuard: ({ watch, time }, { stopLossGuard }) =>
    stopLossGuard &&
    useWith(stopLossGuard.stops, watch.trades.stopsSince(time - stopLossGuard.withinMs).count, 'stops'),
  instrumentLoss: (engine, { instrumentLoss }) =>
    instrumentLoss &&
    most(
      engine.markets.map(({ index, instrument }) => {
        const { profit } = engine.watch.trades.resultIn(index, engine.time - instrumentLoss.withinMs);
        const limit = Math.max(0, instrumentLoss.share * engine.equity);
        return inMoney(engine, limit, Math.max(0, -profit), instrument.symbol);
      }),
    ),
  recentDrawdown: (engine, { recentDrawdown }) => {
    if (!recentDrawdown) return undefined;
    const { drawdown } = engine.watch.trades.drawdownSince(engine.time - recentDrawdown.withinMs);
    return inMoney(engine, Math.max(0, recentDrawdown.share * engine.equity), drawdown);
  },
};

/** The highest equity, that of now included: a breaker looks at it before the peak is raised. */
const peakOf = ({ watch, equity }: Engine): number => Math.max(watch.peak, equity);

function lossUse(engine: Engine, first: number, share: number | undefined): LimitUse | undefined {
  if (share === undefined || first <= 0) return undefined;
  return inMoney(engine, first * share, Math.max(0, first - engine.equity));
}

function repeatsUse(engine: Engine, limit: number | undefined): LimitUse | undefined {
  if (limit === undefined) return undefined;
  const { markets, watch, definition } = engine;
  return most(
    definition.strategies.flatMap(({ id }, strategy) =>
      markets.flatMap(({ index, instrument }) =>
        SIDES.map((side) =>
          useWith(limit, watch.repeatsOf(strategy, index, side), 'orders', `${id}, ${instrument.symbol}, ${side}`),
        ),
      ),
    ),
  );
}

const most = (uses: readonly LimitUse[]): LimitUse =>
  uses.reduce((nearest, use) => (use.share > nearest.share ? use : nearest));
