import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { PlimsollError } from '../errors.ts';
import type { IndicatorSpec } from '../indicators/indicator.ts';
import { copyOfPlain } from '../json.ts';
import { type Timeframe, timeframeMs } from '../market/timeframe.ts';
import { CallbackContext } from './callback-context.ts';
import {
  assertConditions,
  type Condition,
  type RunningCondition,
  runningCrossing,
  type SeriesName,
} from './condition.ts';
import type { StrategyContext } from './contract.ts';
import { mayRefuse, refusalError } from './refused.ts';
import type { RunningStrategy, StrategyRunner } from './runner.ts';
import type { SharedIndicators } from './shared-indicators.ts';
import { Track, type TrackState } from './track.ts';
import { Series, useColumn } from './views.ts';

export interface ContextState {
  readonly tracks: readonly TrackState[];
  readonly state: unknown;
  readonly ready: boolean;
}

/** A series of the context, and where its values come from. */
interface SeriesSource extends SeriesName {
  readonly series: Series;
  readonly track: Track;
  /** Positions in the track. */
  readonly at: { readonly indicator: number; readonly output: number };
}

/** What the strategy asks models by or reads a batch by, whether they refuse, and of a batch the bar that it is about. */
interface Asked {
  readonly spec: IndicatorSpec;
  readonly refused: Series;
  readonly bar: Series | undefined;
}

