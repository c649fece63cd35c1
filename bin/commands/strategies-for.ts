/** Strategies with their models, for commands that are given no data directory. */
import { join } from 'node:path';
import { dataDirectoryOf, loadConfiguration } from '../../adapters/files/configuration.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { StrategyRegistry } from '../../core/strategies/registry.ts';
import { strategiesAtHand } from '../../platform/models/strategies-at-hand.ts';

/** Those under `root`, asking the champions of the data directory that the configuration there names, with all that its batches have said. */
export function strategiesFor(root: string): Promise<StrategyRegistry> {
  return strategiesAtHand(root, modelsDirectory(root), { withTables: true });
}

/** The data directory of those models. A configuration that cannot be read keeps nobody from a backtest: it only names no other directory than the usual one. */
export function modelsDirectory(root: string): string {
  const sources = {
    file: join(root, 'plimsoll.yaml'),
    profile: process.env.PLIMSOLL_PROFILE,
    environment: process.env,
  };
  try {
    return dataDirectoryOf(loadConfiguration(sources));
  } catch (error) {
    if (error instanceof PlimsollError) return join(root, 'plimsoll-data');
    throw error;
  }
}
