/** Batches as a ledger names them: a decision is made again with the version and the lag that it was made with, and the rows that were kept. */
import { PlimsollError } from '../../errors.ts';
import { type BatchAtHand, type BatchesAtHand, batchInEntry } from './batch.ts';
import { BatchRows } from './rows.ts';

type Named = Readonly<Record<string, string>>;

/** Whether a batch is among the versions that a strategy was given. */
export const hasBatches = (named: Named): boolean =>
  Object.entries(named).some(([name, text]) => batchInEntry(name, text) !== undefined);

/** Those among the versions that a strategy was given, as the ledger names them. They know of no row until they are given some. */
export function batchesBefore(named: Named): BatchesAtHand {
  const batches = Object.entries(named).flatMap(([name, text]): BatchAtHand[] => {
    const found = batchInEntry(name, text);
    return found ? [{ ...found, rows: new BatchRows() }] : [];
  });
  return (name) => {
    const found = batches.find((each) => each.name === name);
    if (found) return found;
    throw new PlimsollError(
      'BATCH_UNKNOWN',
      `the ledger does not say which version of the batch "${name}" was read`,
      'run `plimsoll ledger verify`',
    );
  };
}
