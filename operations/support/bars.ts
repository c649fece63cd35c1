/** The bars that an instance has kept: those that its cycles saw, and before them what the lake has of earlier times. */
import type * as z from 'zod/mini';
import { universeOf } from '../../core/configuration/definition.ts';
import { type Bar, barAt } from '../../core/market/bars.ts';
import { type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import { pow10 } from '../../core/numbers.ts';
import { type CycleDocument, KEYS } from '../../functions/steps/account-state.ts';
import type { LakeContext } from '../operation.ts';
import type { bar } from '../schemas.ts';
import type { AccountView } from './account.ts';

export type BarView = z.output<typeof bar>;
type Row = CycleDocument['bars'][string];

/** A bar in plain units. */
export function barView([time, open, high, low, close, volume]: Row, priceDecimals: number): BarView {
  const scale = pow10(priceDecimals);
  return { time, open: open / scale, high: high / scale, low: low / scale, close: close / scale, volume };
}

/** A span of bars by their opens, ms UTC: `from` inclusive, `to` exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const CYCLES_PER_READ = 1_000;

/** The last bars of each symbol whose open lies in the span, oldest first, at most `limit` cycles' worth; prices scaled. */
export async function keptBars(
  context: LakeContext,
  view: AccountView,
  symbols: readonly string[],
  { from, to }: Span,
  limit: number,
): Promise<Map<string, Bar[]>> {
  const universe = universeOf(context.steps.configuration, view.account);
  const length = timeframeMs(universe.timeframe);
  const cycles = await cyclesIn(context, view.stream, { from: from + length, to: to + length }, limit);
  const firstSeen = cycles.length > 0 ? cycles[0].asOf - length : Math.min(to, view.opening.openedAt);
  const kept = new Map<string, Bar[]>();
  for (const symbol of symbols) {
    const room = limit - cycles.length;
    const span = { from: Math.max(from, firstSeen - room * length), to: firstSeen };
    const earlier = room > 0 ? await lakeBars(context, view, symbol, span) : [];
    kept.set(symbol, [...earlier, ...cycles.flatMap(({ bars }) => (bars[symbol] ? [barOf(bars[symbol])] : []))]);
  }
  return kept;
}

async function cyclesIn(
  { steps }: LakeContext,
  stream: string,
  { from, to }: Span,
  limit: number,
): Promise<CycleDocument[]> {
  const found: CycleDocument[] = [];
  let after = KEYS.cycle(Math.max(0, to));
  while (found.length < limit) {
    const wanted = Math.min(CYCLES_PER_READ, limit - found.length);
    const query = { prefix: KEYS.cyclePrefix, reverse: true, after, limit: wanted };
    const documents = await steps.ledger.documents(stream, query);
    const cycles = documents.map(({ value }) => value as unknown as CycleDocument).filter(({ asOf }) => asOf >= from);
    found.push(...cycles);
    if (cycles.length < wanted) break;
    after = documents[documents.length - 1].key;
  }
  return found.reverse();
}

async function lakeBars(
  { steps, lake }: LakeContext,
  view: AccountView,
  symbol: string,
  { from, to }: Span,
): Promise<Bar[]> {
  if (!lake) return [];
  const { venue, timeframe } = universeOf(steps.configuration, view.account);
  const { provenance, instruments } = view.opening;
  const series = { provenance, venue, symbol, timeframe: timeframe as Timeframe };
  const { bars } = await lake.readBars({ ...series, from: Math.max(0, from), to });
  const decimals = instruments.find((candidate) => candidate.symbol === symbol)?.priceDecimals ?? bars.priceDecimals;
  const factor = pow10(decimals) / pow10(bars.priceDecimals);
  return Array.from({ length: bars.length }, (_, k) => rescaled(barAt(bars, k), factor));
}

/** Rounded, since a double may end a hair beside the integer. */
function rescaled(bar: Bar, factor: number): Bar {
  const price = (value: number): number => Math.round(value * factor);
  return { ...bar, open: price(bar.open), high: price(bar.high), low: price(bar.low), close: price(bar.close) };
}

const barOf = ([timestamp, open, high, low, close, volume]: Row): Bar => ({
  timestamp,
  open,
  high,
  low,
  close,
  volume,
});
