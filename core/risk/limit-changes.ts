/** What a change of an account's limits does to it: which of them it tightens, which it loosens, and what is the tighter of both. */
import type { EngineDefinition } from '../engine/engine.ts';
import type { Json } from '../json.ts';
import type { Limits } from './limits.ts';

/** All that holds an account back and is written in its configuration. */
export interface Thresholds {
  readonly limits: Limits;
  /** Shares of the account's equity that its strategies may use, by their ids. */
  readonly allocations: { readonly [strategy: string]: number };
  /** The most that the first arming of a live account may allow. */
  readonly first?: { readonly maxOrderNotional: number; readonly maxExposure: number };
}

/** One threshold that is another than before. What may loosen in some case, and tightens in others, loosens. */
export type LimitChange = {
  /** As in the configuration: `maxDrawdown`, `stopLossGuard.stops`, `allocation of sma-cross`, `live.first.maxExposure`. */
  readonly limit: string;
  /** Null where it is not set. */
  readonly from: Json;
  readonly to: Json;
  readonly effect: 'tightens' | 'loosens';
};

/**
 * How values of a threshold compare. A threshold that is not set is the loosest.
 * - `lower`, `higher`: which number is the tighter one.
 * - `unclear`: every other value may loosen.
 */
type Rule =
  | 'lower'
  | 'higher'
  | 'unclear'
  /** Values from the loosest to the tightest. */
  | { readonly ascending: readonly (string | boolean)[] }
  /** A list: the more is in it, the tighter. */
  | 'more'
  | 'groups'
  | { readonly fields: { readonly [field: string]: Rule } };

/** Every limit that there is; one without a rule does not compile. */
export const LIMIT_RULES: { readonly [limit in keyof Required<Limits>]: Rule } = {
  maxOrderNotional: 'lower',
  maxPositionNotional: 'lower',
  maxGrossExposure: 'lower',
  maxNetExposure: 'lower',
  priceCollarBps: 'lower',
  staleAfterMs: 'lower',
  maxOrdersPerMinute: 'lower',
  maxWorkingOrders: 'lower',
  maxDailyLoss: 'lower',
  maxDrawdown: 'lower',
  restricted: 'more',
  oversize: { ascending: ['reduce', 'deny'] },
  allowShort: { ascending: [true, false] },
  freshQuoteMs: 'lower',
  referenceCollarBps: 'lower',
  maxShareOfVolume: 'lower',
  preventSelfMatch: { ascending: [true] },
  duplicateWithinMs: 'higher',
  maxInstrumentExposure: 'lower',
  groups: 'groups',
  maxLeverage: 'lower',
  minLiquidationDistance: 'higher',
  maxOpenOrderNotional: 'lower',
  maxCapitalInUse: 'lower',
  budget: 'lower',
  maxOrdersPerFill: 'lower',
  maxRepeatedExecutions: 'lower',
  maxWeeklyLoss: 'lower',
  haltDrawdown: 'lower',
  losingStreak: { fields: { trades: 'lower', pauseMs: 'higher' } },
  cooldownMs: 'higher',
  stopLossGuard: { fields: { stops: 'lower', withinMs: 'higher', pauseMs: 'higher' } },
  // A longer look back may bring in a profit that makes up for the loss, or a higher start.
  instrumentLoss: { fields: { share: 'lower', trades: 'lower', withinMs: 'unclear', pauseMs: 'higher' } },
  recentDrawdown: { fields: { share: 'lower', trades: 'lower', withinMs: 'unclear', pauseMs: 'higher' } },
};

const FIRST_RULES = { maxOrderNotional: 'lower', maxExposure: 'lower' } as const satisfies Record<string, Rule>;

/** The thresholds of an account's definition. */
export function thresholdsOf({ limits, strategies, live }: EngineDefinition): Thresholds {
  return {
    limits,
    allocations: Object.fromEntries(strategies.map(({ id, allocation }) => [id, allocation])),
    ...(live ? { first: { ...live.first } } : {}),
  };
}

/** A definition with other thresholds; what they do not name stays. */
export function underThresholds(definition: EngineDefinition, thresholds: Thresholds): EngineDefinition {
  const { limits, allocations, first } = thresholds;
  return {
    ...definition,
    limits,
    strategies: definition.strategies.map((running) => ({
      ...running,
      allocation: allocations[running.id] ?? running.allocation,
    })),
    ...(definition.live ? { live: { ...definition.live, first: first ?? definition.live.first } } : {}),
  };
}

/** Everything that differs, in the order of the configuration. A strategy that is only in one of them is no change of a threshold. */
export function changesBetween(before: Thresholds, after: Thresholds): LimitChange[] {
  return compared(before, after).flatMap(({ changes }) => changes);
}

/** For people. */
export const changeText = ({ limit, from, to }: LimitChange): string =>
  `${limit} ${valueText(from)} → ${valueText(to)}`;

const valueText = (value: Json): string => (value === null ? 'off' : JSON.stringify(value));

