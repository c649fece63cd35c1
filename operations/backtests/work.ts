/** The work of a backtest job, wherever it is done: the bars that the instance has kept, through the engine, to figures. */
import { createHash } from 'node:crypto';
import { type Metrics, metricsJson, metricsOf } from '../../core/backtest/metrics.ts';
import type { BacktestRun } from '../../core/backtest/run.ts';
import { definitionOf, universeOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration, Configuration } from '../../core/configuration/schema.ts';
import type { EngineDefinition } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { type BarColumns, barsFromRows } from '../../core/market/bars.ts';
import { timeframeMs } from '../../core/market/timeframe.ts';
import { assertEvaluatedHere } from '../../core/models/evaluated-here.ts';
import type { LakeContext } from '../operation.ts';
import { type AccountView, viewOf } from '../support/account.ts';
import { keptBars } from '../support/bars.ts';
import type { BacktestRequest } from './request.ts';

export type RunEngine = (
  definition: EngineDefinition,
  bars: ReadonlyMap<string, BarColumns>,
  onProgress: (done: number, total: number) => void,
) => BacktestRun;

/** Cycles that one backtest of kept bars takes in: the latest of the span. */
const CYCLES_MAX = 200_000;
/** Points of the equity curve in a result. */
const CURVE_POINTS = 500;
/** Beyond every bar: ms UTC. */
const ALL_TIME = 1e14;

/**
 * Runs a request to its figures, and says what data they are of. Throws `BARS_MISSING` where the instance has no bars of the span, and
 * `MODEL_ASKED_ELSEWHERE`.
 * @param onProgress takes 0 to 1
 */
export async function backtestWork(
  context: LakeContext,
  request: BacktestRequest,
  runEngine: RunEngine,
  onProgress: (progress: number) => void = () => undefined,
): Promise<Json> {
  const view = await viewOf(context, request.account);
  const symbols = request.symbols ?? view.opening.instruments.map(({ symbol }) => symbol);
  const span = { from: request.from ?? 0, to: request.to ?? ALL_TIME };
  const rows = await keptBars(context, view, symbols, span, CYCLES_MAX);
  const bars = new Map<string, BarColumns>();
  for (const { symbol, priceDecimals } of view.opening.instruments) {
    const kept = rows.get(symbol);
    if (kept && kept.length > 0) bars.set(symbol, barsFromRows(kept, priceDecimals));
  }
  if (bars.size < symbols.length) {
    const absent = symbols.filter((symbol) => !bars.has(symbol));
    throw new PlimsollError(
      'BARS_MISSING',
      `no bars of ${absent.join(', ')} are kept in that span`,
      'choose another span, or let the platform run for a while',
    );
  }
  const definition = definitionFor(context, view, request, symbols, bars);
  assertEvaluatedHere(definition, 'jobs');
  const run = runEngine(definition, bars, (done, total) => onProgress(Math.min(1, done / Math.max(1, total))));
  return { ...resultOf(view, definition, bars, run), data: dataOf(context, view, request, bars) };
}

function definitionFor(
  { steps }: LakeContext,
  { account, opening }: AccountView,
  request: BacktestRequest,
  symbols: readonly string[],
  bars: ReadonlyMap<string, BarColumns>,
): EngineDefinition {
  const { strategy, params, timeframe, cash, feeBps, slippageBps } = request;
  const variant: AccountConfiguration = {
    ...account,
    cash,
    strategies: [{ strategy, params, allocation: 1, ...(timeframe === undefined ? {} : { timeframe }) }],
    execution: { ...account.execution, slippageBps },
    ...(feeBps === undefined ? {} : { fees: { makerBps: feeBps, takerBps: feeBps } }),
  };
  const universe = { ...universeOf(steps.configuration, account), symbols: [...symbols] };
  const configuration: Configuration = {
    ...steps.configuration,
    universes: { ...steps.configuration.universes, [account.universe]: universe },
    accounts: [variant],
  };
  const first = Math.min(...[...bars.values()].map((columns) => columns.timestamp[0]));
  return definitionOf({
    configuration,
    account: variant,
    instruments: opening.instruments.filter(({ symbol }) => symbols.includes(symbol)),
    provenance: opening.provenance,
    registry: steps.registry,
    openedAt: first + timeframeMs(universe.timeframe),
  });
}

function resultOf(
  { opening }: AccountView,
  definition: EngineDefinition,
  bars: ReadonlyMap<string, BarColumns>,
  run: BacktestRun,
): { readonly [name: string]: Json } {
  const metrics: Metrics = metricsOf({ run, definition, bars });
  const [strategy] = definition.strategies;
  return {
    ...metricsJson(metrics),
    strategy: strategy.id,
    params: JSON.parse(JSON.stringify(strategy.params)) as Json,
    codeHash: strategy.codeHash,
    symbols: [...bars.keys()],
    timeframe: definition.timeframe,
    provenance: opening.provenance,
    from: run.times[0] ?? null,
    to: run.times[run.times.length - 1] ?? null,
    events: run.engine.journal.sequence,
    ledgerSha256: run.engine.journal.head(),
    equity: curveOf(run),
  };
}

/** What the figures are of, so that the same run can be made again and told from another. */
function dataOf(
  { steps }: LakeContext,
  { account, opening }: AccountView,
  { from, to }: BacktestRequest,
  bars: ReadonlyMap<string, BarColumns>,
): Json {
  const { venue, timeframe } = universeOf(steps.configuration, account);
  const length = timeframeMs(timeframe);
  const series = Array.from(bars, ([symbol, columns]) => ({
    symbol,
    bars: columns.length,
    from: columns.timestamp[0],
    to: columns.timestamp[columns.length - 1] + length,
    sha256: hashOf(columns),
  }));
  return { venue, timeframe, provenance: opening.provenance, asked: { from: from ?? null, to: to ?? null }, series };
}

/** SHA-256, hex, of the columns one after the other, each number as eight bytes. */
function hashOf({ timestamp, open, high, low, close, volume }: BarColumns): string {
  const hash = createHash('sha256');
  for (const column of [timestamp, open, high, low, close, volume]) hash.update(column);
  return hash.digest('hex');
}

function curveOf({ times, equity, engine }: BacktestRun): Json {
  const step = Math.max(1, Math.ceil(times.length / CURVE_POINTS));
  const points: [number, number][] = [];
  for (let k = 0; k < times.length; k += step) points.push([times[k], equity[k] / engine.moneyScale]);
  const last = times.length - 1;
  if (last >= 0 && last % step !== 0) points.push([times[last], equity[last] / engine.moneyScale]);
  return points;
}