/** What a strategy sees of one instrument, and what keeps that up to date. */
export class InstrumentContext {
  readonly market: MarketState;
  readonly symbol: string;
  /** The object that callbacks get. */
  readonly view: StrategyContext;
  readonly #own: Track;
  readonly #tracks: Track[];
  /** Whether its one track is of the base bars: where that stands follows from the bar alone. */
  readonly #isSimple: boolean;
  readonly #series: SeriesSource[] = [];
  readonly #models: Asked[] = [];
  /** The strategy is asked where one of them holds; undefined: at every bar. */
  readonly #conditions: readonly RunningCondition[] | undefined;
  readonly #warmUp: readonly number[];
  #ready = false;
  /** The bars of the block at which the strategy is to be asked, where that is known ahead, and the first that is still to come. */
  #asks = new Int32Array(0);
  #askCount = 0;
  #askNext = 0;
  /** The block that was prepared last, in the market's columns. */
  #blockStart = 0;
  #blockEnd = 0;
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
    this.#conditions = this.#makeConditions(running, specs);
  }

  #makeView(runner: StrategyRunner, engine: Engine, bySpec: [string, IndicatorSpec][][]): StrategyContext {
    const view = new CallbackContext(runner, engine, this, this.#own) as unknown as Record<string, unknown>;
    bySpec.forEach((entries, t) => {
      entries.forEach(([name, spec], k) => {
        view[name] = this.#viewOf(this.#tracks[t], name, spec, k);
      });
    });
    return view as never;
  }

  #viewOf(track: Track, indicator: string, spec: IndicatorSpec, k: number): unknown {
    const view = byOutput(spec, (output, index) => {
      const series = new Series(track.outputs(k)[index], track.clock);
      this.#series.push({ indicator, output, series, track, at: { indicator: k, output: index } });
      return series;
    });
    const { refused, bar } = view as Partial<Record<string, Series>>;
    if (refused && mayRefuse(spec)) this.#models.push({ spec, refused, bar });
    return view;
  }

  #makeConditions(
    { definition, params }: RunningStrategy,
    specs: Record<string, IndicatorSpec>,
  ): readonly RunningCondition[] | undefined {
    if (definition.when === undefined) return undefined;
    const names = Object.entries(specs).map(([indicator, spec]) => [
      indicator,
      byOutput(spec, (output): SeriesName => ({ indicator, output })),
    ]);
    const given = definition.when(Object.fromEntries(names), params as never) as Condition | readonly Condition[];
    return assertConditions(definition.name, given).map(({ series, over }) =>
      runningCrossing(
        this.#seriesNamed(definition.name, series),
        typeof over === 'number' ? over : this.#seriesNamed(definition.name, over),
      ),
    );
  }

  /** A series that a condition may be on: of the strategy's own timeframe, since it is looked at when such a bar closes. */
  #seriesNamed(strategy: string, { indicator, output }: SeriesName): Series {
    const found = this.#series.find((each) => each.indicator === indicator && each.output === output);
    if (found && found.track === this.#own) return found.series;
    throw new PlimsollError(
      'STRATEGY_MALFORMED',
      `the strategy "${strategy}" cannot be used: its "when" names ${found ? `"${indicator}", which is on another timeframe` : `the unknown series "${indicator}"`}`,
      'name indicators of its own timeframe there, and look at the others in onBar',
    );
  }

  /** The strategy's memory for this instrument. */
  get state(): unknown {
    return this.#state;
  }

  /** Why one of the models or batches that the strategy asks has no answer to this bar; no decision may rest on such a bar. */
  get refusal(): PlimsollError | undefined {
    for (const { spec, refused, bar } of this.#models)
      if (refused.value !== 0) return refusalError(spec, refused.value, bar?.value);
    return undefined;
  }

  /** Whether {@link nextAsked} can tell bars that need not be asked about. */
  get isSelective(): boolean {
    return this.#isSimple && this.#conditions !== undefined;
  }

  get hasBar(): boolean {
    this.#catchUp();
    return this.#own.completed > 0;
  }

  prepare(market: MarketState, from: number, to: number): void {
    this.#standAt(from - 1);
    this.#blockStart = from;
    this.#blockEnd = to;
    let grown = false;
    for (const track of this.#tracks) grown = track.advance(market.bars, from, to) || grown;
    if (grown) this.#refreshSeries();
    this.#findAsks();
  }

  takeShared({ bars }: MarketState, indicators: SharedIndicators): void {
    this.#blockEnd = bars.length;
    for (const track of this.#tracks) {
      const lines = track.specs.map((spec) => indicators.track(this.symbol, bars, track.timeframe, spec));
      track.adopt(lines[0] ?? indicators.track(this.symbol, bars, track.timeframe), lines);
    }
    this.#refreshSeries();
    this.#findAsks();
  }

  #refreshSeries(): void {
    for (const { series, track, at } of this.#series) useColumn(series, track.outputs(at.indicator)[at.output]);
  }

  /** Finds the bars of the block with which a condition holds, while its columns are at hand. */
  #findAsks(): void {
    if (!this.isSelective) return;
    this.#askCount = 0;
    this.#askNext = 0;
    const start = this.#blockStart;
    const end = this.#own.placeOf(this.#blockEnd - start);
    let place = this.#own.placeOf(Math.max(0, this.#own.warmAt(this.#warmUp[0])));
    while (place < end) {
      let next = end;
      for (const condition of this.#conditions as readonly RunningCondition[]) next = condition.next(place, next);
      if (next < end) this.#addAsk(start + next - this.#own.placeOf(0));
      place = next + 1;
    }
  }

  #addAsk(bar: number): void {
    if (this.#askCount === this.#asks.length) {
      const larger = new Int32Array(Math.max(16, this.#asks.length * 2));
      larger.set(this.#asks);
      this.#asks = larger;
    }
    this.#asks[this.#askCount++] = bar;
  }

  /**
   * The first bar from `from` on at which the strategy may have to be asked; the end of the block that was prepared last where
   * it is sure that there is none in it. `from` never goes back within a block.
   */
  nextAsked(from: number): number {
    if (!this.#isSimple) return from;
    if (this.#conditions === undefined) {
      return Math.min(Math.max(from, this.#blockStart + this.#own.warmAt(this.#warmUp[0])), this.#blockEnd);
    }
    const asks = this.#asks;
    while (this.#askNext < this.#askCount && asks[this.#askNext] < from) this.#askNext++;
    return this.#askNext < this.#askCount ? asks[this.#askNext] : this.#blockEnd;
  }

  /** Moves to the market's bar `at`; whether the strategy is to be asked: a bar of its timeframe closed, all are warm, and its conditions hold. */
  moveTo(at: number): boolean {
    const k = at - this.#blockStart;
    if (this.#isSimple) {
      if (this.nextAsked(at) !== at) return false;
      this.#own.moveTo(k);
      return true;
    }
    return this.#moveTracks(k) && (this.#ready || this.#isReady()) && this.#holds();
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

  #holds(): boolean {
    if (this.#conditions === undefined) return true;
    for (const condition of this.#conditions) if (condition.holds()) return true;
    return false;
  }

  /** Makes up for the bars that {@link nextAsked} has let pass. */
  #catchUp(): void {
    this.#standAt(this.market.at);
  }

  #standAt(at: number): void {
    if (!this.#isSimple || at < this.#blockStart || at >= this.#blockEnd) return;
    this.#own.moveTo(at - this.#blockStart);
    this.#isReady();
  }

  snapshot(): ContextState {
    this.#catchUp();
    return { tracks: this.#tracks.map((track) => track.snapshot()), state: this.#state ?? null, ready: this.#ready };
  }

  restore(state: ContextState): void {
    this.#blockStart = 0;
    this.#blockEnd = 0;
    this.#tracks.forEach((track, k) => {
      track.restore(state.tracks[k]);
    });
    // The strategy changes it in place, while others may still hold what it was read from.
    if (this.#state !== undefined) this.#state = copyOfPlain(state.state);
    this.#ready = state.ready;
  }
}

/** What is made of each output: by itself where there is only one, or by the outputs' names. */
function byOutput<T>({ outputs }: IndicatorSpec, make: (output: string, index: number) => T): T | Record<string, T> {
  const all = outputs.map((output, index) => [output, make(output, index)] as const);
  return all.length === 1 && all[0][0] === 'value' ? all[0][1] : Object.fromEntries(all);
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
