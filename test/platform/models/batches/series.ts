// Bars and batches of the tests of this folder.
import type { BarColumns } from '../../../../core/market/bars.ts';
import { batchOf, batchSchema } from '../../../../core/models/batch/definition.ts';
import type { NamedBatch } from '../../../../platform/models/batches/batch-file.ts';
import { catalogueAtHand } from '../../../../platform/models/catalogue-at-hand.ts';
import { walk } from '../../../core/models/walk.ts';

export const VERSION = '0123456789abcdef';
export const FEATURES = ['return-1', 'atr-share-14', 'body'];

/** Hourly bars of a walk, the same for the same seed. */
export const bars = (length = 400, seed = 5): BarColumns => walk(length, seed);

/** A batch of hourly bars. */
export function batchWith(changes: Readonly<Record<string, unknown>> = {}, name = 'unusual'): NamedBatch {
  const definition = batchSchema.parse({
    ...{ entry: 'covariance', venue: 'here', symbol: 'ABC/USD', timeframe: '1h', features: FEATURES },
    ...{ window: 120, refit: 24 },
    ...changes,
  });
  return { ...batchOf(name, definition, catalogueAtHand()), version: VERSION };
}
