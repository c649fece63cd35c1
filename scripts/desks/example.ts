/** An example desk, from recorded bars to its figures. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { championsOf } from '../../adapters/models/models-at-hand.ts';
import { metricsOf } from '../../core/backtest/metrics.ts';
import { runBacktest } from '../../core/backtest/run.ts';
import { invariant } from '../../core/errors.ts';
import { STANDARD_FEATURES } from '../../core/models/features/feature-set.ts';
import { labelSchema } from '../../core/models/table.ts';
import { probabilisticSharpeRatio, sharpeMoments } from '../../core/research/overfitting/probabilistic-sharpe.ts';
import { periodReturns } from '../../core/research/sweep/returns.ts';
import { registryWith, type StrategyRegistry } from '../../core/strategies/registry.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { train } from '../../platform/models/training.ts';
import { writeTrainingTable } from '../../platform/models/training-table.ts';
import { embeddedParity } from '../../platform/parity-run.ts';
import { prepareRecordedRun, type RecordedRun } from '../../platform/recorded-run.ts';

export interface Example {
  /** Of the model. */
  readonly name: string;
  /** Parquet, from the folder of recorded data. */
  readonly bars: string;
  /** Their symbols; of a file of one series, the name that it has in paper trading. */
  readonly instruments: readonly string[];
  /** The standard ones when left out. */
  readonly features?: readonly string[];
  /** ms UTC: nothing from here on is given to a training. */
  readonly lockedFrom: number;
  readonly training: Readonly<Record<string, string | number | boolean>>;
  readonly paper: { readonly short: boolean; readonly feeBps: number; readonly slippageBps: number };
}

/** What the locked period came to, in paper money. */
export interface PaperFigures {
  readonly model: string;
  readonly version: string;
  readonly bars: { readonly file: string; readonly sha256: string; readonly from: string };
  readonly costs: Example['paper'];
  /** Whether the live path and the backtester wrote one ledger, and its hash. */
  readonly parity: boolean;
  readonly events: number;
  readonly ledgerSha256: string;
  readonly trades: number;
  readonly totalReturn: number;
  readonly buyAndHoldReturn: number;
  /** Annualised. */
  readonly sharpe: number;
  readonly maxDrawdown: number;
  readonly fees: number;
  /** Probability that the true Sharpe ratio is above 0, for the one trial that was made. */
  readonly deflatedSharpe: number;
}

export interface Locked {
  readonly rows: number;
  readonly sha256: string;
}

const LABEL = labelSchema.parse({ kind: 'triple-barrier', bars: 24, width: 3 });
const HOUR_MS = 3_600_000;

/** Writes the table; what is locked away is hashed before anything is trained. */
export async function writeTable(
  { bars, instruments, features = STANDARD_FEATURES, lockedFrom }: Example,
  data: string,
  out: string,
): Promise<Locked> {
  const { locked } = await writeTrainingTable({
    bars: join(data, bars),
    ...(instruments.length > 1 ? { symbols: instruments } : {}),
    features,
    label: LABEL,
    lockedFrom,
    out,
  });
  invariant(locked !== undefined, 'a table with a locked period says what is in it');
  return locked;
}

/** Trains and promotes; returns the version. */
export async function trainExample(
  { name, training }: Example,
  {
    directory,
    table,
    onProgress,
  }: { directory: string; table: string; onProgress: (step: number, of: number) => void },
): Promise<string> {
  const deed = { by: 'plimsoll', reason: 'an example: it shows the way from bars to decisions, not a way to earn' };
  const { version } = await train({
    directory,
    name,
    table,
    hyperparameters: training,
    ...deed,
    withinMs: 2 * HOUR_MS,
    onProgress: ({ step, of }) => onProgress(step, of),
    environment: {},
    now: Date.now,
  });
  await modelsIn(directory).act(name, 'promoted', version.version, { at: Date.now(), ...deed });
  return version.version;
}

/** The versions of one model as they come with the platform, in the place of those before. */
export async function ship({ name }: Example, directory: string, desks: string): Promise<void> {
  const place = join(desks, 'models', name);
  await rm(place, { recursive: true, force: true });
  await cp(join(directory, 'objects/models', name), place, { recursive: true });
}

/** The locked period, from its first bar: the features are whole some bars later, so that none of them rests on an earlier bar. */
export async function lockedRun(
  { name, bars, instruments, lockedFrom, paper }: Example,
  data: string,
  registry: StrategyRegistry,
): Promise<RecordedRun> {
  const { short, feeBps, slippageBps } = paper;
  return prepareRecordedRun(registry, {
    file: join(data, bars),
    symbols: instruments,
    from: lockedFrom,
    strategies: [{ strategy: 'model-opinion', params: { model: name, short }, allocation: 0.9 }],
    limits: short ? { allowShort: true } : {},
    execution: { slippageBps },
    feeBps,
  });
}

/** Paper-trades the locked period through the live path, and beside it through the backtester. */
export async function paperTrade(
  example: Example,
  data: string,
  { strategies, directory }: { strategies: StrategyRegistry; directory: string },
): Promise<PaperFigures> {
  const champions = await championsOf(modelsIn(directory, { readOnly: true }));
  const registry = registryWith(strategies, champions);
  const run = await lockedRun(example, data, registry);
  const live = await embeddedParity(run, registry);
  const backtest = runBacktest(run.definition, run.bars);
  const metrics = metricsOf({ run: backtest, definition: run.definition, bars: run.bars });
  return {
    model: example.name,
    version: champions(example.name).version,
    bars: { file: run.source.file, sha256: run.source.sha256, from: new Date(example.lockedFrom).toISOString() },
    costs: example.paper,
    parity: live.identical,
    events: live.events,
    ledgerSha256: live.ledgerSha256,
    trades: metrics.trades,
    totalReturn: metrics.totalReturn,
    buyAndHoldReturn: metrics.buyAndHoldReturn,
    sharpe: metrics.sharpe,
    maxDrawdown: metrics.maxDrawdown,
    fees: metrics.fees,
    deflatedSharpe: probabilisticSharpeRatio(sharpeMoments(periodReturns(backtest.equity))),
  };
}
