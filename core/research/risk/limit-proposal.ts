/**
 * Limits of risk that might be tighter or looser, with the evidence: the backtest under each threshold, beside that under the limits as they are.
 * It proposes and applies nothing: limits change in the configuration, and what loosens waits for a person (core/risk/limit-changes.ts).
 *
 * What a threshold does to the future is asked of resampled days (the stationary bootstrap of Politis and Romano, 1994), the same for both runs. A
 * tighter one is proposed where the drawdown is lower in nearly all resamples and the growth of the run gives up no more than was allowed; a
 * looser one where growth is higher in nearly all, and the drawdown stays within what was allowed: what errs towards safety takes less evidence.
 * "Nearly all" allows for the number of thresholds that were tried (C. Bonferroni). That the same days chose and judged is left to be doubted.
 */

import { drawdownOf } from '../../backtest/equity.ts';
import { barsPerYear } from '../../backtest/metrics.ts';
import { sweepBacktests } from '../../backtest/sweep.ts';
import type { BacktestResult } from '../../backtest/trades.ts';
import type { EngineDefinition } from '../../engine/engine.ts';
import { PlimsollError } from '../../errors.ts';
import type { BarColumns } from '../../market/bars.ts';
import { changesBetween, type LimitChange, thresholdsOf } from '../../risk/limit-changes.ts';
import { type Limits, limitsSchema } from '../../risk/limits.ts';
import { stationaryResamples } from '../overfitting/bootstrap.ts';
import { type Day, daysOf } from '../report/days.ts';
import { fillsOf } from '../report/fills.ts';
import type { Backtests } from '../sweep/sweep.ts';

/** Those that are numbers of which a lower one is tighter, and that a backtest of bars can say something about. */
export const TUNED_LIMITS = [
  'maxOrderNotional',
  'maxPositionNotional',
  'maxGrossExposure',
  'maxDailyLoss',
  'maxWeeklyLoss',
  'maxDrawdown',
] as const;
export type TunedLimit = (typeof TUNED_LIMITS)[number];

/** Of a threshold that is set. */
const MULTIPLES = [0.5, 0.75, 1.5, 2] as const;
/** Of what the run reached, where none is set. */
const SHARES_OF_REACHED = [0.5, 0.75] as const;
/** Of all thresholds together, the probability that one of them is proposed for nothing. */
const ERROR_RATE = 0.1;
const FEWEST_DAYS = 60;
/** Significant digits of a threshold: more would be no other. */
const DIGITS = 3;

