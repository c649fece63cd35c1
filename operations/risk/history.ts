/** What of the past a risk report is made from: the last price of each day, and the moves of the named days. */
import { universeOf } from '../../core/configuration/definition.ts';
import { type BarColumns, barsFromRows } from '../../core/market/bars.ts';
import { DAY_MS } from '../../core/market/civil.ts';
import { type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import { pow10 } from '../../core/numbers.ts';
import { NAMED_SCENARIOS } from '../../core/risk/portfolio/scenarios.ts';
import { type Scenario, scenarioOf } from '../../core/risk/portfolio/stress.ts';
import { type CycleDocument, KEYS } from '../../functions/steps/account-state.ts';
import type { LakeContext } from '../operation.ts';
import type { AccountView } from '../support/account.ts';
import { keptBars } from '../support/bars.ts';

/** Days of history: a year, of which the tail is taken. */
const HISTORY_DAYS = 366;
/** Bars that are read of a symbol from before the account's first cycle. */
const LAKE_BARS = 50_000;
/** Days that are asked for at a time. */
const PARALLEL_READS = 16;
/** Cycles that are looked through, back from the end of a day, for an instrument that has no bar in the last. */
const CYCLES_OF_A_DAY = 5;

/**
 * The last price (scaled) of each day (UTC) that is over, oldest first, by symbol. From the cycles at the end of each day, and of the
 * days before the account's first cycle from the lake. Days without a bar are not there.
 */
export async function dailyCloses(
  context: LakeContext,
  view: AccountView,
  symbols: readonly string[],
): Promise<Map<string, BarColumns>> {
  const lastDay = Math.floor(view.engine.time / DAY_MS) - 1;
  const firstDay = lastDay - HISTORY_DAYS + 1;
  const openedOn = Math.floor(view.opening.openedAt / DAY_MS);
  const days = await cycleCloses(context, view.stream, Math.max(firstDay, openedOn), lastDay);
  const found = new Map<string, BarColumns>();
  for (const symbol of symbols) {
    const closes = await lakeCloses(context, view, symbol, firstDay);
    for (const [day, prices] of days) {
      const price = prices.get(symbol);
      if (price !== undefined) closes.set(day, price);
    }
    const decimals = decimalsOf(view, symbol);
    const rows = [...closes].filter(([day]) => day >= firstDay && day <= lastDay).sort(([a], [b]) => a - b);
    found.set(
      symbol,
      barsFromRows(
        rows.map(([day, price]) => flatBar(day * DAY_MS, price)),
        decimals,
      ),
    );
  }
  return found;
}

/** The named days, with the moves of these symbols in them: from the cycles and the lake, as far as the account has come. */
export async function namedDays(
  context: LakeContext,
  view: AccountView,
  symbols: readonly string[],
): Promise<Scenario[]> {
  const intervalMs = timeframeMs(universeOf(context.steps.configuration, view.account).timeframe);
  const scenarios: Scenario[] = [];
  for (const window of NAMED_SCENARIOS) {
    const span = { from: window.from - BASE_DAYS * DAY_MS, to: Math.min(window.to, view.engine.time) };
    const limit = Math.ceil((window.to - span.from) / intervalMs);
    const kept =
      span.to <= window.from || limit > WINDOW_BARS ? new Map() : await keptBars(context, view, symbols, span, limit);
    const bars = new Map(
      symbols.map((symbol) => [symbol, barsFromRows(kept.get(symbol) ?? [], decimalsOf(view, symbol))] as const),
    );
    scenarios.push(scenarioOf(window, bars, { intervalMs }));
  }
  return scenarios;
}

/** How long before the days their base price may be. */
const BASE_DAYS = 5;
/** Bars of a named window that are read: those of a minute. With finer ones the day is not covered. */
const WINDOW_BARS = 20_000;

/** By day since the epoch. */
type Closes = Map<number, number>;
/** By symbol. */
type Prices = Map<string, number>;

/** By day, the prices of the symbols at its end. */
async function cycleCloses(
  { steps }: LakeContext,
  stream: string,
  firstDay: number,
  lastDay: number,
): Promise<Map<number, Prices>> {
  const found = new Map<number, Prices>();
  const days = Array.from({ length: Math.max(0, lastDay - firstDay + 1) }, (_, k) => firstDay + k);
  for (let at = 0; at < days.length; at += PARALLEL_READS) {
    const read = days.slice(at, at + PARALLEL_READS).map(async (day) => {
      const end = (day + 1) * DAY_MS;
      const after = KEYS.cycle(end + 1);
      const query = { prefix: KEYS.cyclePrefix, reverse: true, after, limit: CYCLES_OF_A_DAY };
      const cycles = (await steps.ledger.documents(stream, query)).map(
        ({ value }) => value as unknown as CycleDocument,
      );
      found.set(day, lastPrices(cycles, day * DAY_MS));
    });
    await Promise.all(read);
  }
  return found;
}

/** Of the cycles of a day, newest first. */
function lastPrices(cycles: readonly CycleDocument[], begin: number): Prices {
  const prices: Prices = new Map();
  for (const { asOf, bars } of cycles) {
    if (asOf <= begin) break;
    for (const [symbol, [, , , , close]] of Object.entries(bars)) if (!prices.has(symbol)) prices.set(symbol, close);
  }
  return prices;
}

async function lakeCloses(
  { steps, lake }: LakeContext,
  view: AccountView,
  symbol: string,
  firstDay: number,
): Promise<Closes> {
  const closes: Closes = new Map();
  const { venue, timeframe } = universeOf(steps.configuration, view.account);
  const intervalMs = timeframeMs(timeframe);
  const to = view.opening.openedAt;
  const from = Math.max(0, firstDay * DAY_MS, to - LAKE_BARS * intervalMs);
  if (!lake || from >= to) return closes;
  const { provenance } = view.opening;
  const { bars } = await lake.readBars({ provenance, venue, symbol, timeframe: timeframe as Timeframe, from, to });
  const factor = pow10(decimalsOf(view, symbol)) / pow10(bars.priceDecimals);
  for (let k = 0; k < bars.length; k++) {
    const day = Math.floor((bars.timestamp[k] + intervalMs - 1) / DAY_MS);
    closes.set(day, Math.round(bars.close[k] * factor));
  }
  return closes;
}

const decimalsOf = ({ opening }: AccountView, symbol: string): number =>
  opening.instruments.find((candidate) => candidate.symbol === symbol)!.priceDecimals;

/** A price as a bar: only its close is looked at. */
const flatBar = (timestamp: number, price: number) => ({
  timestamp,
  open: price,
  high: price,
  low: price,
  close: price,
  volume: 0,
});
