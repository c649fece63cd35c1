import type { Engine, EngineDefinition } from '../../engine/engine.ts';
import { PlimsollError } from '../../errors.ts';
import type { Indicator, IndicatorSpec } from '../../indicators/indicator.ts';
import type { BarColumns } from '../../market/bars.ts';
import { type Timeframe, timeframeMs } from '../../market/timeframe.ts';
import type { StrategyContext } from '../../strategies/contract.ts';
import type { AnyStrategy, RunningStrategy } from '../../strategies/runner.ts';

/** What a run showed on the way: every value of every indicator, every answer of every strategy, and the ledger. */
export interface Trace {
  readonly indicators: readonly IndicatorTrace[];
  readonly decisions: readonly DecisionTrace[];
  /** Records of the ledger, as float64 words. */
  readonly ledger: Float64Array;
  /** Null where it is whole. */
  readonly brokenOff: BrokenOff | null;
}

/** A run that could not go on: the last cycle (ms UTC) of which all is known, and the error. */
export interface BrokenOff {
  readonly at: number;
  readonly why: string;
}

export interface IndicatorTrace {
  readonly strategy: string;
  readonly symbol: string;
  /** As declared: `fast`. */
  readonly name: string;
  /** What it is: `sma(10)`. */
  readonly call: string;
  readonly timeframe: Timeframe;
  readonly outputs: readonly string[];
  /** When each bar of its timeframe closed, ms UTC. */
  readonly times: Float64Array;
  /** A column an output. */
  readonly values: readonly Float64Array[];
}

/** An answer of a strategy that was not nothing. */
export interface DecisionTrace {
  readonly strategy: string;
  readonly symbol: string;
  /** ms UTC of the cycle. */
  readonly time: number;
  /** What it proposed, as JSON; or what it threw. */
  readonly text: string;
}

/** 2^27 numbers are a GiB. */
const MOST_NUMBERS = 2 ** 27;
const MOST_DECISIONS = 2_000_000;

/** Writes a trace beside a run. */
export class Tracer {
  /** The same definition, with strategies that are looked at; only for one run. */
  readonly definition: EngineDefinition;
  readonly #indicators: IndicatorRecord[] = [];
  readonly #decisions: DecisionTrace[] = [];
  readonly #asksFrom: number;
  #numbers = 0;
  #asked = Number.NEGATIVE_INFINITY;