export interface ProposalOptions {
  /** Logarithmic growth a year that a tighter limit may cost: 0.02 is 2 %. */
  readonly giveUp: number;
  /** Drawdown that 95 % of the resamples are to stay within under a looser limit. */
  readonly drawdown: number;
  /** Of the bootstrap, 100 to 100,000. */
  readonly draws: number;
  readonly seed: number;
  readonly run?: Backtests;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Resampled outcomes under a threshold beside those under the limits as they are. */
export interface Evidence {
  /** Logarithmic growth a year above that under the limits as they are: of the run, and between which it lies in nearly all resamples. */
  readonly growth: number;
  readonly growthBounds: readonly [number, number];
  /** Largest drawdown of the days: of the run, and that which 95 % of the resamples stay within. */
  readonly drawdown: number;
  readonly drawdown95: number;
  /** Share of the resamples with a lower drawdown than under the limits as they are; ties count half. */
  readonly lowerDrawdown: number;
}

export type Verdict = 'tighten' | 'loosen' | 'keep' | 'no difference';

export interface TriedThreshold {
  readonly limit: TunedLimit;
  /** Null where it is not set. */
  readonly from: number | null;
  readonly to: number;
  readonly verdict: Verdict;
  readonly because: string;
  /** Null where the run was the same to the last bar. */
  readonly evidence: Evidence | null;
}

export interface LimitProposal {
  readonly days: number;
  readonly blockLength: number;
  readonly draws: number;
  readonly seed: number;
  /** Under the limits as they are. */
  readonly current: Pick<Evidence, 'drawdown' | 'drawdown95'> & { readonly growth: number };
  readonly tried: readonly TriedThreshold[];
  /** What is proposed, one threshold a limit; empty where all stay. */
  readonly proposed: Partial<Record<TunedLimit, number>>;
  /** The same as the platform would see it. */
  readonly changes: readonly LimitChange[];
  /** All proposed thresholds at once; null where there are fewer than two. */
  readonly together: Evidence | null;
}

type Bars = ReadonlyMap<string, BarColumns>;

/** Throws `USAGE`, `RESEARCH_OBSERVATIONS_TOO_FEW` below 60 days, `RESEARCH_NOTHING_TRADED`, and what a backtest throws. */
export function proposeLimits(definition: EngineDefinition, bars: Bars, options: ProposalOptions): LimitProposal {
  assertOptions(options);
  const { run = sweepBacktests, onProgress } = options;
  const under = (limits: Limits): BacktestResult => {
    const own = { ...definition, limits };
    const [only] = run([own], bars);
    return { definition: own, bars, run: only };
  };
  const current = under(definition.limits);
  const candidates = candidatesOf(definition.limits, reachedBy(current));
  const compare = new Comparison(current, candidates.length, options);
  const tried = candidates.map((candidate, k) => {
    const ran = under({ ...definition.limits, [candidate.limit]: candidate.to });
    onProgress?.(k + 1, candidates.length);
    return { ...candidate, ...compare.judged(candidate, ran) };
  });
  const proposed = bestOf(tried);
  const limits = { ...definition.limits, ...proposed };
  return {
    ...compare.facts,
    draws: options.draws,
    seed: options.seed,
    tried,
    proposed,
    changes: changesBetween(thresholdsOf(definition), { ...thresholdsOf(definition), limits }),
    together: Object.keys(proposed).length < 2 ? null : compare.evidenceOf(under(limits)),
  };
}

function assertOptions({ giveUp, drawdown, draws, seed }: ProposalOptions): void {
  const usage = (what: string, remedy: string): PlimsollError => new PlimsollError('USAGE', what, remedy);
  if (!(giveUp >= 0 && giveUp <= 1)) throw usage(`growth of ${giveUp} may be given up`, 'give 0 to 1: 0.02 is 2 %');
  if (!(drawdown > 0 && drawdown < 1))
    throw usage(`a drawdown of ${drawdown} is allowed`, 'give a number between 0 and 1: 0.2 is 20 %');
  if (!(Number.isInteger(draws) && draws >= 100 && draws <= 100_000))
    throw usage(`${draws} draws were asked for`, 'ask for 100 to 100000');
  if (!(Number.isSafeInteger(seed) && seed >= 0))
    throw usage(`the seed is ${seed}`, 'give a whole number of zero or more, below 2^53');
}

type Candidate = Pick<TriedThreshold, 'limit' | 'from' | 'to'>;

/** What the account came to that a limit could have stopped. */
type Reached = Partial<Record<TunedLimit, number>>;

function reachedBy(result: BacktestResult): Reached {
  const { equity } = result.run;
  const { cash } = result.definition;
  let largest = 0;
  for (const { notional } of fillsOf(result)) largest = Math.max(largest, notional);
  if (largest === 0)
    throw new PlimsollError(
      'RESEARCH_NOTHING_TRADED',
      'nothing was traded under the limits as they are',
      'take a longer span, other parameters, or other limits',
    );
  const worstDay = dailyOf(result).reduce((worst, { return: value }) => Math.min(worst, value), 0);
  return {
    maxOrderNotional: largest,
    maxDailyLoss: -worstDay,
    maxDrawdown: drawdownOf(equity, cash).depth,
  };
}

const dailyOf = ({ run: { times, equity }, definition }: BacktestResult): Day[] =>
  daysOf(times, equity, definition.cash);

/** Thresholds around those that are set, and below what was reached where none is. */
function candidatesOf(limits: Limits, reached: Reached): Candidate[] {
  return TUNED_LIMITS.flatMap((limit) => {
    const from = limits[limit] ?? null;
    const around = from ?? reached[limit] ?? 0;
    const factors: readonly number[] = from === null ? SHARES_OF_REACHED : MULTIPLES;
    return factors
      .map((factor): Candidate => ({ limit, from, to: Number((around * factor).toPrecision(DIGITS)) }))
      .filter(({ to }) => to !== from && isAllowed(limit, to));
  });
}

const isAllowed = (limit: TunedLimit, value: number): boolean => limitsSchema.safeParse({ [limit]: value }).success;

/** The one of each limit with the lowest drawdown among the tighter, else with the most certain growth among the looser. */
function bestOf(tried: readonly TriedThreshold[]): Partial<Record<TunedLimit, number>> {
  const proposed: Partial<Record<TunedLimit, number>> = {};
  for (const limit of TUNED_LIMITS) {
    const own = tried.filter((each) => each.limit === limit && each.evidence !== null);
    const byDrawdown = own
      .filter(({ verdict }) => verdict === 'tighten')
      .sort((a, b) => a.evidence!.drawdown95 - b.evidence!.drawdown95);
    const byGrowth = own
      .filter(({ verdict }) => verdict === 'loosen')
      .sort((a, b) => b.evidence!.growthBounds[0] - a.evidence!.growthBounds[0]);
    const best = byDrawdown[0] ?? byGrowth[0];
    if (best) proposed[limit] = best.to;
  }
  return proposed;
}

/** Runs beside the one under the limits as they are, on the same resampled days. */
class Comparison {
  readonly facts: Pick<LimitProposal, 'days' | 'blockLength' | 'current'>;
  readonly #options: ProposalOptions;
  readonly #current: Float64Array;
  readonly #currentEquity: Float64Array;
  readonly #currentDrawdowns: Float64Array;
  readonly #perYear: number;
  /** Share of the resamples that may say otherwise. */
  readonly #level: number;