/** The tighter of both, threshold by threshold; of two values of which neither is tighter in every case, the one before. */
export function tighterOf(before: Thresholds, after: Thresholds): Thresholds {
  const allocations: Record<string, number> = { ...after.allocations };
  const limits: Record<string, unknown> = {};
  let first = after.first;
  for (const { of, name, tighter } of compared(before, after)) {
    if (tighter === undefined) continue;
    if (of === 'limits') limits[name] = tighter;
    else if (of === 'allocations') allocations[name] = tighter as number;
    else first = { ...first!, [name]: tighter };
  }
  return { limits: limits as Limits, allocations, ...(first ? { first } : {}) };
}

interface Compared {
  readonly of: 'limits' | 'allocations' | 'first';
  readonly name: string;
  /** Undefined where neither is set. */
  readonly tighter: unknown;
  readonly changes: readonly LimitChange[];
}

function compared(before: Thresholds, after: Thresholds): Compared[] {
  const limits = Object.entries(LIMIT_RULES).map(([name, rule]): Compared => {
    const [from, to] = [before.limits[name as keyof Limits], after.limits[name as keyof Limits]];
    return { of: 'limits', name, ...compare(name, rule, from, to) };
  });
  const both = Object.keys(after.allocations).filter((id) => before.allocations[id] !== undefined);
  const allocations = both.map((id): Compared => {
    const [from, to] = [before.allocations[id], after.allocations[id]];
    return { of: 'allocations', name: id, ...compare(`allocation of ${id}`, 'lower', from, to) };
  });
  if (!before.first || !after.first) return [...limits, ...allocations];
  const [from, to] = [before.first, after.first];
  const first = (Object.keys(FIRST_RULES) as (keyof typeof FIRST_RULES)[]).map((name): Compared => {
    return { of: 'first', name, ...compare(`live.first.${name}`, FIRST_RULES[name], from[name], to[name]) };
  });
  return [...limits, ...allocations, ...first];
}

type Verdict = Pick<Compared, 'tighter' | 'changes'>;

function compare(limit: string, rule: Rule, from: unknown, to: unknown): Verdict {
  if (isSame(from, to)) return { tighter: from, changes: [] };
  const change = (effect: LimitChange['effect']): Verdict => ({
    tighter: effect === 'tightens' ? to : from,
    changes: [{ limit, from: plain(from), to: plain(to), effect }],
  });
  if (from === undefined) return change('tightens');
  if (to === undefined) return change('loosens');
  if (rule === 'more') return compareLists(limit, from as readonly string[], to as readonly string[]);
  if (typeof rule === 'object' && 'fields' in rule) return compareFields(limit, rule.fields, from, to);
  return change(tightens(rule, from, to) ? 'tightens' : 'loosens');
}

/** Whether what is new is as tight as what was in every case. */
function tightens(rule: Rule, from: unknown, to: unknown): boolean {
  if (rule === 'lower') return (to as number) < (from as number);
  if (rule === 'higher') return (to as number) > (from as number);
  if (rule === 'groups') return covers(to as Groups, from as Groups);
  if (typeof rule === 'object' && 'ascending' in rule)
    return rule.ascending.indexOf(to as never) > rule.ascending.indexOf(from as never);
  return false;
}

/** What was added tightens, what was taken out loosens; the tighter of both has all. */
function compareLists(limit: string, from: readonly string[], to: readonly string[]): Verdict {
  const added = to.filter((item) => !from.includes(item));
  const isTaken = from.some((item) => !to.includes(item));
  if (!isTaken) return { tighter: to, changes: added.length > 0 ? [listChange(limit, from, to, 'tightens')] : [] };
  const all = [...from, ...added];
  const tightened = added.length > 0 ? [listChange(limit, from, all, 'tightens')] : [];
  return { tighter: all, changes: [...tightened, listChange(limit, all, to, 'loosens')] };
}

const listChange = (
  limit: string,
  from: readonly string[],
  to: readonly string[],
  effect: LimitChange['effect'],
): LimitChange => ({ limit, from: [...from], to: [...to], effect });

function compareFields(limit: string, rules: { readonly [field: string]: Rule }, from: unknown, to: unknown): Verdict {
  const [before, after] = [from, to] as Record<string, unknown>[];
  const fields = Object.entries(rules).map(
    ([field, rule]) => [field, compare(`${limit}.${field}`, rule, before[field], after[field])] as const,
  );
  return {
    tighter: Object.fromEntries(fields.map(([field, { tighter }]) => [field, tighter])),
    changes: fields.flatMap(([, { changes }]) => changes),
  };
}

type Groups = NonNullable<Limits['groups']>;

/**
 * Whether the groups of `tighter` hold back whatever those of `looser` do. An instrument counts in the first group that names it; the
 * exposure of that group's instruments together is bounded.
 */
function covers(tighter: Groups, looser: Groups): boolean {
  const firstOf = (groups: Groups, symbol: string) => groups.find(({ symbols }) => symbols.includes(symbol));
  return looser.every((group) =>
    group.symbols
      .filter((symbol) => firstOf(looser, symbol) === group)
      .every((symbol) => {
        const held = firstOf(tighter, symbol);
        if (!held || held.maxExposure > group.maxExposure) return false;
        return group.symbols.every((each) => held.symbols.includes(each));
      }),
  );
}

/** As canonical as the schema leaves it: keys in its order. */
const isSame = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

const plain = (value: unknown): Json => (value === undefined ? null : JSON.parse(JSON.stringify(value)));
