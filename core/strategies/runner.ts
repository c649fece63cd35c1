import { append } from '../append.ts';
import { failStrategy } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { PlimsollError } from '../errors.ts';
import type { IndicatorSpec } from '../indicators/indicator.ts';
import { type Json, toCheckpointJson } from '../json.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { isBatch } from '../models/batch/batch.ts';
import { opinionsIn } from '../models/combined-opinion.ts';
import type { Decision, Proposal, StrategyDefinition } from './contract.ts';
import { assertIndicatorNames } from './indicator-names.ts';
import { type ContextState, InstrumentContext } from './instrument-context.ts';
import { proposalFault } from './proposal.ts';
import type { SharedIndicators } from './shared-indicators.ts';

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

/** Runs one strategy over its universe: moves its indicators forward, asks it, and collects what it proposes. */
export class StrategyRunner {
  readonly index: number;
  readonly running: RunningStrategy;
  /** Share of the account's equity behind a target of 1 in one instrument. */
  readonly share: number;
  /** By the market's index; undefined where the strategy does not trade it. */
  readonly #contexts: (InstrumentContext | undefined)[];
  /** By the market's index: bars before this one need not be asked about. */
  readonly #nextAsked: Int32Array;
  /** Those to be asked in this cycle, in the first places. */
  readonly #asked: InstrumentContext[] = [];

  constructor(index: number, running: RunningStrategy, engine: Engine) {
    this.index = index;
    this.running = running;
    this.share = running.allocation / running.instruments.length;
    const specs = running.definition.indicators(running.params as never) as Record<string, IndicatorSpec>;
    assertIndicatorNames(running.definition.name, Object.keys(specs));
    assertModelTimeframes(running, Object.values(specs), engine);
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
    this.#nextAsked = new Int32Array(engine.markets.length);
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

  /** Whether it can tell ahead which bars it has to be asked about, in every instrument. */
  get isSelective(): boolean {
    return this.#contexts.every((context) => context === undefined || context.isSelective);
  }

  /** Computes indicators on bars `from` to `to` of a market, ahead of the cycles that read them. */
  prepare(market: MarketState, from: number, to: number): void {
    const context = this.#contexts[market.index];
    context?.prepare(market, from, to);
    this.#nextAsked[market.index] = context?.nextAsked(from) ?? to;
  }

  /** Takes all indicators on a market's bars from those that runs share, instead of {@link prepare}. */
  takeShared(market: MarketState, indicators: SharedIndicators): void {
    const context = this.#contexts[market.index];
    context?.takeShared(market, indicators);
    this.#nextAsked[market.index] = context?.nextAsked(0) ?? market.length;
  }

  /**
   * The first bar of a market, from `from` on, at which the strategy may have to be asked; the end of what was prepared where it
   * is sure that there is none.
   */
  nextAsked(market: MarketState, from: number): number {
    const next = this.#nextAsked[market.index];
    if (next >= from) return next;
    return this.#lookFrom(market.index, from);
  }

  #lookFrom(index: number, from: number): number {
    const next = this.#contexts[index]?.nextAsked(from) ?? from;
    this.#nextAsked[index] = next;
    return next;
  }

  /** Asks the strategy about every market that is due. Failures are recorded, and the others still asked. */
  decide(engine: Engine): void {
    const { due, dueCount } = engine;
    const asked = this.#asked;
    let count = 0;
    // All move before one is asked: what it sees of another instrument is that instrument's bar of this cycle. One that is passed
    // over catches up when it is looked at.
    for (let k = 0; k < dueCount; k++) {
      const { index, at } = due[k];
      const next = this.#nextAsked[index];
      if (at < next || (at > next && at < this.#lookFrom(index, at))) continue;
      const context = this.#contexts[index];
      if (context?.moveTo(at)) asked[count++] = context;
    }
    if (engine.paused[this.index]) return;
    for (let k = 0; k < count; k++) this.ask(engine, asked[k]);
  }

  /** Asks the strategy about one instrument; whether it proposed something. A failure is recorded. */
  ask(engine: Engine, context: InstrumentContext): boolean {
    try {
      assertAnswered(context);
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
    const fault = proposalFault(proposal) ?? volumeFault(this.running.definition, proposal);
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
    this.#nextAsked.fill(0);
  }
}

/** No decision may rest on a model or a batch that has no answer to the bar. */
function assertAnswered({ refusal }: InstrumentContext): void {
  if (refusal !== undefined) throw refusal;
}

/** An opinion is of bars like those that were learned from, and a batch of its own; on invented prices none means anything, and any may be shown. */
function assertModelTimeframes(
  { id, timeframe }: RunningStrategy,
  specs: readonly IndicatorSpec[],
  engine: Engine,
): void {
  if (engine.definition.provenance === 'simulated') return;
  for (const spec of specs.flatMap(opinionsIn)) {
    const { manifest, name } = spec.served ?? {};
    const asked = spec.timeframe ?? timeframe;
    if (manifest === undefined || manifest.timeframe === asked) continue;
    throw new PlimsollError(
      'MODEL_TIMEFRAME',
      `the strategy "${id}" asks the model "${name}" about ${asked} bars, and it learned from ${manifest.timeframe} bars`,
      `set timeframe: ${manifest.timeframe} for the strategy, or train a model on ${asked} bars`,
    );
  }
  for (const spec of specs.filter(isBatch)) {
    const asked = spec.timeframe ?? timeframe;
    const own = spec.given?.timeframe ?? asked;
    if (own === asked) continue;
    throw new PlimsollError(
      'BATCH_TIMEFRAME',
      `the strategy "${id}" reads the batch "${spec.batch}" for ${asked} bars, and its rows are of ${own} bars`,
      `declare it as batch('${spec.batch}').on('${own}'), or name another batch`,
    );
  }
}

/** A VWAP needs volumes, which are only kept for who asks for them. */
function volumeFault({ volumeDays }: AnyStrategy, proposal: Proposal): string | undefined {
  const isSpread = proposal.kind !== 'cancel' && proposal.algorithm?.kind === 'vwap';
  return isSpread && volumeDays === undefined ? 'it asks for a vwap and declares no volumeDays' : undefined;
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