  constructor(current: BacktestResult, candidates: number, options: ProposalOptions) {
    this.#options = options;
    this.#current = logsOf(current);
    this.#currentEquity = current.run.equity;
    const days = this.#current.length;
    if (days < FEWEST_DAYS)
      throw new PlimsollError(
        'RESEARCH_OBSERVATIONS_TOO_FEW',
        `there are ${days} days where ${FEWEST_DAYS} are needed`,
        'take a longer history',
      );
    this.#perYear = barsPerYear({ timeframe: '1d', instruments: current.definition.instruments });
    this.#level = ERROR_RATE / Math.max(1, candidates);
    const blockLength = Math.cbrt(days);
    this.facts = {
      days,
      blockLength,
      current: {
        growth: (sumOf(this.#current) / days) * this.#perYear,
        drawdown: deepestOf(this.#current, undefined),
        drawdown95: 0,
      },
    };
    this.#currentDrawdowns = Float64Array.from(this.#resamples(), (places) => deepestOf(this.#current, places));
    this.facts = {
      ...this.facts,
      current: { ...this.facts.current, drawdown95: quantileOf(this.#currentDrawdowns, 0.95) },
    };
  }

  /** The same ones each time. */
  #resamples(): Iterable<ArrayLike<number>> {
    const { draws, seed } = this.#options;
    return stationaryResamples(this.facts.days, this.facts.blockLength, { draws, seed });
  }

  evidenceOf(result: BacktestResult): Evidence {
    const own = logsOf(result);
    const scale = this.#perYear / own.length;
    const growths: number[] = [];
    const drawdowns: number[] = [];
    let lower = 0;
    for (const places of this.#resamples()) {
      let growth = 0;
      for (let t = 0; t < places.length; t++) growth += own[places[t]] - this.#current[places[t]];
      const drawdown = deepestOf(own, places);
      const before = this.#currentDrawdowns[drawdowns.length];
      lower += drawdown < before ? 1 : drawdown === before ? 0.5 : 0;
      growths.push(growth * scale);
      drawdowns.push(drawdown);
    }
    const sorted = Float64Array.from(growths);
    return {
      growth: (sumOf(own) - sumOf(this.#current)) * scale,
      growthBounds: [quantileOf(sorted, this.#level), quantileOf(sorted, 1 - this.#level)],
      drawdown: deepestOf(own, undefined),
      drawdown95: quantileOf(Float64Array.from(drawdowns), 0.95),
      lowerDrawdown: lower / drawdowns.length,
    };
  }

  judged({ from, to }: Candidate, result: BacktestResult): Pick<TriedThreshold, 'verdict' | 'because' | 'evidence'> {
    if (result.run.equity.every((value, k) => value === this.#currentEquity[k]))
      return { verdict: 'no difference', because: 'it changed nothing on these bars', evidence: null };
    const evidence = this.evidenceOf(result);
    const isTighter = from === null || to < from;
    return { evidence, ...(isTighter ? this.#tighter(evidence) : this.#looser(evidence)) };
  }

  #tighter({ lowerDrawdown, growth }: Evidence): Pick<TriedThreshold, 'verdict' | 'because'> {
    const { giveUp } = this.#options;
    if (lowerDrawdown < 1 - this.#level)
      return { verdict: 'keep', because: `the drawdown is lower in ${percent(lowerDrawdown)} of the resamples alone` };
    if (growth < -giveUp) return { verdict: 'keep', because: `growth was ${percent(-growth)} a year less` };
    return { verdict: 'tighten', because: `the drawdown is lower in ${percent(lowerDrawdown)} of the resamples` };
  }

  #looser({ growthBounds, drawdown95 }: Evidence): Pick<TriedThreshold, 'verdict' | 'because'> {
    const { drawdown } = this.#options;
    if (growthBounds[0] <= 0)
      return { verdict: 'keep', because: `growth may be ${percent(-growthBounds[0])} a year less` };
    if (drawdown95 > drawdown)
      return { verdict: 'keep', because: `one resample in twenty has a drawdown beyond ${percent(drawdown95)}` };
    return { verdict: 'loosen', because: `growth is at least ${percent(growthBounds[0])} a year more` };
  }
}

/** Logarithmic returns of the days; what loses all is kept finite. */
const logsOf = (result: BacktestResult): Float64Array =>
  Float64Array.from(dailyOf(result), ({ return: value }) => Math.log(Math.max(1e-9, 1 + value)));

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

/** Largest drawdown of the days at `places`, one after another; of all in their order where there are none. */
function deepestOf(logs: Float64Array, places: ArrayLike<number> | undefined): number {
  let [level, peak, deepest] = [0, 0, 0];
  for (let t = 0; t < logs.length; t++) {
    level += logs[places ? places[t] : t];
    if (level > peak) peak = level;
    else if (peak - level > deepest) deepest = peak - level;
  }
  return 1 - Math.exp(-deepest);
}

/** The least value that at least `share` of them do not pass. */
function quantileOf(values: Float64Array, share: number): number {
  const sorted = values.slice().sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
