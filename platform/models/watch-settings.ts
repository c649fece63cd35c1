/** What `watch.yaml` says, for the accounts that are traded. */
import type { SeriesId } from '../../adapters/lake/lake.ts';
import { universeOf } from '../../core/configuration/definition.ts';
import type { Configuration } from '../../core/configuration/schema.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Timeframe } from '../../core/market/timeframe.ts';
import { nearest } from '../../core/nearest.ts';
import type { TradedAccount } from '../effective.ts';
import type { WatchedModel } from './watch-file.ts';
import type { WatcherSettings } from './watcher.ts';

const MINUTE_MS = 60_000;

export interface Trading {
  /** As it was written. */
  readonly written: Configuration;
  /** As the venues have made it. */
  readonly configuration: Configuration;
  readonly accounts: readonly Pick<TradedAccount, 'account' | 'venue' | 'feed'>[];
}

export interface WatchSettings {
  readonly models: WatcherSettings['models'];
  /** One sentence for each model that cannot be watched as it is written. */
  readonly notes: readonly string[];
}

/**
 * An account that trades recorded bars, or on a stand-in for its venue, keeps none of its own in the lake: its models are watched on their file
 * alone. Throws `WATCH_INVALID` where an account is not in the configuration.
 */
export function watchSettings(models: readonly WatchedModel[], trading: Trading): WatchSettings {
  const notes: string[] = [];
  const settings = models.flatMap(({ name, bars, symbol, account, everyMinutes, limits, training }) => {
    const series = account === undefined ? undefined : seriesOf(name, account, symbol ?? '', trading);
    if (account !== undefined && series === undefined)
      notes.push(
        `"${account}" keeps no bars of ${symbol} now: ${name} is ${bars === undefined ? 'not watched' : 'watched on its file alone'}.`,
      );
    if (bars === undefined && series === undefined) return [];
    return {
      ...{ name, limits, everyMs: everyMinutes * MINUTE_MS },
      ...(bars === undefined ? {} : { file: bars }),
      ...(symbol === undefined ? {} : { symbol }),
      ...(series === undefined ? {} : { series }),
      training: {
        hyperparameters: training.set,
        withinMs: training.withinMinutes * MINUTE_MS,
        mostRows: training.rows,
      },
    };
  });
  return { models: settings, notes };
}

function seriesOf(
  model: string,
  id: string,
  symbol: string,
  { written, configuration, accounts }: Trading,
): SeriesId | undefined {
  const known = written.accounts.map((account) => account.id);
  if (!known.includes(id))
    throw new PlimsollError(
      'WATCH_INVALID',
      `${model} is to be watched on bars of the account "${id}", which is not in the configuration`,
      `use ${nearest(id, known)}`,
    );
  const traded = accounts.find(({ account }) => account.id === id);
  if (traded === undefined || traded.feed) return undefined;
  const { symbols, timeframe } = universeOf(configuration, traded.account);
  if (!symbols.includes(symbol))
    throw new PlimsollError(
      'WATCH_INVALID',
      `${model} is to be watched on ${symbol}, which "${id}" does not trade`,
      `use ${nearest(symbol, symbols)}`,
    );
  const { provenance, venue } = traded.venue;
  return { provenance, venue, symbol, timeframe: timeframe as Timeframe };
}
