import { append } from '../append.ts';
import { failStrategy } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { PlimsollError } from '../errors.ts';
import type { IndicatorSpec } from '../indicators/indicator.ts';
import { type Json, toCheckpointJson } from '../json.ts';
import { type Timeframe, timeframeMs } from '../market/timeframe.ts';
import {
  assertIndicatorNames,
  type CancelProposal,
  type Decision,
  type OrderProposal,
  type Proposal,
  type StrategyContext,
  type StrategyDefinition,
  type TargetProposal,
} from './contract.ts';
import { proposalFault } from './proposal.ts';
import type { SharedIndicators } from './shared-indicators.ts';
import { Track, type TrackState } from './track.ts';
import { HeldPosition, LatestBar, Series } from './views.ts';

// biome-ignore lint/suspicious/noExplicitAny: a list of strategies holds definitions of any parameters and indicators.
export type AnyStrategy = StrategyDefinition<any, any, any>;

/** A strategy as configured: its parameters are set and its universe is chosen. */
export interface RunningStrategy {
  /** Unique within the account; the strategy's name unless two run the same code. */
  readonly id: string;
  readonly definition: AnyStrategy;
  readonly params: Record<string, unknown>;
  /** SHA-256 of its source and parameters. */
  readonly codeHash: string;
  /** Symbols, in declared order. */
  readonly instruments: readonly string[];
  readonly timeframe: Timeframe;
  /** Share of the account's equity that it may use, divided evenly among its instruments. */
  readonly allocation: number;
}

export interface SignalProposal {
  readonly strategy: number;
  readonly instrument: number;
  readonly proposal: Proposal;
}

/** What a strategy needs to go on: its tracks and its memory, for each instrument. */
export interface StrategyCheckpoint {
  readonly contexts: readonly ContextState[];
}

interface ContextState {
  readonly tracks: readonly TrackState[];
  readonly state: unknown;
  readonly ready: boolean;
}

/** Runs one strategy over its universe: moves its indicators forward, asks it, and collects what it proposes. */
export class StrategyRunner {
  readonly index: number;
  readonly running: RunningStrategy;
  /** Share of the account's equity behind a target of 1 in one instrument. */
  readonly share: number;
  /** By the market's index; undefined where the strategy does not trade it. */
  readonly #contexts: (InstrumentContext | undefined)[];
  /** Those to be asked in this cycle, in the first places. */
  readonly #asked: InstrumentContext[] = [];

