import { PlimsollError } from '../../core/errors.ts';
import type { Bar } from '../../core/market/bars.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import { barOpenAt, type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import { nearest } from '../../core/nearest.ts';
import type { MarketDataPort, Provenance } from '../../core/ports/market-data.ts';
import { mix } from '../random.ts';

export type BarFault = 'bar-late' | 'bar-missing' | 'bar-bad' | undefined;

export interface SimulatedMarketOptions {
  readonly seed: number;
  readonly instruments: readonly Instrument[];
  /** The true time, ms UTC. */
  readonly now: () => number;
  /** What its bars are said to be: a live account decides on live ones alone. Default `simulated`. */
  readonly provenance?: Provenance;
  /** What is wrong with a bar; asked once for each. */
  readonly faultOf?: (symbol: string, open: number) => BarFault;
}

/** How late a late bar comes. */
const LATE_MS = 90_000;
/** Moves of a bar, in basis points: a usual one, and now and then a jump. */
const MOVE_BPS = { usual: 120, jump: 1_500, jumpOneIn: 24 } as const;
const FIRST_PRICE = 10_000;

/** A market by seed: each bar follows from its number, whoever asks and whenever. */
export class SimulatedMarket implements MarketDataPort {
  readonly venue = 'simulated';
  readonly provenance: Provenance;
  readonly #options: SimulatedMarketOptions;
  readonly #closes = new Map<string, number[]>();
  readonly #faults = new Map<string, BarFault>();
  #origin: number | undefined;

  constructor(options: SimulatedMarketOptions) {
    this.#options = options;
    this.provenance = options.provenance ?? 'simulated';
  }

  async instruments(symbols: readonly string[]): Promise<Instrument[]> {
    const known = this.#options.instruments.map(({ symbol }) => symbol);
    return symbols.map((symbol) => {
      const found = this.#options.instruments.find((candidate) => candidate.symbol === symbol);
      if (found) return found;
      throw new PlimsollError('SYMBOL_UNKNOWN', `there is no ${symbol}`, `use ${nearest(symbol, known)}`);
    });
  }

  async bars({ symbol }: Instrument, timeframe: Timeframe, from: number, to: number, limit: number): Promise<Bar[]> {
    const length = timeframeMs(timeframe);
    const bars: Bar[] = [];
    for (let open = Math.ceil(from / length) * length; open < to && bars.length < limit; open += length) {
      const bar = this.#bar(symbol, open, length);
      if (bar) bars.push(bar);
    }
    return bars;
  }

  async close(): Promise<void> {}

  /** The close of the last minute, whatever becomes of its bar on the way to those who ask for it. */
  price(symbol: string): number {
    const length = timeframeMs('1m');
    return this.#drawn(symbol, barOpenAt(this.#options.now(), '1m') - length, length).close;
  }

  #bar(symbol: string, open: number, length: number): Bar | undefined {
    if (open + length > this.#options.now()) return undefined;
    const fault = this.#faultOf(symbol, open);
    if (fault === 'bar-missing') return undefined;
    if (fault === 'bar-late' && open + length + LATE_MS > this.#options.now()) return undefined;
    const bar = this.#drawn(symbol, open, length);
    return fault === 'bar-bad' ? { ...bar, high: bar.low - 1 } : bar;
  }

  #faultOf(symbol: string, open: number): BarFault {
    const key = `${symbol} ${open}`;
    if (!this.#faults.has(key)) this.#faults.set(key, this.#options.faultOf?.(symbol, open));
    return this.#faults.get(key);
  }

  #drawn(symbol: string, open: number, length: number): Bar {
    this.#origin ??= open;
    const index = Math.round((open - this.#origin) / length);
    const closes = this.#closes.get(symbol) ?? [];
    this.#closes.set(symbol, closes);
    for (let k = closes.length; k <= index; k++) closes[k] = this.#closeAfter(symbol, k, closes[k - 1] ?? FIRST_PRICE);
    const before = closes[index - 1] ?? FIRST_PRICE;
    const close = closes[Math.max(0, index)] ?? FIRST_PRICE;
    const reach = (salt: number): number => this.#draw(symbol, index, salt) % (MOVE_BPS.usual / 2);
    return {
      timestamp: open,
      open: before,
      high: Math.max(before, close) + reach(3),
      low: Math.max(1, Math.min(before, close) - reach(4)),
      close,
      volume: 1 + (this.#draw(symbol, index, 5) % 50),
    };
  }

  #closeAfter(symbol: string, index: number, before: number): number {
    const isJump = this.#draw(symbol, index, 1) % MOVE_BPS.jumpOneIn === 0;
    const most = isJump ? MOVE_BPS.jump : MOVE_BPS.usual;
    const bps = (this.#draw(symbol, index, 2) % (2 * most + 1)) - most;
    return Math.min(1_000_000, Math.max(100, before + Math.round((before * bps) / 10_000)));
  }

  #draw(symbol: string, index: number, salt: number): number {
    return mix(this.#options.seed, symbol.charCodeAt(0), symbol.length, index, salt);
  }
}
