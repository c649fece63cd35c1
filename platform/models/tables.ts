/** The tables of a data directory: what a model can be trained on by name, whoever asks. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TABLE_FILES } from '../../adapters/files/feature-table.ts';

/** Tables that are listed. */
const MOST_LISTED = 1_000;

export const tableFolder = (directory: string, name: string): string => join(directory, 'tables', name);

/** Their names, in order. */
export function tablesIn(directory: string): string[] {
  const folder = join(directory, 'tables');
  if (!existsSync(folder)) return [];
  const isTable = (name: string): boolean => existsSync(join(folder, name, 'train', TABLE_FILES.about));
  return readdirSync(folder).filter(isTable).sort().slice(0, MOST_LISTED);
}