  /** Before `asksFrom` (ms UTC) no strategy is asked: its indicators alone move. */
  constructor(definition: EngineDefinition, asksFrom = Number.NEGATIVE_INFINITY) {
    this.#asksFrom = asksFrom;
    this.definition = {
      ...definition,
      strategies: definition.strategies.map((running) => this.#traced(definition, running)),
    };
  }

  /** What was seen, once the run of `engine` is over. */
  finish({ journal }: Engine): Trace {
    return this.#trace(journal.words.slice(0, journal.size), null);
  }

  /** What was seen of a run that ended in an error, without its ledger; undefined where no strategy was asked. */
  breakOff(why: string): Trace | undefined {
    const at = this.#asked;
    return Number.isFinite(at) ? this.#trace(new Float64Array(0), { at, why }) : undefined;
  }

  #trace(ledger: Float64Array, brokenOff: BrokenOff | null): Trace {
    const indicators = this.#indicators.map((record) => record.finish());
    return { indicators, decisions: this.#decisions, ledger, brokenOff };
  }

  #traced(account: EngineDefinition, running: RunningStrategy): RunningStrategy {
    const { definition } = running;
    const symbols = account.instruments
      .map(({ symbol }) => symbol)
      .filter((symbol) => running.instruments.includes(symbol));
    const traced: AnyStrategy = Object.create(definition, {
      indicators: {
        value: (params: never) => {
          const specs = definition.indicators(params) as Record<string, IndicatorSpec>;
          return Object.fromEntries(
            Object.entries(specs).map(([name, spec]) => [name, this.#tracedSpec(running, symbols, name, spec)]),
          );
        },
      },
      onBar: { value: (context: StrategyContext) => this.#ask(running, context) },
    });
    return { ...running, definition: traced };
  }

  #ask({ id, definition }: RunningStrategy, context: StrategyContext): unknown {
    const { time, symbol } = context;
    if (time < this.#asksFrom) return undefined;
    this.#asked = time;
    try {
      const decision = definition.onBar(context as never);
      if (decision !== undefined && decision !== null)
        this.#note({ strategy: id, symbol, time, text: shown(decision) });
      return decision;
    } catch (error) {
      this.#note({
        strategy: id,
        symbol,
        time,
        text: `it threw: ${error instanceof Error ? error.message : String(error)}`,
      });
      throw error;
    }
  }

  #note(decision: DecisionTrace): void {
    if (this.#decisions.length >= MOST_DECISIONS) throw tooMuch(`more than ${MOST_DECISIONS} decisions`);
    this.#decisions.push(decision);
  }

  /** The engine makes one indicator of a spec for each instrument, in the order of the universe. */
  #tracedSpec(running: RunningStrategy, symbols: readonly string[], name: string, spec: IndicatorSpec): IndicatorSpec {
    let made = 0;
    const create = (): Indicator => {
      const record = new IndicatorRecord(running, symbols[made++ % symbols.length], name, spec);
      this.#indicators.push(record);
      const indicator = spec.create();
      return {
        advance: (bars, from, to, out, at) => {
          indicator.advance(bars, from, to, out, at);
          this.#numbers += record.take(bars, from, to, out, at);
          if (this.#numbers > MOST_NUMBERS) throw tooMuch(`more than ${MOST_NUMBERS} values of indicators`);
        },
        snapshot: () => indicator.snapshot(),
        restore: (state) => indicator.restore(state),
      };
    };
    // Whatever else a spec of the user's own has stays as it is.
    return Object.create(spec, { create: { value: create } });
  }
}

class IndicatorRecord {
  readonly #facts: Omit<IndicatorTrace, 'times' | 'values'>;
  readonly #lengthMs: number;
  readonly #times = new Column();
  readonly #values: readonly Column[];

  constructor(running: RunningStrategy, symbol: string, name: string, spec: IndicatorSpec) {
    const timeframe = spec.timeframe ?? running.timeframe;
    const on = timeframe === running.timeframe ? '' : ` on ${timeframe}`;
    const call = `${spec.name}(${spec.parameters.join(', ')})${on}`;
    this.#facts = { strategy: running.id, symbol, name, call, timeframe, outputs: [...spec.outputs] };
    this.#lengthMs = timeframeMs(timeframe);
    this.#values = spec.outputs.map(() => new Column());
  }

  /** How many numbers it kept. */
  take(bars: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): number {
    const count = to - from;
    const times = this.#times.room(count);
    for (let k = 0; k < count; k++) times[k] = bars.timestamp[from + k] + this.#lengthMs;
    this.#values.forEach((column, k) => {
      column.room(count).set(out[k].subarray(at, at + count));
    });
    return count * (1 + this.#values.length);
  }

  finish(): IndicatorTrace {
    return {
      ...this.#facts,
      times: this.#times.finish(),
      values: this.#values.map((column) => column.finish()),
    };
  }
}

/** A column that grows. */
class Column {
  #values = new Float64Array(64);
  #used = 0;

  /** Room for so many more, to be written to at once. */
  room(count: number): Float64Array {
    const from = this.#used;
    this.#used += count;
    if (this.#used > this.#values.length) {
      const larger = new Float64Array(Math.max(this.#used, this.#values.length * 2));
      larger.set(this.#values.subarray(0, from));
      this.#values = larger;
    }
    return this.#values.subarray(from, this.#used);
  }

  finish(): Float64Array {
    return this.#values.slice(0, this.#used);
  }
}

/** JSON that tells NaN and the infinities from null. */
function shown(decision: unknown): string {
  try {
    return JSON.stringify(decision, (_, value) =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
    );
  } catch {
    return String(decision);
  }
}

const tooMuch = (what: string): PlimsollError =>
  new PlimsollError('RESEARCH_TOO_MUCH', `the run had ${what}`, 'choose a shorter span, or a longer timeframe', {
    kept: 'nothing was written',
  });