  constructor(index: number, running: RunningStrategy, engine: Engine) {
    this.index = index;
    this.running = running;
    this.share = running.allocation / running.instruments.length;
    const specs = running.definition.indicators(running.params as never) as Record<string, IndicatorSpec>;
    assertIndicatorNames(running.definition.name, Object.keys(specs));
    for (const symbol of running.instruments) {
      if (engine.markets.every((market) => market.instrument.symbol !== symbol)) {
        throw new PlimsollError(
          'SYMBOL_UNKNOWN',
          `the strategy "${running.id}" wants ${symbol}, which is not in the universe`,
          'add it to the universe, or take it from the strategy',
        );
      }
    }
    this.#contexts = engine.markets.map((market) =>
      running.instruments.includes(market.instrument.symbol)
        ? new InstrumentContext(this, engine, market, specs)
        : undefined,
    );
  }

  /** Another instrument's context by symbol. */
  context(symbol: string): InstrumentContext | undefined {
    return this.#contexts.find((context) => context?.symbol === symbol);
  }

  /** What the strategy sees of a market; undefined where it does not trade it. */
  contextOf(market: MarketState): InstrumentContext | undefined {
    return this.#contexts[market.index];
  }

  trades(market: MarketState): boolean {
    return this.#contexts[market.index] !== undefined;
  }

  /** Computes indicators on bars `from` to `to` of a market, ahead of the cycles that read them. */
  prepare(market: MarketState, from: number, to: number): void {
    this.#contexts[market.index]?.prepare(market, from, to);
  }

  /** Takes all indicators on a market's bars from those that runs share, instead of {@link prepare}. */
  takeShared(market: MarketState, indicators: SharedIndicators): void {
    this.#contexts[market.index]?.takeShared(market, indicators);
  }

  /** Asks the strategy about every market that is due. Failures are recorded, and the others still asked. */
  decide(engine: Engine): void {
    const { due, dueCount } = engine;
    const asked = this.#asked;
    let count = 0;
    // All move before one is asked: what it sees of another instrument is that instrument's bar of this cycle.
    for (let k = 0; k < dueCount; k++) {
      const context = this.#contexts[due[k].index];
      if (context?.moveTo(due[k].at)) asked[count++] = context;
    }
    if (engine.paused[this.index]) return;
    for (let k = 0; k < count; k++) this.ask(engine, asked[k]);
  }

  /** Asks the strategy about one instrument; whether it proposed something. A failure is recorded. */
  ask(engine: Engine, context: InstrumentContext): boolean {
    try {
      const decision = this.running.definition.onBar(context.view as never) as Decision;
      if (decision === undefined || decision === null) return false;
      this.#collect(engine, context, decision);
    } catch (error) {
      failStrategy(engine, this.index, context.market.index, failureOf(error));
    }
    return engine.proposals.length > 0;
  }

  #collect(engine: Engine, context: InstrumentContext, decision: Proposal | readonly Proposal[]): void {
    if (!Array.isArray(decision)) {
      engine.proposals = append(engine.proposals, this.#signalOf(context, decision as Proposal));
      return;
    }
    const proposals = decision as readonly Proposal[];
    if (proposals.length > PROPOSALS_PER_ANSWER) {
      throw new PlimsollError(
        'PROPOSAL_MALFORMED',
        `it returned ${proposals.length} proposals`,
        `return at most ${PROPOSALS_PER_ANSWER}`,
      );
    }
    // An answer counts as a whole: with one fault in it, none of it is handled.
    engine.proposals.push(...proposals.map((proposal) => this.#signalOf(context, proposal)));
  }

  #signalOf(context: InstrumentContext, proposal: Proposal): SignalProposal {
    const fault = proposalFault(proposal);
    if (fault) throw new PlimsollError('PROPOSAL_MALFORMED', fault, 'return target(…), order(…), cancel(…) or nothing');
    const symbol = proposal.symbol ?? context.symbol;
    const instrument = symbol === context.symbol ? context.market.index : this.context(symbol)?.market.index;
    if (instrument === undefined) {
      throw new PlimsollError(
        'PROPOSAL_MALFORMED',
        `it proposed ${symbol}, which it does not trade`,
        'name an instrument of its universe',
      );
    }
    return { strategy: this.index, instrument, proposal };
  }

  checkpoint(): Json {
    const contexts = this.#contexts.flatMap((context) => (context ? [context.snapshot()] : []));
    return toCheckpointJson({ contexts });
  }

  restore(checkpoint: StrategyCheckpoint): void {
    let k = 0;
    for (const context of this.#contexts) context?.restore(checkpoint.contexts[k++]);
  }
}

/** Proposals that one answer may hold. */
const PROPOSALS_PER_ANSWER = 1_000;
/** Characters kept of what a strategy threw. */
const FAILURE_LENGTH = 200;

function failureOf(error: unknown): string {
  try {
    return failureText(error).slice(0, FAILURE_LENGTH);
  } catch {
    return 'it threw something that has no text';
  }
}

function failureText(error: unknown): string {
  return error instanceof PlimsollError
    ? error.message
    : error instanceof Error
      ? `${error.name}: ${error.message}`
      : `it threw ${String(error)}`;
}

/** What a strategy sees of one instrument, and what keeps that up to date. */
export class InstrumentContext {
  readonly market: MarketState;
  readonly symbol: string;
  /** The object that callbacks get. */
  readonly view: StrategyContext;
  readonly #own: Track;
  readonly #tracks: Track[];
  /** Whether its one track is of the base bars: it moves with every bar of the market. */
  readonly #isSimple: boolean;
  readonly #series: { series: Series; track: Track; indicator: number; output: number }[] = [];
  readonly #warmUp: readonly number[];
  #ready = false;
  /** Index of the block's first bar in the market's columns. */
  #blockStart = 0;
  #state: unknown;

  constructor(runner: StrategyRunner, engine: Engine, market: MarketState, specs: Record<string, IndicatorSpec>) {
    const { running } = runner;
    this.market = market;
    this.symbol = market.instrument.symbol;
    const base = engine.definition.timeframe;
    const declared = Object.entries(specs);
    const timeframes = [
      ...new Set<Timeframe>([running.timeframe, ...declared.map(([, spec]) => spec.timeframe ?? running.timeframe)]),
    ];
    assertTimeframes(running, base, timeframes);
    const bySpec = timeframes.map((timeframe) =>
      declared.filter(([, spec]) => (spec.timeframe ?? running.timeframe) === timeframe),
    );
    this.#tracks = timeframes.map(
      (timeframe, k) =>
        new Track(
          base,
          timeframe,
          bySpec[k].map(([, spec]) => spec),
          market.instrument.priceDecimals,
        ),
    );
    this.#own = this.#tracks[0];
    this.#isSimple = this.#tracks.length === 1 && this.#own.isBase;
    this.#warmUp = bySpec.map((entries, k) =>
      Math.max(
        k === 0 ? (running.definition.warmUp?.(running.params as never) ?? 1) : 1,
        ...entries.map(([, spec]) => spec.warmUp),
      ),
    );
    this.#state = running.definition.state?.(running.params as never);
    this.view = this.#makeView(runner, engine, bySpec);
  }

  #makeView(runner: StrategyRunner, engine: Engine, bySpec: [string, IndicatorSpec][][]): StrategyContext {
    const view = new CallbackContext(runner, engine, this, this.#own) as unknown as Record<string, unknown>;
    bySpec.forEach((entries, t) => {
      entries.forEach(([name, spec], k) => {
        view[name] = this.#viewOf(this.#tracks[t], spec, k);
      });
    });
    return view as never;
  }

  /** The strategy's memory for this instrument. */
  get state(): unknown {
    return this.#state;
  }

  #viewOf(track: Track, spec: IndicatorSpec, indicator: number): unknown {
    const all = spec.outputs.map((name, output) => {
      const series = new Series(track.outputs(indicator)[output], track.clock);
      this.#series.push({ series, track, indicator, output });
      return [name, series] as const;
    });
    return all.length === 1 && all[0][0] === 'value' ? all[0][1] : Object.fromEntries(all);
  }

  get hasBar(): boolean {
    return this.#own.completed > 0;
  }

  prepare(market: MarketState, from: number, to: number): void {
    this.#blockStart = from;
    let grown = false;
    for (const track of this.#tracks) grown = track.advance(market.bars, from, to) || grown;
    if (grown) this.#refreshSeries();
  }

  takeShared({ bars }: MarketState, indicators: SharedIndicators): void {
    for (const track of this.#tracks) {
      const lines = track.specs.map((spec) => indicators.track(this.symbol, bars, track.timeframe, spec));
      track.adopt(lines[0] ?? indicators.track(this.symbol, bars, track.timeframe), lines);
    }
    this.#refreshSeries();
  }

  #refreshSeries(): void {
    for (const { series, track, indicator, output } of this.#series) series.values = track.outputs(indicator)[output];
  }

  /** Moves to the market's bar `at`; whether the strategy is to be asked: a bar of its timeframe closed and all are warm. */
  moveTo(at: number): boolean {
    const k = at - this.#blockStart;
    if (this.#isSimple) this.#own.moveTo(k);
    else if (!this.#moveTracks(k)) return false;
    return this.#ready || this.#isReady();
  }

  #moveTracks(k: number): boolean {
    if (!this.#own.completesAt(k)) return false;
    for (const track of this.#tracks) track.moveTo(k);
    return true;
  }

  #isReady(): boolean {
    this.#ready = this.#tracks.every((track, k) => track.completed >= this.#warmUp[k]);
    return this.#ready;
  }

  snapshot(): ContextState {
    return { tracks: this.#tracks.map((track) => track.snapshot()), state: this.#state ?? null, ready: this.#ready };
  }

  restore(state: ContextState): void {
    this.#tracks.forEach((track, k) => {
      track.restore(state.tracks[k]);
    });
    if (this.#state !== undefined) this.#state = state.state;
    this.#ready = state.ready;
  }
}

/**
 * What a callback gets; the indicators are added under their names. All of one strategy have one shape (what differs from
 * one to the next is in fields, what is computed is on the class), so that a callback is compiled once for all instruments.
 */
class CallbackContext {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly params: Record<string, unknown>;
  readonly bar: LatestBar;
  readonly position: HeldPosition;
  readonly on: (symbol: string) => StrategyContext | undefined;
  readonly target: (exposure: number, reason: string, options?: Partial<TargetProposal>) => TargetProposal;
  readonly order: (order: Omit<OrderProposal, 'kind'>) => OrderProposal;
  readonly cancel: (reason: string) => CancelProposal;
  readonly #engine: Engine;
  readonly #context: InstrumentContext;

  constructor(runner: StrategyRunner, engine: Engine, context: InstrumentContext, own: Track) {
    const { market, symbol } = context;
    this.symbol = symbol;
    this.timeframe = runner.running.timeframe;
    this.params = runner.running.params;
    this.bar = new LatestBar(market, own);
    this.position = new HeldPosition(engine.position(runner.index, market.index), market, engine.moneyScale);
    this.on = (other) => {
      const found = runner.context(other);
      return found?.hasBar ? found.view : undefined;
    };
    this.target = (exposure, reason, options) =>
      options === undefined
        ? { kind: 'target', exposure, reason, symbol }
        : { ...options, kind: 'target', exposure, reason, symbol };
    this.order = (order) => ({ ...order, kind: 'order', symbol: order.symbol ?? symbol });
    this.cancel = (reason) => ({ kind: 'cancel', reason, symbol });
    this.#engine = engine;
    this.#context = context;
  }

  get time(): number {
    return this.#engine.time;
  }

  get state(): unknown {
    return this.#context.state;
  }
}

function assertTimeframes(running: RunningStrategy, base: Timeframe, timeframes: readonly Timeframe[]): void {
  for (const timeframe of timeframes) {
    const of = timeframe === running.timeframe ? base : running.timeframe;
    if (timeframeMs(timeframe) % timeframeMs(of) !== 0) {
      throw new PlimsollError(
        'TIMEFRAME_NOT_MULTIPLE',
        `the strategy "${running.id}" wants ${timeframe} bars, which cannot be made from ${of} bars`,
        `use a multiple of ${of}`,
      );
    }
  }
}
