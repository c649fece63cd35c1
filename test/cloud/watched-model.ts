/** A deployment with a model that is watched: a champion whose numbers were set by hand, the bars that it learned from, and those since, in which the market is another one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLake } from '../../adapters/lake/lake.ts';
import type { Configuration } from '../../core/configuration/schema.ts';
import { type BarColumns, sliceBars } from '../../core/market/bars.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { HOUR_MS, walk } from '../core/models/walk.ts';
import { shifted } from '../models_job/drift-drill-series.ts';
import { registered } from '../platform/models/versions.ts';

const BARS = shifted(walk(3_400), { from: 1_600, volatility: 3, reversion: 0.7 });
const FILED = 1_400;
/** Bars of the lake, after those of the file, unless a test says so. */
const SEEN = 2_600;
const SERIES = { provenance: 'recorded', venue: 'recording', symbol: 'XAU/USD', timeframe: '1h' } as const;

export interface WatchedDeployment {
  /** Paths. */
  readonly configurationFile: string;
  readonly watchFile: string;
  readonly version: string;
}

/** Writes the configuration with an account that asks the model, and `watch.yaml`, to `folder`; `more` is of the model's entry there. */
export async function watchedDeployment(
  configuration: Configuration,
  folder: string,
  more: { readonly limits?: object; readonly training?: object } = {},
): Promise<WatchedDeployment> {
  const dataDirectory = join(folder, 'data');
  const registry = modelsIn(dataDirectory);
  const period = { from: BARS.timestamp[50], to: BARS.timestamp[1_300] };
  const version = await registered(registry, { weights: [-1, 0], period });
  await registry.act('gold', 'promoted', version, { at: period.to, by: 'a test', reason: 'the first' });
  const [configurationFile, watchFile] = [join(folder, 'plimsoll.json'), join(folder, 'watch.yaml')];
  const { accounts, universes } = configuration;
  const [{ currency, cash }] = accounts;
  const golden = {
    ...{ id: 'golden', universe: 'hours', currency, cash },
    strategies: [{ strategy: 'model-opinion', params: { model: 'gold' } }],
  };
  const hours = { venue: 'recording', symbols: [SERIES.symbol], timeframe: SERIES.timeframe };
  writeFileSync(
    configurationFile,
    JSON.stringify({
      ...configuration,
      dataDirectory,
      universes: { ...universes, hours },
      accounts: [...accounts, golden],
    }),
  );
  writeFileSync(join(folder, 'gold.csv'), csvOf(sliceBars(BARS, 0, FILED)));
  const gold = { bars: 'gold.csv', symbol: SERIES.symbol, account: 'golden', limits: { leastFreshBars: 300 }, ...more };
  writeFileSync(watchFile, JSON.stringify({ models: { gold } }));
  return { configurationFile, watchFile, version };
}

/** As ingest keeps them. Bars are counted from the first of the file on. */
export async function keepBarsSince(
  lake: ObjectStore,
  { from = FILED, to = SEEN }: { readonly from?: number; readonly to?: number } = {},
): Promise<void> {
  const bars = sliceBars(BARS, from, to);
  await createLake(lake).appendBars({ ...SERIES, bars, knownAt: bars.timestamp[bars.length - 1] + HOUR_MS });
}

function csvOf({ timestamp, open, high, low, close, volume, length }: BarColumns): string {
  const price = (column: Float64Array, k: number): string => (column[k] / 100).toFixed(2);
  const rows = Array.from({ length }, (_, k) =>
    [timestamp[k], ...[open, high, low, close].map((column) => price(column, k)), volume[k]].join(),
  );
  return `timestamp,open,high,low,close,volume\n${rows.join('\n')}\n`;
}
