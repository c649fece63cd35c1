/** How models that a strategy asks together are weighed, and the limits that a person sets to that. */
import { PlimsollError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import { REGIMES, type RegimeAxis } from '../regimes/regime.ts';

/**
 * - `equal`: all the same.
 * - `recent-log-loss`: the better what a model said of late, the more it weighs.
 * - `best-recent`: the model that was best of late decides alone.
 * - `by-regime`: the model that is named for the regime of the market decides alone; in a regime without one, all the same.
 */
export const COMBINING_METHODS = ['equal', 'recent-log-loss', 'best-recent', 'by-regime'] as const;
export type CombiningMethod = (typeof COMBINING_METHODS)[number];

/** Nothing that is learned leads beyond these. */
export interface CombiningLimits {
  /** Least and most that one model weighs, of a sum of 1, while all of them answer. */
  readonly leastWeight: number;
  readonly mostWeight: number;
  /** Least and most of the threshold up to which a way is held possible: where both are, or neither is, nothing is known. */
  readonly leastThreshold: number;
  readonly mostThreshold: number;
}

export interface CombiningOptions {
  readonly method: CombiningMethod;
  /** By the name of a regime (of volatility: calm, normal, turbulent; or of trend: down, sideways, up), the model that decides in it. */
  readonly regimes: Readonly<Record<string, string>>;
  readonly limits: CombiningLimits;
  /** Bars whose outcomes count: the last that are known. */
  readonly memory: number;
  /** Bars that the best of late decides at least, before another takes over. */
  readonly stay: number;
  /** Nats a bar by which another has to have been better, before it takes over. */
  readonly lead: number;
  /** How often the true way is to be among those that are held possible. */
  readonly coverage: number;
}

/** The most models that are asked together. */
export const MAX_COMBINED = 8;
/** The most bars whose outcomes count. */
export const MAX_MEMORY = 4_000;

export const COMBINING_DEFAULTS: CombiningOptions = {
  method: 'recent-log-loss',
  regimes: {},
  limits: { leastWeight: 0.1, mostWeight: 0.8, leastThreshold: 0.5, mostThreshold: 0.6 },
  memory: 240,
  stay: 24,
  lead: 0.001,
  coverage: 0.6,
};

/** What keeps options from being used: the option at fault, and a clause. */
export interface CombiningFault {
  readonly at: readonly string[];
  readonly what: string;
  readonly remedy: string;
}

/** Throws `COMBINING_INVALID`. */
export function assertCombining(models: readonly string[], options: CombiningOptions): void {
  const fault = combiningFault(models, options);
  if (fault === undefined) return;
  throw new PlimsollError('COMBINING_INVALID', `models cannot be combined so: ${fault.what}`, fault.remedy);
}

/** The first fault; undefined where there is none. */
export function combiningFault(models: readonly string[], options: CombiningOptions): CombiningFault | undefined {
  return (
    modelsFault(models) ??
    limitsFault(models.length, options.limits) ??
    regimesFault(models, options) ??
    numberFault(options)
  );
}

function modelsFault(models: readonly string[]): CombiningFault | undefined {
  const at = ['models'];
  const twice = models.find((name, k) => models.indexOf(name) !== k);
  if (twice !== undefined) return { at, what: `the model "${twice}" is there twice`, remedy: 'name each model once' };
  if (models.length >= 1 && models.length <= MAX_COMBINED) return undefined;
  return { at, what: `there are ${models.length} models`, remedy: `name 1 to ${MAX_COMBINED}` };
}

function limitsFault(count: number, limits: CombiningLimits): CombiningFault | undefined {
  const { leastWeight, mostWeight, leastThreshold, mostThreshold } = limits;
  const fault = (name: keyof CombiningLimits, what: string, remedy: string): CombiningFault => ({
    at: ['limits', name],
    what,
    remedy,
  });
  if (!(leastWeight > 0 && leastWeight <= mostWeight && mostWeight <= 1))
    return fault(
      'leastWeight',
      `weights from ${leastWeight} to ${mostWeight} are none`,
      'set a least weight above 0, no more than the most, and a most of at most 1',
    );
  if (count > 1 && leastWeight * count > 1)
    return fault('leastWeight', `${count} models of at least ${leastWeight} weigh more than 1`, atMost(1 / count));
  if (count > 1 && mostWeight * count < 1)
    return fault('mostWeight', `${count} models of at most ${mostWeight} weigh less than 1`, atLeast(1 / count));
  if (!(leastThreshold >= 0 && leastThreshold <= mostThreshold && mostThreshold <= 1))
    return fault(
      'leastThreshold',
      `thresholds from ${leastThreshold} to ${mostThreshold} are none`,
      'set a least threshold of 0 or more, no more than the most, and a most of at most 1',
    );
  return undefined;
}

const atMost = (share: number): string => `set it to at most ${Math.floor(1_000 * share) / 1_000}`;
const atLeast = (share: number): string => `set it to at least ${Math.ceil(1_000 * share) / 1_000}`;

const AXES = Object.keys(REGIMES) as RegimeAxis[];
const namesOf = (axis: RegimeAxis): readonly string[] => REGIMES[axis].names;

function regimesFault(models: readonly string[], { method, regimes }: CombiningOptions): CombiningFault | undefined {
  const at = ['regimes'];
  const entries = Object.entries(regimes);
  const known = AXES.flatMap(namesOf);
  for (const [regime, model] of entries) {
    if (!known.includes(regime))
      return { at, what: `there is no regime "${regime}"`, remedy: `use ${nearest(regime, known)}` };
    if (!models.includes(model))
      return {
        at: [...at, regime],
        what: `the model "${model}" of the regime "${regime}" is not among those that are asked`,
        remedy: `use ${nearest(model, models)}, or name it in models`,
      };
  }
  if (entries.length > 0 && axisOf(regimes) === undefined)
    return {
      at,
      what: 'regimes of volatility and of trend are mixed',
      remedy: `use ${AXES.map((axis) => namesOf(axis).join(', ')).join('; or ')}`,
    };
  if (method === 'by-regime' && entries.length === 0)
    return { at, what: 'no regime has a model', remedy: 'name one, such as {"calm": MODEL}' };
  return undefined;
}

/** What the regimes are of; undefined where there are none, or of both. */
export function axisOf(regimes: Readonly<Record<string, string>>): RegimeAxis | undefined {
  const named = Object.keys(regimes);
  return named.length === 0 ? undefined : AXES.find((axis) => named.every((name) => namesOf(axis).includes(name)));
}

function numberFault({ memory, stay, lead, coverage }: CombiningOptions): CombiningFault | undefined {
  const whole = (name: string, value: number): CombiningFault | undefined =>
    Number.isInteger(value) && value >= 1 && value <= MAX_MEMORY
      ? undefined
      : { at: [name], what: `${name} is ${value}`, remedy: `set a whole number of bars from 1 to ${MAX_MEMORY}` };
  return (
    whole('memory', memory) ??
    whole('stay', stay) ??
    (lead >= 0 && lead <= 1 ? undefined : { at: ['lead'], what: `lead is ${lead}`, remedy: 'set 0 to 1 nat' }) ??
    (coverage > 0 && coverage < 1
      ? undefined
      : { at: ['coverage'], what: `coverage is ${coverage}`, remedy: 'set a number between 0 and 1' })
  );
}
