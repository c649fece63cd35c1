/** What a batch is: which method of the catalogue is fitted on which bars, and how often. `batches.yaml` holds one under each name. */
import * as z from 'zod';
import { PlimsollError } from '../../errors.ts';
import { type Timeframe, timeframeMs } from '../../market/timeframe.ts';
import { nearestRemedy } from '../../nearest.ts';
import type { Catalogue, CatalogueEntry } from '../catalogue/entry.ts';

/** Columns of features that a job takes. */
const MOST_FEATURES = 30;
/** Batches of one platform. */
const MOST_BATCHES = 64;

const setting = z.union([z.string().max(100), z.number(), z.boolean(), z.null()]);

export const batchSchema = z.strictObject({
  /** An entry of the catalogue that is served batch-to-lake. */
  entry: z.string().min(1).max(63),
  /** Whose bars, as the configuration names venues. */
  venue: z.string().min(1).max(63),
  symbol: z.string().min(1).max(63),
  timeframe: z.string().regex(/^[1-9]\d{0,4}[smhdw]$/, 'write a count and a unit: 1m, 5m, 1h, 1d'),
  /** Recorded bars before those in the lake, or instead of them; relative to the file. */
  bars: z.string().min(1).optional(),
  /** The latest rows that a fit looks at. */
  window: z.int().min(100).max(20_000).default(1_000),
  /** Fitted anew every so many bars: where the number of the bar since 1970 divides by it. */
  refit: z.int().min(1).max(10_000).default(24),
  /** Bars by which a strategy gets a row late. */
  lag: z.int().min(1).max(1_000).default(1),
  seed: z.int().min(0).max(4_294_967_295).default(0),
  /** Hyperparameters out of the entry's space; the others are the catalogue's. */
  set: z.record(z.string(), setting).default({}),
  /** Of the rows of features that clustering, density and classification look at. */
  features: z.array(z.string().min(1).max(63)).min(1).max(MOST_FEATURES).optional(),
});
export type BatchDefinition = z.output<typeof batchSchema>;

export const batchesSchema = z.strictObject({
  batches: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,62}$/), batchSchema)
    .refine((batches) => Object.keys(batches).length <= MOST_BATCHES, {
      message: `write at most ${MOST_BATCHES} batches`,
    }),
});

/** A batch that can be made: its definition fits the entry of the catalogue. */
export interface Batch {
  readonly name: string;
  readonly definition: BatchDefinition;
  readonly entry: CatalogueEntry;
  /** Of the rows that its entry looks at; none where that is the series of prices. */
  readonly features: readonly string[];
}

/** Throws `BATCH_INVALID` where no such entry is served so, or a setting is none of its space. */
export function batchOf(name: string, definition: BatchDefinition, { entries, data }: Catalogue): Batch {
  const served = entries.filter((each) => each.served === 'batch-to-lake');
  const entry = served.find((each) => each.name === definition.entry);
  if (entry === undefined) {
    const other = entries.find((each) => each.name === definition.entry);
    const names = served.map((each) => each.name);
    throw other
      ? invalid(
          name,
          `its entry "${other.name}" is served as ${other.served}, not by a batch`,
          'see `plimsoll models list` for those that are served batch-to-lake',
        )
      : invalid(
          name,
          `the catalogue has no entry "${definition.entry}"`,
          nearestRemedy(definition.entry, names, 'see `plimsoll models list`'),
        );
  }
  for (const [key, value] of Object.entries(definition.set)) assertSetting(name, entry, key, value);
  const looksAtRows = entry.inputs.startsWith('float32');
  if (definition.features && !looksAtRows)
    throw invalid(name, `its entry "${entry.name}" looks at prices and at no features`, 'take `features` out');
  return { name, definition, entry, features: looksAtRows ? (definition.features ?? data.features) : [] };
}

function assertSetting(batch: string, entry: CatalogueEntry, key: string, value: unknown): void {
  const { space } = entry;
  const names = Object.keys(space);
  if (!Object.hasOwn(space, key))
    throw invalid(
      batch,
      `its entry "${entry.name}" has no hyperparameter "${key}"`,
      names.length === 0 ? 'take it out of `set`: there is nothing to turn' : nearestRemedy(key, names, ''),
    );
  const knob = space[key];
  if (knob.kind === 'choice') {
    if (knob.options.some((option) => option === value)) return;
    throw invalid(
      batch,
      `${key} is ${JSON.stringify(value)}`,
      `use ${knob.options.map((option) => JSON.stringify(option)).join(', ')}`,
    );
  }
  const fits = typeof value === 'number' && value >= knob.low && value <= knob.high;
  if (fits && (knob.kind === 'real' || Number.isInteger(value))) return;
  throw invalid(
    batch,
    `${key} is ${JSON.stringify(value)}`,
    `use a ${knob.kind === 'whole' ? 'whole ' : ''}number from ${knob.low} to ${knob.high}`,
  );
}

/**
 * What its rows follow from, besides the code that makes them: neither how late they are read nor where the bars are kept changes one.
 */
export const rowsFollowFrom = ({ definition, features }: Batch) => {
  const { lag: _lag, bars: _bars, ...rest } = definition;
  return { ...rest, features: [...features] };
};

export const intervalOf = ({ definition }: Pick<Batch, 'definition'>): number =>
  timeframeMs(definition.timeframe as Timeframe);

const invalid = (batch: string, what: string, remedy: string): PlimsollError =>
  new PlimsollError('BATCH_INVALID', `the batch "${batch}" cannot be made: ${what}`, remedy);
